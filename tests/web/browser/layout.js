// Layout: nothing covers, cuts, moves or turns round what is beside it, in the page, in its
// dialogs, and in a small element.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults } from "../support/axe.js";
import { account, loggedInUser, newUser, openWindow, SIZES } from "../support/browser.js";
import { visitSite } from "../support/site-page.js";
import { until } from "../support/until.js";
import "./setup.js";

/** A page of another site with the whole chat, 320 by 480 px, in its main part. */
async function smallElement(person) {
    const room = await person.room("Counter");
    await person.post(room, "Rye is out");
    await person.post(room, "And the rolls are in the oven");
    await visitSite(
        person,
        `<main><h1>Bakery</h1><confab-chat token="${person.token}"></confab-chat></main>`,
        { head: "<style>confab-chat { width: 320px; height: 480px }</style>" },
    );
    await person.page.locator(".room", { hasText: "Counter" }).click();
    await person.sees("And the rolls");
    return room;
}

test("a small element in the main part of a site has no faults, and few buttons", async () => {
    const person = await newUser();
    await smallElement(person);
    await person.message("And the rolls").hover();
    const tools = person.page.locator(".tools");
    await tools.waitFor();
    assert.deepEqual(await faults(person), []);
    const [bar, message] = [await tools.boundingBox(), await person.message("rolls").boundingBox()];
    assert.ok(bar.x > message.x + message.width / 2, `${bar.x} px`);
    await person.button("More", tools).click();
    for (const name of ["React", "Reply", "Copy the link", "Delete"]) {
        await person.button(name, person.dialog()).waitFor();
    }
    assert.deepEqual(await faults(person), []);
    await person.page.keyboard.press("Escape");
    // The words in the empty field stay in one line.
    const field = await person.field.boundingBox();
    assert.ok(field.height < 60, `${field.height} px`);
    await person.button("Details").click();
    await person.page.locator("li.person").first().waitFor();
    assert.deepEqual(await faults(person), []);
});

test("the page cannot be scrolled as a whole", async () => {
    const person = await newUser();
    for (let i = 0; i < 15; i += 1) {
        await person.room(`Room ${i}`);
    }
    await person.visit();
    await person.page.locator(".room", { hasText: "Room 0" }).waitFor();
    const moved = await person.page.evaluate(() => {
        const all = [document.scrollingElement, ...document.querySelectorAll(".confab, .shell")];
        return all.map((element) => {
            element.scrollTop = 1000;
            return element.scrollTop;
        });
    });
    assert.deepEqual(moved, [0, 0, 0]);
});

for (const size of ["tablet", "phone"]) {
    test(`the login stays in its place when the open rooms come (${size})`, async () => {
        const [alice, reader] = [await account(), await openWindow({ viewport: SIZES[size] })];
        const room = await alice.room("Garden");
        const topic = "Apples and pears ".repeat(8);
        await alice.api("PATCH", `chat/rooms/${room}/`, { is_open: true, topic });
        let give;
        const given = new Promise((resolve) => {
            give = resolve;
        });
        await reader.page.route("**/open-rooms/?*", async (route) => {
            await given;
            await route.continue();
        });
        await reader.visit();
        const card = reader.page.locator(".card:visible");
        await reader.button("Forgot your password?").waitFor();
        const before = await card.boundingBox();
        give();
        await reader.page.getByRole("list", { name: "Open rooms" }).waitFor();
        assert.deepEqual(await card.first().boundingBox(), before);
        const below = await card.nth(1).boundingBox();
        assert.ok(below.y > before.y + before.height, `${below.y} px`);
        await reader.button("Read Garden").first().scrollIntoViewIfNeeded();
        await reader.picture(`open-rooms-${size}`);
        // With an open room the page loads more at first, which another test measures.
        await alice.api("PATCH", `chat/rooms/${room}/`, { is_open: false });
    });
}

/** The first character of an element's words, and the last: whether the first is further left. */
const beginsLeft = (locator) =>
    locator.evaluate((element) => {
        const node = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
        const at = (index) => {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + 1);
            return range.getBoundingClientRect().left;
        };
        return at(0) < at(node.length - 1);
    });

test("words of either direction keep their order and their beginning in lists", async () => {
    const [person, other] = [await newUser(), await account()];
    const room = await person.room("Kitchen", other);
    const words = "صباح الخير، لقد رفعت النسخة الجديدة من الترجمة إلى المستودع";
    await other.api("PATCH", "auth/me/", { display_name: `Oona ${"of the sea ".repeat(5)}` });
    await other.post(room, words, { mentions: { user_ids: [person.id], all: false } });
    await person.visit();
    const last = person.page.locator(".room .last", { hasText: words });
    await last.waitFor();
    // Cut at its left end: the first letter is shown, beside the end of the row.
    const hidden = await last.locator("bdi").evaluate((element) => {
        const range = document.createRange();
        range.setStart(element.firstChild, 0);
        range.setEnd(element.firstChild, 1);
        const { right } = range.getBoundingClientRect();
        return Math.round(right - element.getBoundingClientRect().right);
    });
    assert.ok(Math.abs(hidden) <= 1, `${hidden} px`);
    assert.equal(await beginsLeft(last), true);

    await person.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    await until(() => beginsLeft(person.page.locator(".count.at > span").first()));
    await person.page.locator(".room", { hasText: "Kitchen" }).click();
    await person.button("Details").click();
    const heading = person.page.locator(".details h3").first();
    await heading.getByText("2 members").waitFor();
    assert.equal(await beginsLeft(heading), true);
    const name = person.page.locator(".details .who bdi", { hasText: "Oona" });
    const shown = await name.evaluate((element) => {
        const range = document.createRange();
        range.setStart(element.firstChild, 0);
        range.setEnd(element.firstChild, 1);
        const { left } = element.closest(".who").getBoundingClientRect();
        return range.getBoundingClientRect().left - left;
    });
    assert.ok(shown >= 0, `${shown} px`);
});

test("a long dialog shows its buttons at once, and begins with its first field", async () => {
    const person = await loggedInUser({ viewport: SIZES.phone });
    const room = await person.room("Kitchen");
    await person.enter(room);
    await person.button("Details").click();
    await person.button("Room settings").click();
    const save = await person.button("Save", person.dialog()).boundingBox();
    const dialog = await person.dialog().boundingBox();
    assert.ok(save.y + save.height < dialog.y + dialog.height, `${save.y} px`);
    await person.page.getByLabel("Name").and(person.page.locator(":focus")).waitFor();
    await person.page.keyboard.press("Escape");
    await person.button("Invite links").click();
    await person.page.getByLabel("Role in the room").and(person.page.locator(":focus")).waitFor();
});

test("the page of moderators stays in its place when another list is chosen", async () => {
    const person = await loggedInUser();
    const room = await person.room("Kitchen");
    await person.post(room, "Hello");
    await person.enter(room);
    await person.chooseOwn("Moderation");
    const tops = new Set();
    for (const name of ["Reports", "Waiting", "Bans"]) {
        await person.page.getByRole("tab", { name }).click();
        await person.dialog().getByText("There is nothing to do here.").waitFor();
        tops.add((await person.dialog().boundingBox()).y);
    }
    assert.equal(tops.size, 1, [...tops].join());
});
