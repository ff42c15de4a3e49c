// Accessibility: axe-core in light and dark, small screens, the keyboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { loggedInUser, openWindow, SIZES, world } from "../support/browser.js";
import { ONCE } from "../support/until.js";
import "./setup.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

/** The violations that axe-core finds in the current page. */
async function faults({ page }) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(
        (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
        RULES,
    );
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
}

/** Creates a room with all kinds of messages, and other rooms beside it. */
async function kitchen(person) {
    const other = await openWindow();
    await other.register();
    await other.context.close();
    await person.room("Empty room");
    await person.api("POST", "chat/rooms/direct/", { user_id: other.id });
    await person.api("POST", "chat/rooms/", { name: `Garden ${person.name}`, is_private: false });
    const room = await person.room("Kitchen", other);
    const token = {
        headers: {
            Authorization: `Token ${other.token}`,
            "Content-Type": "application/json",
            ...ONCE,
        },
        method: "POST",
    };
    const hear = async (content) => {
        const answer = await fetch(`${world.system.url}/api/chat/rooms/${room}/messages/`, {
            ...token,
            body: JSON.stringify({ content }),
        });
        return answer.json();
    };
    const first = await hear("Good morning! The plan for today is at https://example.org/plan.");
    await hear("We still need somebody for the scones.");
    await person.post(room, "I can do that.", { reply_to_id: first.message_id });
    const edited = await person.post(room, "At fuor.");
    await person.api("PATCH", `chat/rooms/${room}/messages/${edited.message_id}/`, {
        content: "At four.",
    });
    const deleted = await person.post(room, "Never mind.");
    await person.api("DELETE", `chat/rooms/${room}/messages/${deleted.message_id}/`);
    await person.post(room, "The recipe is long.\n\n1. Butter and flour\n2. Milk\n3. Patience");
    await hear("Wonderful, thank you.");
    return room;
}

for (const colorScheme of ["light", "dark"]) {
    test(`axe-core finds nothing in the ${colorScheme} scheme (takes screenshots)`, async () => {
        const stranger = await openWindow({ colorScheme });
        await stranger.visit();
        await stranger.button("Log in").waitFor();
        assert.deepEqual(await faults(stranger), []);
        await stranger.picture(`login-${colorScheme}`);
        await stranger.button("Create an account").click();
        assert.deepEqual(await faults(stranger), []);

        const person = await loggedInUser({ colorScheme, viewport: SIZES.wide });
        await person.page.getByText("No rooms yet").waitFor();
        assert.deepEqual(await faults(person), []);
        await person.picture(`empty-${colorScheme}`);
        await person.enter(await kitchen(person));
        await person.sees("Wonderful");
        await person.message("At four.").hover();
        assert.deepEqual(await faults(person), []);
        await person.button("Details").click();
        await person.page.locator("li.person").first().waitFor();
        assert.deepEqual(await faults(person), []);
        await person.picture(`room-wide-${colorScheme}`);
        await person.page.setViewportSize(SIZES.tablet);
        await person.picture(`details-tablet-${colorScheme}`);
        await person.button("Close details").click();
        await person.picture(`room-tablet-${colorScheme}`);
        for (const name of ["New room", "Public rooms", "New direct message"]) {
            await person.button(name, person.page.locator(".bar")).click();
            await person.dialog().locator(".note, .person, .choice").first().waitFor();
            assert.deepEqual(await faults(person), []);
            await person.picture(`${name.toLowerCase().replaceAll(" ", "-")}-${colorScheme}`);
            await person.page.keyboard.press("Escape");
        }
        await person.page.setViewportSize(SIZES.phone);
        await person.picture(`room-phone-${colorScheme}`);
        await person.button("All rooms").click();
        assert.deepEqual(await faults(person), []);
        await person.picture(`rooms-phone-${colorScheme}`);
    });
}

test("on a phone the page goes from the rooms to a conversation and back", async () => {
    const person = await loggedInUser({ viewport: SIZES.phone, hasTouch: true, isMobile: true });
    const room = await person.room("Kitchen");
    await person.page.locator(".room", { hasText: "Kitchen" }).tap();
    await person.field.waitFor();
    assert.equal(await person.page.getByRole("navigation").isVisible(), false);
    await person.field.fill("From the train");
    await person.button("Send").tap();
    await person.sees("From the train");
    const width = await person.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, SIZES.phone.width);
    await person.page.goBack();
    await person.page.getByRole("navigation").waitFor();
    await person.page.goForward();
    await person.sees("From the train");
    await person.button("All rooms").tap();
    await person.page.getByRole("navigation").waitFor();
    assert.ok(!person.page.url().includes(`#/${room}`));
});

test("everything can be reached by keyboard", async () => {
    const person = await loggedInUser();
    const { page } = person;
    const { keyboard } = page;
    const focusOn = async (name) => {
        for (let i = 0; i < 40; i += 1) {
            const label = await page.evaluate(
                () => document.activeElement.ariaLabel || document.activeElement.textContent,
            );
            if (label.startsWith(name)) {
                return;
            }
            await keyboard.press("Tab");
        }
        throw new Error(`Tab never came to ${name}`);
    };
    await page.getByText("No rooms yet").waitFor();
    await focusOn("New room");
    await keyboard.press("Enter");
    await person.dialog().waitFor();
    await keyboard.type("Kitchen");
    await keyboard.press("Enter");
    await person.field.and(page.locator(":focus")).waitFor();
    await keyboard.type("First");
    await keyboard.press("Enter");
    await person.sees("First");
    await keyboard.type("Second");
    await keyboard.press("Enter");
    await person.sees("Second");
    // The up arrow edits the user's last message, Escape cancels.
    await keyboard.press("ArrowUp");
    assert.equal(await person.field.inputValue(), "Second");
    await keyboard.press("Escape");
    assert.equal(await person.field.inputValue(), "");
    // Back to the messages, up to the first, and to the actions on it.
    await page.locator(".message", { hasText: "Second" }).focus();
    await keyboard.press("ArrowUp");
    await person.message("First").and(page.locator(":focus")).waitFor();
    await focusOn("Delete");
    await keyboard.press("Enter");
    await person.dialog().waitFor();
    await focusOn("Delete");
    await keyboard.press("Enter");
    await page.getByText("This message was deleted.").waitFor();
});
