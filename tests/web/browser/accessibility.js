// Accessibility: axe-core in light and dark, forced colours, small screens, the keyboard.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faultsInBoth } from "../support/axe.js";
import { account, loggedInUser, newUser, openWindow, SIZES } from "../support/browser.js";
import { slow } from "../support/slow.js";
import "./setup.js";

/** Creates a room with all kinds of messages, and other rooms beside it. */
async function kitchen(person) {
    const other = await account();
    await person.room("Empty room");
    await person.api("POST", "chat/rooms/direct/", { user_id: other.id });
    await person.api("POST", "chat/rooms/", { name: `Garden ${person.name}`, is_private: false });
    const room = await person.room("Kitchen", other);
    const plan = "Good morning! The plan for today is at https://example.org/plan.";
    const first = await other.post(room, plan);
    await other.post(room, "We still need somebody for the scones.");
    await person.post(room, "I can do that.", { reply_to_id: first.message_id });
    const edited = await person.post(room, "At fuor.");
    await person.api("PATCH", `chat/rooms/${room}/messages/${edited.message_id}/`, {
        content: "At four.",
    });
    const deleted = await person.post(room, "Never mind.");
    await person.api("DELETE", `chat/rooms/${room}/messages/${deleted.message_id}/`);
    await person.post(room, "The recipe is long.\n\n1. Butter and flour\n2. Milk\n3. Patience");
    await other.post(room, "Wonderful, thank you.");
    return room;
}

/** Takes a picture in each colour scheme. */
async function pictures(person, name) {
    for (const colorScheme of ["dark", "light"]) {
        await person.page.emulateMedia({ colorScheme });
        await person.picture(`${name}-${colorScheme}`);
    }
}

/** Checks that nothing is wrong in either scheme. */
async function check(person, name = null) {
    assert.deepEqual(await faultsInBoth(person), []);
    await (name && pictures(person, name));
}

test("axe-core finds nothing in either scheme (takes screenshots)", async () => {
    const stranger = await openWindow();
    await stranger.visit();
    await stranger.button("Log in").waitFor();
    await check(stranger, "login");
    await stranger.button("Create an account").click();
    await check(stranger);

    const person = await loggedInUser({ viewport: SIZES.wide });
    await person.page.getByText("No rooms yet").waitFor();
    await check(person, "empty");
    await person.enter(await kitchen(person));
    await person.sees("Wonderful");
    await person.message("At four.").hover();
    await check(person);
    await person.button("Details").click();
    await person.page.locator("li.person").first().waitFor();
    await check(person, "room-wide");
    await person.page.setViewportSize(SIZES.tablet);
    await pictures(person, "details-tablet");
    await person.button("Close details").click();
    await pictures(person, "room-tablet");
    for (const name of ["New room", "Public rooms", "New direct message"]) {
        await person.add(name);
        await person.dialog().locator(".note, .person, .choice").first().waitFor();
        await check(person, name.toLowerCase().replaceAll(" ", "-"));
        await person.page.keyboard.press("Escape");
    }
    await person.page.setViewportSize(SIZES.phone);
    await pictures(person, "room-phone");
    await person.button("All rooms").click();
    await check(person, "rooms-phone");
});

/** Checks the open dialog: also that its content is not wider. */
async function checkDialog(person, name = null) {
    await check(person, name);
    const isWide = await person
        .dialog()
        .locator(".inner")
        .evaluate((inner) => inner.scrollWidth > inner.clientWidth);
    assert.equal(isWide, false);
}

test("axe-core finds nothing in menus and settings, in either scheme", async () => {
    const person = await newUser();
    const { page } = person;
    await person.enter(await kitchen(person));
    await page.getByText("Online", { exact: true }).first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("option").first().waitFor();
    await checkDialog(person, "switcher");
    await page.keyboard.press("Escape");
    await page.locator(".separator.day button").last().click();
    await page.getByLabel("Day", { exact: true }).waitFor();
    await checkDialog(person);
    await page.keyboard.press("Escape");
    for (const [name, opener] of [
        ["menu-new", /^New$/],
        ["menu-account", /^Your account/],
    ]) {
        await page.getByRole("button", { name: opener }).click();
        await check(person, name);
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: opener }).and(page.locator(":focus")).waitFor();
    }
    await person.button("Details").click();
    await page.getByRole("button", { name: /^Actions for/ }).click();
    await check(person, "menu-member");
    await page.keyboard.press("Escape");
    await person.button("Close details").click();
    for (const size of ["tablet", "phone"]) {
        await page.setViewportSize(SIZES[size]);
        if (size === "phone") {
            await person.button("All rooms").click();
        }
        await person.chooseOwn("Settings");
        await page.locator(".sessions li").first().waitFor();
        await checkDialog(person, `settings-${size}`);
        await page.locator(".sessions li").last().scrollIntoViewIfNeeded();
        await checkDialog(person, `sessions-${size}`);
        await page.keyboard.press("Escape");
    }
});

slow("in forced colours it can be seen what is chosen, and who is online", async () => {
    const [person, other] = [await newUser({ forcedColors: "active" }), await account()];
    const { page } = person;
    await person.room("Garden");
    const room = await person.room("Kitchen", other);
    const { message_id: id } = await other.post(room, "Tea is ready.");
    const reactions = `chat/rooms/${room}/messages/${id}/reactions/`;
    await person.api("PUT", reactions, { emoji: "🎉" });
    await other.api("PUT", reactions, { emoji: "👍" });
    await person.enter(room);
    /** Which of these have an edge, once there are at least two. */
    const edges = async (selector) => {
        await page.locator(selector).nth(1).waitFor();
        return page
            .locator(selector)
            .evaluateAll((all) => all.map((one) => getComputedStyle(one).outlineStyle === "solid"));
    };
    assert.deepEqual(await edges("button.room"), [true, false]);
    assert.deepEqual(await edges(".reactions [data-emoji]"), [true, false]);
    await person.field.fill(":tea");
    const options = await edges(".completions li");
    assert.deepEqual(options.indexOf(true), options.lastIndexOf(true));
    assert.ok(options.includes(true));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    assert.deepEqual((await edges("[role=option]")).slice(0, 2), [true, false]);
    await page.keyboard.press("Escape");
    await person.button("Details").click();
    const dot = (name) => page.locator("li.person", { hasText: name }).locator(".dot");
    await dot(person.name).and(page.locator(".on")).waitFor();
    /** A picture of the middle of the dot: the styles that are computed are not those drawn. */
    const middle = async ({ name }) => {
        const { x, y, width, height } = await dot(name).boundingBox();
        const clip = { x: x + width / 2 - 1, y: y + height / 2 - 1, width: 2, height: 2 };
        return (await page.screenshot({ clip })).toString("base64");
    };
    assert.notEqual(await middle(person), await middle(other));
});

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

/** Presses a key and returns the label, or the text, of what has the focus then. */
async function press({ page }, key) {
    await page.keyboard.press(key);
    return page.evaluate(
        () =>
            document.activeElement.ariaLabel ||
            document.activeElement.querySelector?.(".name")?.textContent ||
            document.activeElement.textContent,
    );
}

test("the list of rooms is one stop, and a link skips to the message field", async () => {
    const person = await newUser();
    for (let i = 0; i < 10; i += 1) {
        await person.room(`Room ${i}`);
    }
    const room = await person.room("Kitchen");
    await person.post(room, "Hello");
    await person.enter(room);
    await person.page.locator(".room", { hasText: "Room 0" }).waitFor();
    await person.sees("Hello");
    assert.equal(await press(person, "Tab"), "Skip to the message field");
    await person.page.keyboard.press("Enter");
    await person.field.and(person.page.locator(":focus")).waitFor();
    assert.ok(person.page.url().endsWith(`#/${room}`));

    await person.page.reload();
    await person.page.locator(".room", { hasText: "Room 0" }).waitFor();
    await person.sees("Hello");
    const stops = [];
    while (!stops.at(-1)?.startsWith("Message to") && stops.length < 40) {
        stops.push(await press(person, "Tab"));
    }
    assert.ok(stops.length < 16, stops.join(", "));
    assert.equal(stops.filter((one) => /^(Room \d|Kitchen)/.test(one)).length, 1, stops.join(", "));
});

test("arrow keys, Home and End move in the rooms, the messages and the toolbar", async () => {
    const person = await newUser();
    for (let i = 0; i < 3; i += 1) {
        await person.room(`Room ${i}`);
    }
    const room = await person.room("Kitchen");
    for (const text of ["One", "Two", "Three"]) {
        await person.post(room, text);
    }
    await person.enter(room);
    await person.sees("Three");
    await person.page.locator(".room", { hasText: "Room 0" }).waitFor();
    await person.page.locator(".room", { hasText: "Kitchen" }).focus();
    assert.equal(await press(person, "ArrowDown"), "Room 2");
    assert.equal(await press(person, "End"), "Room 0");
    assert.equal(await press(person, "ArrowUp"), "Room 1");
    assert.equal(await press(person, "Home"), "Kitchen");
    await person.message("Three").focus();
    assert.match(await press(person, "Home"), /One$/);
    assert.match(await press(person, "End"), /Three$/);
    assert.equal(await press(person, "Tab"), "React");
    assert.equal(await press(person, "ArrowRight"), "Reply");
    assert.equal(await press(person, "End"), "Delete");
    assert.equal(await press(person, "ArrowLeft"), "Copy the link");
    assert.equal(await press(person, "Home"), "React");
});

test("a key of an input method does nothing", async () => {
    const person = await newUser();
    const room = await person.room("Kitchen");
    const { message_id: id } = await person.post(room, "Hello");
    await person.enter(room);
    await person.message("Hello").hover();
    await person.button("Reply").click();
    await person.field.fill("nihongo");
    for (const key of [
        { key: "Enter", isComposing: true },
        { key: "Enter", keyCode: 229 },
        { key: "Escape", keyCode: 229 },
    ]) {
        await person.field.evaluate((field, { keyCode, ...more }) => {
            const event = new KeyboardEvent("keydown", {
                bubbles: true,
                cancelable: true,
                ...more,
            });
            Object.defineProperty(event, "keyCode", { get: () => keyCode ?? 0 });
            field.dispatchEvent(event);
        }, key);
    }
    await person.settles();
    assert.equal(await person.field.inputValue(), "nihongo");
    assert.ok(await person.page.locator(".about").isVisible());
    const { results } = await person.api("GET", `chat/rooms/${room}/messages/`);
    assert.equal(results[0].message_id, id);
});

test("in a page from right to left, texts begin at the right", async () => {
    const person = await newUser({ viewport: SIZES.wide });
    const room = await person.room("Kitchen");
    await person.post(room, "Latin letters");
    await person.post(room, "שלום");
    await person.enter(room);
    await person.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    await person.sees("שלום");
    const places = await person.page.evaluate(() => {
        const edge = (selector, text) => {
            const element = [...document.querySelectorAll(selector)].find((one) =>
                one.textContent.includes(text),
            );
            const range = document.createRange();
            range.selectNodeContents(element);
            return element.getBoundingClientRect().right - range.getBoundingClientRect().right;
        };
        return [
            edge(".items .text", "Latin"),
            edge(".items .text", "שלום"),
            edge(".room .name", "Kitchen"),
            edge(".bar h2", "Kitchen"),
        ];
    });
    assert.ok(
        places.every((distance) => Math.abs(distance) < 2),
        places.join(),
    );
    await person.message("Latin letters").hover();
    const covered = await person.page.evaluate(() => {
        const tools = document.querySelector(".tools").getBoundingClientRect();
        const range = document.createRange();
        range.selectNodeContents(document.querySelector(".items .message .text"));
        const text = range.getBoundingClientRect();
        return text.left < tools.right && tools.bottom > text.top && tools.top < text.bottom;
    });
    assert.equal(covered, false);
    await person.picture("room-rtl");
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
    // The actions are one stop.
    await focusOn("React");
    await keyboard.press("End");
    await keyboard.press("Enter");
    await person.dialog().waitFor();
    await focusOn("Delete");
    await keyboard.press("Enter");
    await page.getByText("This message was deleted.").waitFor();
});
