// Rooms and their members.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AGAIN, account, loggedInUser, newUser } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { sql } from "../support/sql.js";
import { until } from "../support/until.js";
import "./setup.js";

test("a room is created, gets a member, is renamed and deleted", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    await alice.button("New").click();
    // The menu is as wide as its longest line, not as all of them together.
    const { x } = await alice.page.locator(".menu:visible").boundingBox();
    assert.ok(x > 0, `the menu begins at ${x}`);
    await alice.menuItem("New room").click();
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

slow("a room that is not open shows its new name when the window gets the focus", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await bob.page.locator(".room", { hasText: "Kitchen" }).waitFor();
    // A page that is not live yet compares nothing.
    await bob.settles();
    await alice.api("PATCH", `chat/rooms/${room}/`, { name: "Galley" });
    await bob.page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await bob.page.locator(".room", { hasText: "Galley" }).waitFor();
});

slow("an invitation while the list of rooms is loading is not lost", async () => {
    const [alice, bob] = [await account(), await newUser()];
    await bob.room("Garden");
    const kitchen = bob.page.locator(".room", { hasText: "Kitchen" });
    let lists = 0;
    let given = false;
    await bob.page.route("**/api/chat/rooms/?limit=200", async (route) => {
        lists += 1;
        if (lists !== 1) {
            await route.continue();
            return;
        }
        // Make the first list outdated on arrival.
        const answer = await route.fetch(AGAIN);
        await alice.room("Kitchen", bob);
        await kitchen.waitFor();
        await route.fulfill({ response: answer });
        given = true;
    });
    await bob.visit();
    await until(() => given);
    await bob.settles();
    assert.equal(await kitchen.count(), 1);
});

slow("an old answer about a room does not undo later events", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    // Not from the list that is loaded at first, but by an event.
    await bob.settles();
    const quiet = bob.page.locator(".room.quiet", { hasText: "Kitchen" });
    let isFirst = true;
    let given = false;
    await bob.page.route(/\/api\/chat\/rooms\/\d+\/$/, async (route) => {
        const answer = await route.fetch(AGAIN);
        if (isFirst) {
            isFirst = false;
            const { room_id: room } = await answer.json();
            await bob.api("PATCH", `chat/rooms/${room}/me/`, { notify: "none" });
            await quiet.waitFor();
            given = true;
        }
        await route.fulfill({ response: answer });
    });
    await alice.room("Kitchen", bob);
    await until(() => given);
    // The old answer is there, and whatever it has caused.
    await bob.settles();
    assert.equal(await quiet.count(), 1);
});

slow("an admin appoints another one, and removes a member", async () => {
    const [alice, bob, carol] = [await loggedInUser(), await loggedInUser(), await account()];
    const room = await alice.room("Kitchen", bob, carol);
    await alice.enter(room);
    await bob.enter(room);
    await bob.button("Details").click();
    await alice.button("Details").click();
    await alice.choose(`Actions for ${bob.name}`, "Make an admin");
    await bob.button("Room settings").waitFor();
    await bob.choose(`Actions for ${carol.name}`, "Remove from the room");
    await bob.button("Remove", bob.dialog()).click();
    await alice.page.getByText("2 members", { exact: true }).waitFor();
    await alice.choose(`Actions for ${bob.name}`, "Remove from the room");
    await alice.button("Remove", alice.dialog()).click();
    await bob.page.getByText("No rooms yet").waitFor();
});

test("a public room is found, joined and left", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const name = `Garden ${alice.name}`;
    const garden = { name, is_private: false };
    await alice.api("POST", "chat/rooms/", garden);
    await bob.add("Public rooms");
    await bob.page.getByLabel("Find a room by name").fill(alice.name);
    await bob.button(`Join ${name}`).click();
    await bob.say("Hello, garden.");
    await bob.sees("Hello, garden.");
    // The events come before the answer.
    await bob.page.route("**/members/*/", async (route) => {
        const answer = await route.fetch(AGAIN);
        await bob.page.getByText("No rooms yet").waitFor();
        await route.fulfill({ response: answer });
    });
    await bob.button("Details").click();
    await bob.button("Leave room").click();
    await bob.button("Leave room", bob.dialog()).click();
    await bob.page.getByText("No rooms yet").waitFor();
    // No more requests about it: a refused one would show a notice.
    await bob.settles();
    assert.deepEqual(await bob.page.locator(".notice").allTextContents(), []);
});

slow("a live room is read without being joined: nothing is written", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const name = `Garden ${alice.name}`;
    const garden = { name, is_private: false };
    const { room_id: room } = await alice.api("POST", "chat/rooms/", garden);
    await alice.api("PATCH", `chat/rooms/${room}/`, { is_live: true });
    await alice.post(room, "Hello, garden.");
    const changes = [];
    bob.page.on("request", (request) => {
        if (request.method() !== "GET" && request.url().includes("/chat/rooms/")) {
            changes.push(request.url());
        }
    });
    await bob.add("Public rooms");
    await bob.page.getByLabel("Find a room by name").fill(alice.name);
    await bob.button(`Open ${name}`).click();
    await bob.sees("Hello, garden.");
    await alice.post(room, "The roses are out.");
    await bob.sees("The roses are out.");
    assert.equal(await bob.field.isVisible(), false);
    await bob.settles();
    assert.deepEqual(changes, []);
    // In a room of many members one more is counted, without a request for the number.
    await sql(`UPDATE room SET members_count = 600 WHERE room_id = ${room}`);
    await alice.api("PATCH", `chat/rooms/${room}/`, { topic: "Roses" });
    await bob.page.getByText("600 members").waitFor();
    const reads = [];
    bob.page.on("request", (request) => reads.push(new URL(request.url()).pathname));
    const carol = await account();
    await carol.api("POST", `chat/rooms/${room}/join/`);
    await bob.page.getByText("601 members").waitFor();
    await bob.settles();
    assert.ok(!reads.includes(`/api/chat/rooms/${room}/`));
    assert.deepEqual(await bob.page.locator(".room").allTextContents(), []);
    await bob.button("Join room").click();
    await bob.say("Here I am.");
    await bob.sees("Here I am.");
    await bob.page.locator(".room", { hasText: name }).waitFor();
});

slow("each of many public rooms is found by its name", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const name = `Astronomy ${alice.name}`;
    await alice.api("POST", "chat/rooms/", { name, is_private: false });
    for (let i = 0; i < 205; i += 5) {
        const names = [0, 1, 2, 3, 4].map((more) => `Public ${i + more}`);
        await Promise.all(
            names.map((name) => alice.api("POST", "chat/rooms/", { name, is_private: false })),
        );
    }
    await bob.add("Public rooms");
    await bob.dialog().getByText("There are more.").waitFor();
    await bob.page.getByLabel("Find a room by name").fill("Astronomy");
    await bob.button(`Join ${name}`).click();
    await bob.page.getByRole("heading", { name, level: 2 }).first().waitFor();
});

slow("a member that is not loaded yet is found by name", async () => {
    const [alice, bob] = [await loggedInUser(), await account()];
    const room = await alice.room("Kitchen");
    await sql(`
        INSERT INTO user (username, password_hash, created_at)
            SELECT CONCAT('crowd-', seq), '', NOW(6) FROM seq_1_to_350;
        INSERT INTO member (room_id, user_id, is_admin, joined_at, last_read_position)
            SELECT ${room}, user_id, 0, NOW(6), 0 FROM user WHERE username LIKE 'crowd-%';
        UPDATE room SET members_count = 351 WHERE room_id = ${room}`);
    await alice.api("POST", `chat/rooms/${room}/invite/`, { user_id: bob.id });
    await alice.enter(room);
    await alice.button("Details").click();
    await alice.page.getByText("352 members", { exact: true }).waitFor();
    assert.equal(await alice.page.locator(".person", { hasText: bob.name }).count(), 0);
    await alice.page.getByLabel("Find a member").fill(bob.name.toUpperCase());
    await alice.page.locator("li.person", { hasText: bob.name }).waitFor();
    assert.equal(await alice.page.locator("li.person").count(), 1);
    await alice.page.getByLabel("Find a member").fill("no such name");
    await alice.page.getByText("No member with that name.").waitFor();
});

slow("the place in a room is kept while another one is open", async () => {
    const person = await loggedInUser();
    const [room, other] = [await person.room("Kitchen"), await person.room("Garden")];
    await person.lines(room, 150);
    await person.enter(room);
    await person.sees("Line 149");
    await person.page.locator(".scroller").evaluate((scroller) => {
        scroller.scrollTop = 0;
    });
    await person.page.locator(".items").getByText("Line 60", { exact: true }).waitFor();
    await person.page
        .locator(".items")
        .getByText("Line 60", { exact: true })
        .scrollIntoViewIfNeeded();
    const top = () =>
        person.page
            .getByText("Line 60", { exact: true })
            .evaluate((line) => line.getBoundingClientRect().top);
    const before = await top();
    await person.enter(other);
    await person.enter(room);
    await until(async () => Math.abs((await top()) - before) < 2);
});

slow("the room that was open last is opened again, where there is a place for it", async () => {
    const person = await loggedInUser();
    const [room, other] = [await person.room("Kitchen"), await person.room("Garden")];
    await person.post(room, "Tea is ready.");
    await person.enter(other);
    await person.enter(room);
    const { page } = person;
    await page.goto("about:blank");
    await person.visit();
    await person.sees("Tea is ready.");
    assert.ok(page.url().endsWith(`#/${room}`));
    // Back leads away, not to the list.
    await page.goBack();
    assert.equal(page.url(), "about:blank");
    // Not on a phone, and not a room that the user has left.
    await page.setViewportSize({ width: 390, height: 844 });
    await person.visit();
    await page.locator(".room", { hasText: "Kitchen" }).waitFor();
    await person.settles();
    assert.ok(!page.url().includes("#"));
    await page.setViewportSize({ width: 1024, height: 768 });
    await person.api("DELETE", `chat/rooms/${room}/`);
    await page.goto("about:blank");
    await person.visit();
    await page.getByText("Choose a room").waitFor();
    await person.settles();
    assert.ok(!page.url().includes("#"));
});

test("a direct message reaches the other in a room named after the sender", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    await alice.add("New direct message");
    await alice.page.getByLabel("Find a person by name").fill(bob.name);
    await alice.button(`Message ${bob.name}`).click();
    await alice.say("Just for you.");
    await bob.page.locator(".room", { hasText: alice.name }).click();
    await bob.sees("Just for you.");
    await alice.page.locator(".conversation .dot.on").waitFor();
});
