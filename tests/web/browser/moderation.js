// Moderation: what the room allows, reports, the moderator's page, blocks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults } from "../support/axe.js";
import { loggedInUser, openWindow, pair, SIZES, world } from "../support/browser.js";
import { PASSWORD } from "../support/clients.js";
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
        [{ post_policy: "moderators" }, "Only moderators write in this room."],
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

test("a report is handled on the page for moderators, on a phone", async () => {
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
    await alice.page.setViewportSize(SIZES.phone);
    await alice.button("All rooms").click();
    await alice.chooseOwn("Moderation");
    const dialog = alice.dialog();
    await dialog.getByRole("tab", { name: "Reports" }).waitFor();
    await dialog.getByText("Buy!").waitFor();
    assert.deepEqual(await faults(alice), []);
    await alice.button("Handled", dialog).click();
    await dialog.getByText("There is nothing to do here.").waitFor();
    await dialog.getByRole("tab", { name: "Bans" }).click();
    await dialog.getByText("There is nothing to do here.").waitFor();
});

test("a member is silenced and told so, and the silence is undone", async () => {
    const { alice, bob } = await pair();
    await bob.say("Noise");
    await alice.message("Noise").hover();
    await alice.button("Moderate the sender").click();
    await alice.button("Do it", alice.dialog()).click();
    await alice
        .dialog()
        .getByText(/is silenced\./u)
        .waitFor();
    await bob.field.fill("More noise");
    await bob.page.keyboard.press("Enter");
    await bob.page.getByText(/A moderator has silenced you until/u).waitFor();
    await alice.button("Undo", alice.dialog()).click();
    await until(async () => (await alice.dialog().count()) === 0);
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
    await dialog.getByLabel(/^How many may join/u).fill("2");
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
