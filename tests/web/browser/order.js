// Order in rooms: what the room allows, reports, the moderator's page, blocks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults } from "../support/axe.js";
import { pair, SIZES } from "../support/browser.js";
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
