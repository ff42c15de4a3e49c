// The page on a shared host, where only Apache runs: no Redis, no sockets.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { PACE } from "../../web/confab/pace.js";
import { openWindow, world } from "./support/browser.js";
import { freshName } from "./support/clients.js";
import { meet, signIn, signUp } from "./support/in-the-page.js";
import { startSharedHost } from "./support/python-host.js";

/** The timeout for anything to appear: three times the longest pause between polls. */
const SEEN = 3 * PACE.pollMax;

/** Opens a window that counts its polls and the frames of its sockets. */
async function guest() {
    const person = await openWindow();
    person.context.setDefaultTimeout(SEEN);
    Object.assign(person, { polls: 0, frames: 0, name: freshName() });
    person.page.on("response", (answer) => {
        if (/\/chat\/api\/chat\/sync\//.test(answer.url())) {
            person.polls += answer.ok() || answer.status() === 304;
        }
    });
    person.page.on("websocket", (socket) => {
        socket.on("framereceived", () => {
            person.frames += 1;
        });
    });
    await person.visit("/");
    return person;
}

const words = ({ page }) => page.locator(".items .text").allTextContents();

for (const [kind, name] of [
    ["fcgid", "mod_fcgid"],
    ["cgi", "plain CGI"],
]) {
    describe(name, () => {
        before(() => world.open(() => startSharedHost(kind)));
        afterEach(() => world.closeWindows());
        after(() => world.close());

        test("two users chat by polling, and the page says so", async () => {
            const [anne, ben] = [await guest(), await guest()];
            await signUp(anne);
            await signUp(ben);
            await ben.chooseOwn("Log out");
            await signIn(ben, "Log in");
            await meet(anne, ben);
            for (const person of [anne, ben]) {
                await person.page.getByText("Live updates are not available here").waitFor();
                await person.page.getByRole("status").getByText("Not live").waitFor();
            }
            const before = [anne.polls, ben.polls];
            const said = [];
            const turns = [
                [anne, ben],
                [ben, anne],
            ];
            for (const [speaker, listener] of [...turns, ...turns]) {
                said.push(`Number ${said.length} of ${speaker.name}`);
                await speaker.say(said.at(-1));
                await listener.sees(said.at(-1));
            }
            await ben.page.getByText(`Seen by ${anne.name}`).waitFor();
            await ben.picture(`shared-host-${kind}`);
            assert.deepEqual([await words(anne), await words(ben)], [said, said]);
            assert.ok(anne.polls > before[0] && ben.polls > before[1]);
            assert.deepEqual([anne.frames, ben.frames], [0, 0]);
            await anne.page.reload();
            await anne.sees(said.at(-1));
        });
    });
}
