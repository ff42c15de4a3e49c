// Moderation: what the room allows, reports, the moderator's page, blocks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults } from "../support/axe.js";
import {
    account,
    loggedInUser,
    newUser,
    openWindow,
    pair,
    SIZES,
    world,
} from "../support/browser.js";
import { freshName, PASSWORD } from "../support/clients.js";
import { sign } from "../support/jwt.js";
import { visitSite } from "../support/site-page.js";
import { slow } from "../support/slow.js";
import { sql } from "../support/sql.js";
import { until } from "../support/until.js";
import "./setup.js";

/** Alice is the admin of the room. */
const change = ({ alice, room }, rules) => alice.api("PATCH", `chat/rooms/${room}/`, rules);

test("slow mode keeps the text; other rules stand in place of the input", async () => {
    const people = await pair();
    const { bob } = people;
    await change(people, { slow_seconds: 600, topic: "Plans for spring" });
    await bob.page.getByText("Plans for spring").waitFor();
    await bob.say("First");
    await bob.page.getByText(/Slow mode: \d+ seconds until/u).waitFor();
    await bob.field.fill("Second");
    await bob.page.keyboard.press("Enter");
    assert.equal(await bob.button("Send").isDisabled(), true);
    assert.equal(await bob.field.inputValue(), "Second");
    await change(people, { slow_seconds: 0 });
    await until(() => bob.button("Send").isEnabled());
    for (const [rules, text] of [
        [{ post_policy: "moderators" }, "Only moderators can write in this room."],
        [{ post_policy: "members", is_archived: true }, "This room is archived"],
    ]) {
        await change(people, rules);
        await bob.page.getByText(text).waitFor();
        assert.equal(await bob.field.isVisible(), false);
    }
    await change(people, { is_archived: false });
    await bob.field.waitFor();
    assert.equal(await bob.field.inputValue(), "Second");
});

slow("a report is handled on the page for moderators, on a phone", async () => {
    const { alice, bob } = await pair();
    await alice.say("Before");
    await bob.sees("Before");
    await bob.say("Buy!");
    await bob.say("Something else");
    await alice.message("Before").waitFor();
    await bob.message("Before").hover();
    await bob.button("Report").click();
    await bob.button("Report", bob.dialog()).click();
    await bob.page.getByText("The moderators will look at it.").waitFor();
    await bob.say("Has a waitingword");
    const waits = bob.page.getByText("A moderator looks at this message first.");
    await waits.waitFor();
    await bob.page.reload();
    await waits.waitFor();
    await bob.button("Withdraw").click();
    await waits.waitFor({ state: "detached" });
    await alice.page.setViewportSize(SIZES.phone);
    await alice.button("All rooms").click();
    // Told by an event.
    await alice.page.locator(".account").getByText("1 case to moderate").waitFor();
    await alice.chooseOwn("Moderation");
    const dialog = alice.dialog();
    const reports = dialog.getByRole("tab", { name: "Reports" });
    await dialog.getByText("Buy!").waitFor();
    assert.deepEqual(await faults(alice), []);
    await alice.button("Dismiss", dialog).click();
    await alice.button("Undo", dialog).click();
    await alice.button("Handled", dialog).click();
    await dialog.getByText("Closed as handled.").waitFor();
    // Done when the list is left.
    await dialog.getByRole("tab", { name: "Bans" }).click();
    await dialog.getByText("There is nothing to do here.").waitFor();
    await reports.filter({ hasNotText: "1" }).click();
    await dialog.getByText("There is nothing to do here.").waitFor();
    const { results } = await alice.api("GET", "chat/reports/");
    assert.deepEqual(
        results.map((one) => one.state),
        ["handled"],
    );
});

slow("a member is silenced, then not any more, then banned, and sees it each time", async () => {
    const { alice, bob, room } = await pair();
    await bob.say("Noise");
    // The event reaches the user in another room.
    const attic = await alice.room("Attic", bob);
    await bob.enter(attic);
    await alice.message("Noise").hover();
    await alice.button("Moderate the sender").click();
    await alice.button("Silence", alice.dialog()).click();
    await alice
        .dialog()
        .getByText(/is silenced\./u)
        .waitFor();
    const told = bob.page.getByText(/A moderator has silenced you until/u);
    await alice.post(attic, "Quiet");
    await bob.message("Quiet").waitFor();
    await bob.enter(room);
    await told.waitFor();
    assert.equal(await bob.field.isVisible(), false);
    await bob.button("Try again").waitFor();
    await change({ alice, room }, { is_archived: true });
    await bob.page.getByText("This room is archived").waitFor();
    assert.equal(await bob.button("Try again").count(), 0);
    await change({ alice, room }, { is_archived: false });
    await told.waitFor();
    await alice.button("Undo", alice.dialog()).click();
    await bob.field.waitFor();
    assert.equal(await told.isVisible(), false);
    await until(async () => (await alice.dialog().count()) === 0);
    // Without the events it is told by the refusal.
    const member = `room_id = ${room} AND user_id = ${bob.id}`;
    await sql(`INSERT INTO silence (room_id, user_id, until)
               VALUES (${room}, ${bob.id}, NOW(6) + INTERVAL 5 MINUTE);
               UPDATE member SET silenced_until = NOW(6) + INTERVAL 5 MINUTE WHERE ${member}`);
    await bob.field.fill("More noise");
    await bob.page.keyboard.press("Enter");
    await told.waitFor();
    await sql(`DELETE FROM silence WHERE ${member};
               UPDATE member SET silenced_until = NULL WHERE ${member}`);
    await bob.button("Try again", bob.page.locator(".refused")).click();
    // What was refused is sent as well.
    await alice.page.locator(".items").getByText("More noise", { exact: true }).waitFor();
    await bob.say("No more noise");
    await alice.sees("No more noise");
    await alice.message("No more noise").hover();
    await alice.button("Moderate the sender").click();
    await alice.dialog().getByLabel("What is to be done?").selectOption("ban");
    await alice.button("Ban", alice.dialog()).click();
    await alice.dialog().getByText("needs an invitation").waitFor();
    await bob.page.getByText("You are banned from “Kitchen” until").waitFor();
    assert.deepEqual(await bob.page.locator(".notice").allTextContents(), []);
});

slow("a ban is shown in place of the room, whichever answer comes first", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const square = { name: "Square", is_private: false };
    const { room_id: room } = await alice.api("POST", "chat/rooms/", square);
    await bob.api("POST", `chat/rooms/${room}/join/`);
    await bob.enter(room);
    await bob.settles();
    const text = bob.page.locator(".conversation").getByText("You are banned from “Square”.");
    await alice.api("POST", `chat/rooms/${room}/bans/`, { user_id: bob.id });
    await text.waitFor();
    // Opened later: by the socket alone, and by the answer without messages alone.
    const messages = "**/messages/?*";
    await bob.page.route(messages, () => {});
    await bob.page.reload();
    await text.waitFor();
    await bob.page.unroute(messages);
    await bob.page.addInitScript(() => {
        window.WebSocket = class {
            close() {}
        };
    });
    await bob.page.reload();
    await text.waitFor();
    assert.equal(await bob.button("Join room").count(), 0);
    assert.deepEqual(await faults(bob), []);
    await alice.api("DELETE", `chat/rooms/${room}/bans/${bob.id}/`);
    await bob.button("Try again").click();
    await bob.button("Join room").waitFor();
});

slow("a ban is shown with its end, in a room that is open and in one that is not", async () => {
    const [alice, bob] = [await openWindow(), await loggedInUser()];
    await alice.register();
    const rooms = [await alice.room("Cellar", bob), await alice.room("Attic", bob)];
    await bob.enter(rooms[0]);
    await bob.settles();
    const ban = { user_id: bob.id, until: "2100-01-01T12:00:00Z" };
    await alice.api("POST", `chat/rooms/${rooms[1]}/bans/`, ban);
    const notice = bob.page.locator(".notice");
    await notice.getByText(/^You are banned from “Attic” until .*1 January 2100/u).waitFor();
    await bob.field.waitFor();
    await alice.api("POST", `chat/rooms/${rooms[0]}/bans/`, ban);
    const conversation = bob.page.locator(".conversation");
    await conversation.getByText(/^You are banned from “Cellar” until .*1 January 2100/u).waitFor();
    // Without the event the refusal tells the end.
    await alice.api("PATCH", `chat/rooms/${rooms[0]}/`, { is_private: false });
    await bob.page.reload();
    await conversation.getByText(/^You are banned from “Cellar” until .*1 January 2100/u).waitFor();
});

test("a stranger reads an open room by its link, and enters it by logging in", async () => {
    const [alice, reader] = [await account(), await openWindow()];
    const room = await alice.room("Garden");
    await change({ alice, room }, { is_open: true, is_private: false });
    await alice.post(room, "Hello, world");
    const refused = [];
    reader.page.on("response", (answer) => {
        if (answer.status() >= 400 && !answer.url().endsWith("/auth/me/")) {
            refused.push(answer.url());
        }
    });
    await reader.visit(`/#/${room}`);
    await reader.sees("Hello, world");
    await alice.post(room, "Live news");
    await reader.sees("Live news");
    await reader.message("Live news").hover();
    assert.equal(await reader.field.count(), 0);
    assert.deepEqual(await faults(reader), []);
    await reader.page.reload();
    await reader.sees("Live news");
    assert.deepEqual(refused, []);
    assert.equal(await reader.page.evaluate(() => localStorage.length), 0);
    await reader.button("Log in to write").click();
    await reader.page.getByLabel("Username").fill(alice.name);
    await reader.page.getByLabel("Password").fill(PASSWORD);
    await reader.button("Log in").click();
    await reader.say("Hello, reader");
    await reader.sees("Hello, reader");
});

slow("strangers choose an open room below the login, and come back to the list", async () => {
    const [alice, reader] = [await account(), await openWindow({ viewport: SIZES.phone })];
    const room = await alice.room("Orchard");
    await change({ alice, room }, { is_open: true, topic: "Apples" });
    await alice.post(room, "Hello, world");
    await reader.visit();
    const list = reader.page.getByRole("list", { name: "Open rooms" });
    await list.getByText("Apples").waitFor();
    assert.deepEqual(await faults(reader), []);
    await reader.picture("open-rooms-phone");
    await reader.button("Read Orchard", list).first().press("Enter");
    await reader.sees("Hello, world");
    assert.equal(reader.page.url(), `${world.system.url}/#/${room}`);
    await reader.page.getByRole("log").and(reader.page.locator(":focus")).waitFor();
    await reader.button("Open rooms").press("Enter");
    await list.locator("button:focus").waitFor();
    await reader.page.goBack();
    await reader.sees("Hello, world");
    await reader.page.goBack();
    await list.waitFor();
    // The list does not know yet.
    await change({ alice, room }, { is_open: false });
    await reader.button("Read Orchard", list).first().click();
    await reader.page.getByText("Log in to read this room.").waitFor();
});

slow("silences and bans of rooms are listed for site moderators, and ended", async () => {
    const [alice, bob, carol] = [await account(), await account(), await account()];
    const room = await alice.room("Kitchen", bob);
    const guard = await newUser({ viewport: SIZES.phone });
    await alice.api("POST", `chat/rooms/${room}/silence/`, { user_id: bob.id, minutes: 60 });
    const reason = "Sells things";
    await alice.api("POST", `chat/rooms/${room}/bans/`, { user_id: carol.id, reason });
    await world.system.confabctl("user", "moderator", guard.name, "on");
    await guard.visit();
    await guard.settles();
    await guard.chooseOwn("Moderation");
    const dialog = guard.dialog();
    for (const [tab, person, button] of [
        ["Silenced", bob, "End the silence"],
        ["Bans", carol, "End the ban"],
    ]) {
        await dialog.getByRole("tab", { name: tab }).click();
        const row = dialog.getByRole("listitem").filter({ hasText: person.name });
        await row.getByText("Kitchen").waitFor();
        await guard.picture(`moderation-${tab.toLowerCase()}-phone`);
        assert.deepEqual(await faults(guard), []);
        await guard.button(button, row).press("Enter");
        // The row says what is done; leaving the list does it at once.
        await guard.button("Undo", dialog).waitFor();
    }
    await guard.page.keyboard.press("Escape");
    const left = async (what) => (await alice.api("GET", `chat/rooms/${room}/${what}/`)).results;
    await until(async () => (await left("bans")).length === 0);
    await until(async () => (await left("silences")).length === 0);
});

slow("a guest keeps the account, with its messages", async () => {
    const [alice, guest] = [await account(), await openWindow()];
    const room = await alice.room("Garden");
    await change({ alice, room }, { guests: "write" });
    const { link } = await alice.api("POST", `chat/rooms/${room}/links/`, { role: "member" });
    await guest.visit(`/join/#${link}`);
    await guest.page.getByLabel("Your name").fill("Gus");
    await guest.button("Enter as a guest").click();
    await guest.say("From a guest");
    await guest.sees("From a guest");
    await guest.settles();
    // There is nothing new that a guest may make.
    assert.equal(await guest.button("New").count(), 0);
    await guest.button("Keep this account").click();
    const dialog = guest.dialog();
    const name = `${alice.name}-gus`;
    await dialog.getByLabel("Username").fill(name);
    await dialog.getByLabel("Password").fill("12345678");
    await dialog.getByLabel("Your e-mail address").fill("gus@example.org");
    await guest.button("Keep this account", dialog).click();
    await dialog.locator(".field:has(input[name=password]) .wrong:not(:empty)").waitFor();
    await dialog.getByLabel("Password").fill(PASSWORD);
    assert.deepEqual(await faults(guest), []);
    await guest.button("Keep this account", dialog).click();
    await dialog.getByText("A mail is on its way to gus@example.org.").waitFor();
    await guest.button("Continue", dialog).click();
    await guest.say("Here to stay");
    await guest.sees("Here to stay");
    assert.equal(await guest.button("Keep this account").count(), 0);
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    assert.deepEqual(
        results.map((message) => message.sender_username),
        [name, name],
    );
});

slow("by an invite link a user and a guest join, and the link is not in the address", async () => {
    const alice = await loggedInUser();
    const room = await alice.room("Garden");
    await change({ alice, room }, { topic: "Plans for spring", guests: "write" });
    await alice.enter(room);
    await alice.button("Details").click();
    await alice.button("Invite links").click();
    const dialog = alice.dialog();
    await dialog.getByLabel("Valid for").selectOption("7");
    await dialog.getByLabel(/^Maximum number of uses/u).fill("2");
    await alice.button("Make a link", dialog).click();
    await dialog.getByText(/^Member, used 0 of 2 times, until/u).waitFor();
    assert.deepEqual(await faults(alice), []);
    const { results } = await alice.api("GET", `chat/rooms/${room}/links/`);
    const path = `/join/#${results[0].link}`;

    const guest = await openWindow();
    await guest.visit(path);
    await guest.page.getByRole("heading", { name: "Garden" }).waitFor();
    await guest.page.getByText("Plans for spring").waitFor();
    await guest.page.getByText("1 member", { exact: true }).waitFor();
    assert.equal(guest.page.url(), `${world.system.url}/`);
    assert.deepEqual(await faults(guest), []);
    await guest.page.getByLabel("Your name").fill("Gus");
    await guest.button("Enter as a guest").click();
    await guest.field.waitFor();
    assert.equal(guest.page.url(), `${world.system.url}/#/${room}`);
    await guest.say("Hello from outside");
    await alice.sees("Hello from outside");

    // With an account, in the same browser.
    await guest.chooseOwn("Log out");
    await guest.button("Log in").waitFor();
    await guest.visit(path);
    await guest.button("Log in to join").click();
    await guest.page.getByText("Log in to join the room.").waitFor();
    const bob = await loggedInUser();
    await guest.page.getByLabel("Username").fill(bob.name);
    await guest.page.getByLabel("Password").fill(PASSWORD);
    await guest.button("Log in").click();
    await guest.sees("Hello from outside");

    // The link is used up, and then removed.
    await bob.register();
    await bob.visit(path);
    await bob.page.getByText("The link is used up.").waitFor();
    await alice.page.keyboard.press("Escape");
    await alice.button("Invite links").click();
    await dialog.getByRole("button", { name: /^Remove the link/u }).click();
    await until(async () => (await dialog.getByText(/used 2 of 2/u).count()) === 0);
});

slow("old messages that were deleted go from the beginning of the list", async () => {
    const { alice, bob, room } = await pair();
    for (const text of ["One", "Two", "Three"]) {
        await alice.post(room, text);
    }
    await bob.sees("Three");
    await sql(`UPDATE message SET created_at = NOW(6) - INTERVAL 3 DAY
               WHERE room_id = ${room} AND content IN ("One", "Two")`);
    await alice.button("Details").click();
    await alice.button("Room settings").click();
    await alice
        .dialog()
        .getByLabel(/^Days after which messages are deleted/u)
        .fill("1");
    await alice.button("Save", alice.dialog()).click();
    await alice.dialog().waitFor({ state: "detached" });
    await world.system.confabctl("events", "purge");
    await bob.message("Two").waitFor({ state: "detached" });
    await bob.page.getByText("This is the beginning of the room.").waitFor();
    assert.equal(await bob.message("Three").count(), 1);
});

slow("after a ban all reports that are shown are drawn again, also of later pages", async () => {
    const { alice, bob, room } = await pair();
    await bob.say("Buy!");
    await alice.message("Buy!").waitFor();
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    const id = results[0].message_id;
    await sql(`INSERT INTO report (room_id, message_id, reporter_id, sender_id, reason, content,
                                   created_at)
               SELECT ${room}, ${id}, 900000000 + seq, ${bob.id}, 1, "Buy!", NOW(6)
               FROM seq_1_to_22`);
    await alice.chooseOwn("Moderation");
    const dialog = alice.dialog().first();
    await alice.button("Show more", dialog).click();
    const reports = dialog.getByRole("listitem");
    await until(async () => (await reports.count()) === 22);
    await alice.api("DELETE", `chat/rooms/${room}/messages/${id}/`);
    await alice.button("Moderate the sender", reports.last()).click();
    const question = alice.dialog().last();
    await question.getByLabel("What is to be done?").selectOption("ban");
    await alice.button("Ban", question).click();
    await alice.button("Done", question).click();
    const gone = dialog.getByText("This message was deleted.");
    await until(async () => (await gone.count()) === 22);
    assert.equal(await reports.count(), 22);
    await sql(`DELETE FROM report WHERE room_id = ${room}`);
});

/** Presses a key until the element with the focus has these words. */
async function walk({ page }, key, words) {
    const isThere = () =>
        page.evaluate(
            (pattern) => new RegExp(pattern, "u").test(document.activeElement.textContent),
            words,
        );
    for (let steps = 0; !(await isThere()); steps += 1) {
        assert.ok(steps < 40, `${words} is not reached by ${key}`);
        await page.keyboard.press(key);
    }
}

slow("volunteers ban a user of the site by touch, and end that by keys alone", async () => {
    const key = `square-${freshName()}`;
    const ned = { sub: freshName(), name: "Ned" };
    const rooms = [{ key, name: "Square", role: "member", private: false }];
    const [noisy, hand] = [
        await openWindow(),
        await openWindow({ viewport: SIZES.phone, hasTouch: true, isMobile: true }),
    ];
    const keys = await openWindow();
    for (const volunteer of [hand, keys]) {
        await volunteer.register();
        await world.system.confabctl("user", "moderator", volunteer.name, "on");
    }
    const chat = (claims) => `<confab-chat room-key="${key}" jwt="${sign(claims)}"></confab-chat>`;
    await visitSite(noisy, chat({ ...ned, rooms }));
    await noisy.say("Buy here");
    await noisy.sees("Buy here");
    const { results: found } = await keys.api("GET", `chat/rooms/?public=true&key=${key}`);
    const path = `chat/rooms/${found[0].room_id}`;
    await keys.api("POST", `${path}/join/`);
    const { results: said } = await keys.api("GET", `${path}/messages/`);
    await keys.api("POST", `${path}/messages/${said[0].message_id}/report/`, { reason: "spam" });

    // By touch: the report, and from it a ban for an hour that deletes the messages.
    await hand.visit();
    await hand.page.getByRole("button", { name: /^Your account/u }).tap();
    await hand.menuItem("Moderation").tap();
    await hand.dialog().getByText("Buy here").waitFor();
    const report = hand.dialog().getByRole("listitem").filter({ hasText: "Square" });
    await hand.button("Moderate the sender", report).tap();
    const question = hand.dialog().last();
    await question.getByLabel("What is to be done?").selectOption("ban");
    await question.getByLabel("With a ban, delete messages").selectOption("all");
    await hand.button("Ban", question).tap();
    await hand.button("Done", question).tap();
    await report.getByText("This message was deleted.").waitFor();
    const banned = noisy.page.getByText(/^You are banned from “Square” until/u);
    await banned.waitFor();

    // Neither another token nor another account of the same user gets around it.
    const call = async (method, where, body, more = {}) => {
        const headers = { "Content-Type": "application/json", Connection: "close", ...more };
        const url = `${world.system.url}/api/auth/${where}`;
        return fetch(url, { method, headers, body: JSON.stringify(body) });
    };
    await visitSite(noisy, chat({ ...ned, rooms }));
    await banned.waitFor();
    const login = await call("POST", "jwt/", { jwt: sign(ned) });
    const { token, user } = await login.json();
    const erasure = { jwt: sign(ned), messages: "keep" };
    const erased = await call("DELETE", "me/", erasure, { Authorization: `Token ${token}` });
    assert.equal(erased.status, 202);
    await visitSite(noisy, chat(ned));
    await banned.waitFor();

    // By keys: the ban of the account that there is now is ended.
    await keys.visit();
    await keys.settles();
    await walk(keys, "Tab", "^.*Your account");
    await keys.page.keyboard.press("Enter");
    await walk(keys, "ArrowDown", "^Moderation");
    await keys.page.keyboard.press("Enter");
    await walk(keys, "Tab", "^Reports");
    await walk(keys, "ArrowRight", "^Bans");
    await keys.page.keyboard.press("Enter");
    await keys.dialog().getByText("Square").first().waitFor();
    await walk(keys, "Tab", "^End the ban");
    await keys.page.keyboard.press("Enter");
    await keys.dialog().getByText("The ban is ended.").waitFor();
    await keys.page.keyboard.press("Escape");
    await until(async () => (await keys.api("GET", `${path}/bans/`)).count === 0);
    await noisy.button("Try again").click();
    await noisy.button("Join room").click();
    await noisy.say("Sorry");
    await noisy.sees("Sorry");
    const { results: last } = await keys.api("GET", `${path}/messages/`);
    assert.equal(last[0].sender_id > user.user_id, true);
});
