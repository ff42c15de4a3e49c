// Lost connections: nothing is missed or shown twice, and the user is told.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pair, world } from "../support/browser.js";
import "./setup.js";

test("a reload shows the same room again", async () => {
    const { alice } = await pair();
    await alice.say("Still here?");
    await alice.sees("Still here?");
    await alice.page.reload();
    await alice.sees("Still here?");
});

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
});

test("no message is missed while pushd is down", async () => {
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

test("a refused message shows the reason, and can be discarded", async () => {
    const { alice } = await pair();
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
