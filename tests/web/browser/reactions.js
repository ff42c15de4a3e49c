// Reactions, pins, quotes far up, and links to messages, between two users.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pair, SIZES, world } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

/** The button of a reaction under a message. */
const reaction = (person, text, emoji) => person.message(text).locator(`[data-emoji="${emoji}"]`);

const pressed = (button) => button.getAttribute("aria-pressed");

/** Whether the choice of a reaction is beside the button that has opened it. */
async function isBesideButton(person) {
    const boxes = [person.dialog(), person.page.locator(".tools button").first()];
    const [choice, button] = await Promise.all(boxes.map((one) => one.boundingBox()));
    const isBelow = Math.abs(choice.y - button.y - button.height) < 10;
    const isAbove = Math.abs(choice.y + choice.height - button.y) < 10;
    return Math.abs(choice.x + choice.width - button.x - button.width) < 10 && (isBelow || isAbove);
}

const isFocused = (locator) => until(() => locator.evaluate((it) => it.matches(":focus")));

test("a reaction is shown to both, counted, and taken back by a click", async () => {
    const { alice, bob } = await pair();
    await alice.say("Tea is ready.");
    await bob.message("Tea is ready.").hover();
    await bob.button("React").click();
    await bob.dialog().getByRole("button", { name: "🎉" }).click();
    const [hers, his] = [alice, bob].map((one) => reaction(one, "Tea is ready.", "🎉"));
    await hers.waitFor();
    // The event, which does not tell whose it is, may come before the answer.
    await until(async () => (await pressed(his)) === "true");
    assert.equal(await pressed(hers), "false");
    await hers.click();
    await until(async () => (await his.innerText()).includes("2"));
    assert.equal(await pressed(his), "true");
    // Pointing at a reaction shows the names of its users.
    await his.hover();
    await until(async () => (await his.getAttribute("title"))?.includes(`and ${alice.name}`));
    await his.click();
    await until(async () => (await hers.innerText()).includes("1"));
    assert.equal(await pressed(hers), "true");
    await until(async () => (await pressed(his)) === "false");
    // Also after the page was loaded again.
    await alice.page.reload();
    await reaction(alice, "Tea is ready.", "🎉").waitFor();
    assert.equal(await pressed(reaction(alice, "Tea is ready.", "🎉")), "true");
});

slow("a pinned message can be unpinned by all who may; the list leads to it", async () => {
    const { alice, bob, room } = await pair();
    await alice.say("The rules of the kitchen");
    await bob.message("The rules of the kitchen").hover();
    await bob.button("Reply").waitFor();
    await alice.message("The rules of the kitchen").hover();
    await alice.button("Pin").click();
    await alice.button("Unpin").waitFor();
    await bob.page.getByText("pinned a message.").waitFor();
    assert.equal(await bob.page.getByRole("button", { name: /^(Unp|P)in$/u }).count(), 0);
    await alice.api("PATCH", `chat/rooms/${room}/`, { may_pin: "all" });
    await until(async () => {
        await bob.field.hover();
        await bob.message("The rules of the kitchen").hover();
        return (await bob.button("Unpin").count()) === 1;
    });
    await bob.button("Unpin").click();
    await alice.button("Pin").click();
    await bob.button("Unpin").waitFor();
    await alice.page.reload();
    await alice.message("The rules of the kitchen").hover();
    await alice.button("Unpin").waitFor();
    await bob.button("Pinned messages").click();
    await bob
        .dialog()
        .getByRole("button", { name: /The rules of the kitchen/u })
        .click();
    await bob.message("The rules of the kitchen").waitFor();
    await isFocused(bob.message("The rules of the kitchen"));
});

slow("a link opens the room at the message; its replies are listed; all by keys", async () => {
    const { alice, bob, room } = await pair();
    await alice.say("Who takes the scones?");
    await bob.message("Who takes the scones?").hover();
    await bob.button("Reply").click();
    await bob.say("I do.");
    await alice.sees("I do.");
    const question = ({ page }) => page.locator(".items .message", { hasText: "1 reply" });
    await question(alice).waitFor();
    const id = Number(await question(alice).getAttribute("data-id"));
    await bob.page.goto("about:blank");
    await alice.lines(room, 120);
    await alice.page.reload();
    await alice.sees("Line 119");
    await bob.page.goto(`${world.system.url}/#/${room}/${id}`);
    // The newest messages are far below.
    await question(bob).waitFor();
    await isFocused(question(bob));
    assert.equal(
        await bob.page.locator(".items").getByText("Line 119", { exact: true }).count(),
        0,
    );
    await question(bob).getByText("1 reply").click();
    await bob
        .dialog()
        .getByRole("button", { name: /I do\./u })
        .waitFor();

    // No mouse from here on.
    const press = (key) => alice.page.keyboard.press(key);
    await bob.post(room, "Thirty of them?", { reply_to_id: id });
    const reply = alice.message("Thirty of them?");
    await reply.focus();
    await press("Tab");
    await press("Enter");
    const far = alice.page.locator(".items .message", { hasText: "2 replies" });
    await isFocused(far);
    await press("Enter");
    await isFocused(alice.button("React"));
    await press("Enter");
    await alice.dialog().waitFor();
    for (const size of [SIZES.wide, SIZES.tablet]) {
        await alice.page.setViewportSize(size);
        await until(() => isBesideButton(alice));
    }
    await press("ArrowRight");
    await press("Enter");
    await far.locator('[data-emoji="❤️"]').waitFor();
    await isFocused(far);
    await press("Enter");
    for (const name of ["Reply", "Mark as unread", "Edit", "Pin"]) {
        await press("ArrowRight");
        await isFocused(alice.button(name));
    }
    await press("Enter");
    await isFocused(alice.button("Unpin"));
    await alice.button("Back to the reply").focus();
    await press("Enter");
    await isFocused(reply);
    await press("Home");
    await press("End");
    await isFocused(reply);
});
