// Lost connections: nothing is missed or shown twice, and the user sees the state.

import assert from "node:assert/strict";
import { test } from "node:test";

import { loggedInUser, pair, world } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { pause, until } from "../support/until.js";
import "./setup.js";

test("a message written offline is shown as waiting, then sent once", async () => {
    const { alice, bob } = await pair();
    await alice.context.setOffline(true);
    await alice.page.getByText(/You are offline/).waitFor();
    await alice.say("Written offline");
    await alice.page
        .locator(".outbox .message", { hasText: "Written offline" })
        .getByText("Waiting to send")
        .waitFor();
    await alice.page
        .getByText(/You are offline\. 1 message will be sent when you reconnect\./)
        .waitFor();
    await alice.picture("offline");
    await bob.say("Said meanwhile");
    await alice.context.setOffline(false);
    await bob.sees("Written offline");
    await alice.sees("Written offline");
    await alice.sees("Said meanwhile");
    await alice.page.getByText(/You are offline/).waitFor({ state: "hidden" });
    await alice.page.locator(".outbox .message").waitFor({ state: "detached" });
    assert.equal(await alice.message("Written offline").count(), 1);
});

test("an unsent message survives a reload", async () => {
    const { alice, bob } = await pair();
    await alice.page.route("**/messages/", (route) =>
        route.request().method() === "POST"
            ? route.abort("internetdisconnected")
            : route.continue(),
    );
    await alice.say("Kept");
    await alice.page.getByText("Waiting to send").waitFor();
    await alice.page.unroute("**/messages/");
    await alice.page.reload();
    await bob.sees("Kept");
    await alice.sees("Kept");
});

slow("a tab has one socket, whichever rooms are open", async () => {
    const { alice, bob, room } = await pair();
    const second = await alice.room("Attic", bob);
    const open = new Set();
    bob.page.on("websocket", (socket) => {
        open.add(socket);
        socket.on("close", () => open.delete(socket));
    });
    await bob.page.reload();
    for (const id of [room, second, room]) {
        await bob.enter(id);
        await alice.post(id, `Said in ${id}`);
        await bob.page
            .locator(".items .text", { hasText: `Said in ${id}` })
            .last()
            .waitFor();
        await bob.page.getByText(/members, 1 online|members, 2 online/).waitFor();
        assert.equal(open.size, 1);
    }
});

slow("no message is missed while pushd is down", async () => {
    const { alice, bob, room } = await pair();
    await world.system.end("push");
    await alice.page.locator(".connection:visible").waitFor();
    for (let i = 0; i < 5; i += 1) {
        await bob.post(room, `Said without sockets ${i}`);
    }
    await world.system.start();
    await alice.sees("Said without sockets 4");
    const said = await alice.page.locator(".items .text").allTextContents();
    assert.deepEqual(
        said,
        [0, 1, 2, 3, 4].map((i) => `Said without sockets ${i}`),
    );
    await alice.page.locator(".connection").waitFor({ state: "hidden" });
});

slow("the page shows nothing of a web server that restarts", async () => {
    const { alice, bob, room } = await pair();
    // The page's clock is stopped during the restart and runs slowly after it, because both may
    // take long on a busy machine.
    await alice.page.clock.install();
    await alice.page.reload();
    await alice.page.getByRole("status").getByText("Online").waitFor();
    // Collects what the page says of the connection, from now on.
    await alice.page.evaluate(() => {
        window.said = new Set();
        const note = () => {
            const line = document.querySelector(".connection");
            window.said.add(line && !line.hidden ? line.textContent : "");
            window.said.add(document.querySelector(".account [role=status]").textContent);
        };
        const all = { subtree: true, childList: true, characterData: true, attributes: true };
        new MutationObserver(note).observe(document.body, all);
    });
    await alice.page.clock.pauseAt(Date.now() + 5000);
    await world.system.end("web", "SIGTERM");
    await world.system.start();
    await bob.post(room, "Said after the restart");
    for (let passed = 0; (await alice.message("Said after the restart").count()) === 0;) {
        assert.ok(passed < 2500, "no message within 2.5 s of the page");
        await alice.page.clock.runFor(100);
        passed += 100;
        await pause(400);
    }
    assert.deepEqual(await alice.page.evaluate(() => [...window.said].sort()), ["", "Online"]);
});

slow("a message that a firewall refuses fails in place, the next one is sent", async () => {
    const { alice, bob } = await pair();
    await alice.page.route("**/messages/", (route) =>
        /union select/iu.test(route.request().postData() ?? "")
            ? route.fulfill({ status: 406, contentType: "text/html", body: "<h1>Refused</h1>" })
            : route.continue(),
    );
    await alice.say("It was a UNION SELECT");
    await alice.say("The next one");
    await bob.sees("The next one");
    await alice.page
        .locator(".outbox .message", { hasText: "UNION SELECT" })
        .getByText(/Not sent: A firewall .* \(status 406\)/)
        .waitFor();
    await alice.button("Discard").click();
});

slow("without sockets, rooms that are gone leave the list", async () => {
    const { alice, bob } = await pair();
    const deleted = await alice.room("Deleted", bob);
    const left = await alice.room("Removed from", bob);
    const open = await alice.room("Removed from, public", bob);
    await alice.api("PATCH", `chat/rooms/${open}/`, { is_private: false });
    await bob.context.addInitScript(() => {
        globalThis.WebSocket = class {
            constructor() {
                throw new Error("no sockets here");
            }
        };
    });
    await bob.page.reload();
    const names = () => bob.page.locator("button.room .name").allTextContents();
    await until(async () => (await names()).length === 4);
    await bob.page.getByRole("status").getByText("Not live").waitFor();
    await alice.api("DELETE", `chat/rooms/${deleted}/`);
    for (const id of [left, open]) {
        await alice.api("POST", `chat/rooms/${id}/remove_member/`, { user_id: bob.id });
    }
    await until(async () => (await names()).length === 1, 40);
    assert.deepEqual(await names(), ["Kitchen"]);
});

test("a refused message shows the reason, and can be discarded", async () => {
    const alice = await loggedInUser();
    await alice.enter(await alice.room("Kitchen"));
    await alice.page.route("**/messages/", (route) =>
        route.request().method() === "POST"
            ? route.fulfill({ status: 400, json: { content: ["This is too rude."] } })
            : route.continue(),
    );
    await alice.say("Rude");
    await alice.page.getByText("Not sent: This is too rude.").waitFor();
    await alice.button("Discard").click();
    await alice.page.locator(".outbox .message").waitFor({ state: "detached" });
});
