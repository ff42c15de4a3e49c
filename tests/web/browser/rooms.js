// Rooms and their members.

import assert from "node:assert/strict";
import { test } from "node:test";

import { loggedInUser, openWindow } from "../support/browser.js";
import { pause, until } from "../support/until.js";
import "./setup.js";

test("a room is created, gets a member, is renamed and deleted", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    await alice.button("New room", alice.page.locator(".bar")).click();
    await alice.page.getByLabel("Name").fill("Kitchen");
    await alice.button("Create room").click();
    await alice.page.getByRole("heading", { name: "Kitchen", level: 2 }).first().waitFor();

    await alice.button("Details").click();
    await alice.button("Invite people").click();
    await alice.page.getByLabel("Find a person by name").fill(bob.name);
    await alice.button(`Invite ${bob.name}`).click();
    await alice.dialog().getByText("Invited").waitFor();
    await alice.button("Close", alice.dialog()).click();
    await bob.page.locator(".room", { hasText: "Kitchen" }).click();
    await alice.page.locator(".person", { hasText: bob.name }).locator(".dot.on").waitFor();

    await alice.button("Room settings").click();
    await alice.page.getByLabel("Name").fill("Big kitchen");
    await alice.button("Save").click();
    await bob.page.getByRole("heading", { name: "Big kitchen" }).first().waitFor();

    await alice.button("Delete room").click();
    await alice.button("Delete room", alice.dialog()).click();
    await bob.page.getByText("No rooms yet").waitFor();
    await alice.page.getByText("No rooms yet").waitFor();
});

test("a room that is not open shows its new name when the window gets the focus", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await bob.page.locator(".room", { hasText: "Kitchen" }).waitFor();
    await alice.api("PATCH", `chat/rooms/${room}/`, { name: "Galley" });
    await bob.page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await bob.page.locator(".room", { hasText: "Galley" }).waitFor();
});

test("an invitation while the list of rooms is loading is not lost", async () => {
    const [alice, bob] = [await loggedInUser(), await openWindow()];
    await bob.register();
    await bob.room("Garden");
    const kitchen = bob.page.locator(".room", { hasText: "Kitchen" });
    let lists = 0;
    let given = false;
    await bob.page.route("**/api/chat/rooms/?limit=200", async (route) => {
        lists += 1;
        if (lists !== 2) {
            await route.continue();
            return;
        }
        // The second list is requested when the channel is live; make it outdated on arrival.
        const answer = await route.fetch();
        await alice.room("Kitchen", bob);
        await kitchen.waitFor();
        await route.fulfill({ response: answer });
        given = true;
    });
    await bob.visit();
    await until(() => given);
    await pause(500);
    assert.equal(await kitchen.count(), 1);
});

test("an admin appoints another one, and removes a member", async () => {
    const [alice, bob, carol] = [await loggedInUser(), await loggedInUser(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob, carol);
    await alice.enter(room);
    await bob.enter(room);
    await bob.button("Details").click();
    await alice.button("Details").click();
    await alice.button(`Make ${bob.name} an admin`).click();
    await bob.button(`Remove ${carol.name}`).click();
    await bob.button("Remove", bob.dialog()).click();
    await alice.page.getByText("2 members", { exact: true }).waitFor();
    await alice.button(`Remove ${bob.name}`).click();
    await alice.button("Remove", alice.dialog()).click();
    await bob.page.getByText("No rooms yet").waitFor();
});

test("a public room is found, joined and left", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const name = `Garden ${alice.name}`;
    await alice.api("POST", "chat/rooms/", { name, is_private: false });
    await bob.button("Public rooms", bob.page.locator(".bar")).click();
    await bob.page.getByLabel("Find a room by name").fill(alice.name);
    await bob.button(`Join ${name}`).click();
    await bob.say("Hello, garden.");
    await bob.sees("Hello, garden.");
    await bob.button("Details").click();
    await bob.button("Leave room").click();
    await bob.button("Leave room", bob.dialog()).click();
    await bob.page.getByText("No rooms yet").waitFor();
    // No more requests about it: a refused one would show a notice.
    await pause(500);
    assert.deepEqual(await bob.page.locator(".notice").allTextContents(), []);
});

test("a direct message reaches the other in a room named after the sender", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    await alice.button("New direct message").click();
    await alice.page.getByLabel("Find a person by name").fill(bob.name);
    await alice.button(`Message ${bob.name}`).click();
    await alice.say("Just for you.");
    await bob.page.locator(".room", { hasText: alice.name }).click();
    await bob.sees("Just for you.");
    await alice.page.locator(".conversation .dot.on").waitFor();
});
