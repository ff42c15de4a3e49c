// The page at /chat/ of an existing site, behind each web server.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { URL } from "node:url";

import { openWindow, world } from "./support/browser.js";
import { freshName } from "./support/clients.js";
import { meet, signUp } from "./support/in-the-page.js";
import { startPath } from "./support/python-host.js";

/** Opens a window that counts the frames of its sockets, and all addresses that it asks for. */
async function guest() {
    const person = await openWindow();
    Object.assign(person, { frames: 0, addresses: [], name: freshName() });
    person.page.on("request", (request) => person.addresses.push(request.url()));
    person.page.on("websocket", (socket) => {
        person.addresses.push(socket.url());
        socket.on("framereceived", () => {
            person.frames += 1;
        });
    });
    await person.visit("/");
    await signUp(person);
    return person;
}

for (const kind of ["apache", "nginx", "lighttpd"]) {
    describe(kind, () => {
        before(() => world.open(() => startPath(kind)));
        afterEach(() => world.closeWindows());
        after(() => world.close());

        test("two users chat by sockets, and ask for nothing outside the path", async () => {
            const [anne, ben] = [await guest(), await guest()];
            await meet(anne, ben);
            for (const [speaker, listener] of [
                [anne, ben],
                [ben, anne],
            ]) {
                await speaker.say(`I am ${speaker.name}`);
                await listener.sees(`I am ${speaker.name}`);
            }
            await anne.page.reload();
            await anne.sees(`I am ${ben.name}`);
            for (const person of [anne, ben]) {
                assert.ok(person.frames > 0);
                const outside = person.addresses.filter(
                    (address) => !new URL(address).pathname.startsWith("/chat/"),
                );
                assert.deepEqual(outside, []);
            }
        });
    });
}
