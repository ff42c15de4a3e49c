// Two users in a room: what one does, the other sees.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, loggedInUser, newUser, pair } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

test("a message and who is typing are shown to the other", async () => {
    const { alice, bob } = await pair();
    await alice.say("Tea is ready.");
    await bob.sees("Tea is ready.");
    await bob.field.pressSequentially("Coming");
    await alice.page.getByText(`${bob.name} is typing…`).waitFor();
    await bob.field.press("Enter");
    await alice.sees("Coming");
    await alice.page.getByText("is typing").waitFor({ state: "hidden" });
    assert.equal(await alice.page.locator(".items .message, .outbox .message").count(), 2);
});

slow("the header shows how many members are online", async () => {
    const { alice, bob } = await pair();
    await bob.page.close();
    await alice.page.getByText("2 members, 1 online").waitFor();
});

test("an edit and a deletion are shown to the other", async () => {
    const { alice, bob } = await pair();
    await alice.say("Tea at fuor");
    await bob.sees("Tea at fuor");
    await alice.message("Tea at fuor").hover();
    await alice.button("Edit").click();
    assert.equal(await alice.field.inputValue(), "Tea at fuor");
    await alice.say("Tea at four");
    await bob.sees("Tea at four");
    await bob.message("Tea at four").getByText("(edited)").waitFor();
    await alice.message("Tea at four").hover();
    await alice.button("Delete").click();
    await alice.button("Delete", alice.dialog()).click();
    await bob.page.getByText("This message was deleted.").waitFor();
    await bob.message("Tea at").waitFor({ state: "detached" });
});

slow("a reply quotes its original, and a click leads there", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await alice.post(room, "Who takes the scones?");
    await alice.lines(room, 60);
    await alice.enter(room);
    await bob.enter(room);
    await bob.page.getByText("2 members, 2 online").waitFor();
    await bob.page.locator(".items").getByText("Line 59", { exact: true }).waitFor();
    await bob.page.locator(".scroller").evaluate((scroller) => {
        scroller.scrollTop = 0;
    });
    await bob.message("Who takes the scones?").hover();
    await bob.button("Reply").click();
    await bob.say("I do.");
    await alice.sees("I do.");
    const quote = alice.message("I do.").getByRole("button", { name: /^In reply to/ });
    assert.match(await quote.textContent(), /Who takes the scones\?/);
    await quote.click();
    await alice.page.waitForFunction(
        () =>
            document.activeElement.textContent.includes("Who takes the scones?") &&
            document.activeElement.getBoundingClientRect().top > 0,
    );
});

test("a line marks the first new message, and its sender learns that it was seen", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await alice.enter(room);
    await alice.say("First");
    await alice.say("Second");
    await alice.sees("Second");
    const button = bob.page.getByRole("button", { name: /Kitchen/ });
    await bob.page.locator(".room .count", { hasText: "2" }).waitFor();
    await bob.page.bringToFront();
    await button.click();
    await bob.page.locator(".item:has(.separator.new)", { hasText: "First" }).waitFor();
    await bob.page.locator(".room .count").waitFor({ state: "detached" });
    await alice.page.getByText(`Seen by ${bob.name}`).waitFor();
});

slow("with many unread messages the room opens at the first of them", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await alice.post(room, "Known");
    await bob.enter(room);
    await bob.sees("Known");
    await until(async () => {
        const { unread_count: unread } = await bob.api("GET", `chat/rooms/${room}/`);
        return unread === 0;
    });
    await bob.visit("/embed.html");
    await alice.lines(room, 120, { isRead: false });
    await bob.enter(room);
    const first = bob.page.locator(".item:has(.separator.new)");
    assert.match(await first.textContent(), /Line 0$/);
    assert.ok(await bob.page.locator(".items").getByText("Line 0", { exact: true }).isVisible());
    await bob.page.getByRole("button", { name: /newest message/ }).click();
    await bob.sees("Line 119");
    await bob.page.locator(".room .count").waitFor({ state: "detached" });
});

slow("while reading old messages, new ones are announced without scrolling", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await bob.lines(room, 60);
    await bob.enter(room);
    await bob.sees("Line 59");
    await bob.settles();
    const scroll = (top) =>
        bob.page.locator(".scroller").evaluate((scroller, to) => {
            scroller.scrollTop = to ?? scroller.scrollTop;
            return scroller.scrollTop;
        }, top);
    const top = () => scroll(null);
    await scroll(0);
    await bob.page.locator(".items").getByText("Line 0", { exact: true }).waitFor();
    await scroll(200);
    await bob.page.getByRole("button", { name: "To the newest message" }).waitFor();
    const before = await top();
    await alice.post(room, "Fresh");
    await bob.button("1 new message").waitFor();
    assert.equal(await top(), before);
    await bob.button("1 new message").click();
    await bob.page.locator(".item:has(.separator.new)", { hasText: "Fresh" }).waitFor();
});

slow("enabled desktop notifications show the text of a message", async () => {
    const alice = await account();
    const bob = await newUser();
    // Before bob opens the page: it announces an invitation as well.
    const room = await alice.room("Kitchen", bob);
    await bob.visit();
    await bob.page.evaluate(() => {
        window.shown = [];
        window.Notification = class extends Notification {
            constructor(title, options) {
                super(title, options);
                window.shown.push(`${title}: ${options.body}`);
            }

            // The headless shell denies them to all pages.
            static get permission() {
                return "granted";
            }

            static async requestPermission() {
                return "granted";
            }
        };
        // A headless window always reports the focus.
        document.hasFocus = () => false;
    });
    const bell = bob.button("Desktop notifications");
    await bell.click();
    await bob.page.getByText("Desktop notifications are on.").waitFor();
    assert.equal(await bell.getAttribute("aria-pressed"), "true");
    await bob.page.getByText("Online", { exact: true }).waitFor();
    const shown = (count) =>
        until(async () => (await bob.page.evaluate(() => window.shown.length)) === count);
    await alice.post(room, "Tea is ready.");
    await shown(1);
    // Also for a room that is new to the user.
    const direct = await alice.api("POST", "chat/rooms/direct/", { user_id: bob.id });
    await alice.post(direct.room_id, "Are you coming?");
    await shown(2);
    assert.deepEqual(await bob.page.evaluate(() => window.shown), [
        `${alice.name} in Kitchen: Tea is ready.`,
        `${alice.name}: Are you coming?`,
    ]);
    await bell.click();
    await bob.page.getByText("Desktop notifications are off.").waitFor();
});

test("a message in another room is unread and moves the room to the top", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const first = await alice.room("Kitchen", bob);
    await alice.room("Garden", bob);
    await bob.page.locator(".room", { hasText: "Kitchen" }).waitFor();
    await alice.post(first, "Tea is ready.");
    await bob.page
        .locator(".rooms li:first-child", { hasText: "Tea is ready." })
        .locator(".count", { hasText: "1" })
        .waitFor();
    assert.match(await bob.page.title(), /^\(1\)/);
});
