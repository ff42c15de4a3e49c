// Other tabs and devices of the same user, and time that passes while the page is open.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, loggedInUser, newUser, openWindow, pair } from "../support/browser.js";
import { PASSWORD } from "../support/clients.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

const rooms = (page, name) => page.locator("button.room", { hasText: name });
const look = (page) => page.evaluate(() => window.dispatchEvent(new Event("focus")));

/** Alice and bob in two rooms; bob has the second one open. */
async function twoRooms() {
    const [alice, bob] = [await account(), await loggedInUser()];
    const kitchen = await alice.room("Kitchen", bob);
    const garden = await alice.room("Garden", bob);
    await alice.post(garden, "Hello");
    await bob.enter(garden);
    await bob.page.getByText("Online", { exact: true }).first().waitFor();
    return { alice, bob, kitchen };
}

test("what is read on another device is read here when the page is shown", async () => {
    const { alice, bob, kitchen } = await twoRooms();
    const { message_id: id } = await alice.post(kitchen, "Tea is ready.");
    await rooms(bob.page, "Kitchen").locator(".count").waitFor();
    await until(async () => (await bob.page.title()).startsWith("(1)"));
    await bob.api("POST", `chat/rooms/${kitchen}/read/`, { message_id: id });
    await until(async () => {
        await look(bob.page);
        return (await rooms(bob.page, "Kitchen").locator(".count").count()) === 0;
    });
    assert.doesNotMatch(await bob.page.title(), /^\(/);
});

slow("what is written on another device is the room's last message here", async () => {
    const { alice, bob, kitchen } = await twoRooms();
    await alice.post(kitchen, "Shall we?");
    await rooms(bob.page, "Shall we?").waitFor();
    await bob.post(kitchen, "Yes, from my phone");
    await until(async () => {
        await look(bob.page);
        return (await rooms(bob.page, "You: Yes, from my phone").count()) === 1;
    });
    assert.equal(await bob.page.locator("button.room .name").first().textContent(), "Kitchen");
    assert.equal(await rooms(bob.page, "Kitchen").locator(".count").count(), 0);
});

slow("what is read and answered in one tab is so at once in the other", async () => {
    const { alice, bob, kitchen } = await twoRooms();
    const other = await bob.context.newPage();
    await other.goto(bob.page.url());
    await other.goto(`${bob.page.url().replace(/#.*/, "")}#/${kitchen}`);
    await other.getByRole("textbox", { name: /^Message to/ }).waitFor();
    // Bob looks at the other tab.
    await bob.page.evaluate(() => {
        document.hasFocus = () => false;
    });
    await alice.post(kitchen, "Tea is ready.");
    await other.locator(".items .message", { hasText: "Tea is ready." }).waitFor();
    await rooms(bob.page, "Tea is ready.").waitFor();
    await rooms(bob.page, "Kitchen").locator(".count").waitFor({ state: "detached" });
    await other.getByRole("textbox", { name: /^Message to/ }).fill("Coming");
    await other.keyboard.press("Enter");
    await rooms(bob.page, "You: Coming").waitFor();
    assert.doesNotMatch(await bob.page.title(), /^\(/);
});

/** Replaces notifications by a list, `shown`. */
function recordNotifications(page) {
    return page.addInitScript(() => {
        window.shown = [];
        window.Notification = class {
            static permission = "granted";
            constructor(title, { body } = {}) {
                window.shown.push(`${title}: ${body}`);
            }
            close() {}
        };
        localStorage.setItem("confab-alerts", "on");
    });
}

slow("a tab does not notify of what the user sees in another tab", async () => {
    const [alice, bob] = [await account(), await newUser()];
    const room = await alice.room("Kitchen", bob);
    await recordNotifications(bob.context);
    await bob.enter(room);
    await bob.page.evaluate(() => {
        document.hasFocus = () => false;
    });
    const other = await bob.context.newPage();
    await other.goto(bob.page.url());
    await other.getByText("2 members").waitFor();
    await other.getByText("Online", { exact: true }).waitFor();
    await alice.post(room, "Tea is ready.");
    await other.locator(".items .message", { hasText: "Tea is ready." }).waitFor();
    await other.close();
    await new Promise((resolve) => {
        setTimeout(resolve, 2000);
    });
    await alice.post(room, "Are you coming?");
    await until(async () => (await bob.page.evaluate(() => window.shown.length)) > 0);
    assert.deepEqual(await bob.page.evaluate(() => window.shown), [
        `${alice.name} in Kitchen: Are you coming?`,
    ]);
});

slow("notifications are off in a browser whose notifications throw", async () => {
    const [alice, bob] = [await account(), await newUser()];
    const room = await alice.room("Kitchen", bob);
    const refuse = (permission) =>
        bob.page.addInitScript((given) => {
            window.Notification = class {
                static permission = given;
                static async requestPermission() {
                    this.permission = "granted";
                    return "granted";
                }
                constructor() {
                    throw new TypeError("Illegal constructor.");
                }
            };
            document.hasFocus = () => false;
        }, permission);
    const bell = bob.button("Desktop notifications");
    const isOff = () => until(async () => (await bell.getAttribute("aria-pressed")) === "false");
    await refuse("default");
    await bob.visit();
    await bell.click();
    await bob.page.getByText("This browser does not support desktop notifications.").waitFor();
    await isOff();

    await bob.page.evaluate(() => localStorage.setItem("confab-alerts", "on"));
    await refuse("granted");
    await bob.page.reload();
    await bob.page.getByText("Online", { exact: true }).waitFor();
    await alice.post(room, "Tea is ready.");
    await bob.page.getByText("This browser does not show desktop notifications.").waitFor();
    await isOff();
});

slow("the title is drawn though the page is hidden before its next frame", async () => {
    const { alice, bob, kitchen } = await twoRooms();
    // No frame comes any more, as in a hidden tab.
    await bob.page.evaluate(() => {
        window.requestAnimationFrame = () => 0;
    });
    await alice.post(kitchen, "Tea is ready.");
    await until(async () => (await bob.page.title()).startsWith("(1)"));
    await alice.post(kitchen, "Are you coming?");
    await until(async () => (await bob.page.title()).startsWith("(2)"));
});

slow("after midnight what was said today is of yesterday", async () => {
    const person = await newUser();
    const room = await person.room("Kitchen");
    await person.post(room, "Said before midnight");
    await person.page.clock.install();
    await person.enter(room);
    const days = () => person.page.locator(".separator.day").allTextContents();
    assert.deepEqual(await days(), ["Today"]);
    await person.page.clock.fastForward("24:00:00");
    await person.page.clock.runFor(61000);
    await until(async () => (await days()).join() === "Yesterday");
    await rooms(person.page, "Kitchen").getByText("Yesterday").waitFor();
    await person.page.clock.setSystemTime(Date.now() + 400 * 24 * 60 * 60 * 1000);
    await person.page.clock.runFor(61000);
    const year = String(new Date().getFullYear());
    await until(async () => (await days()).join().includes(year));
    await rooms(person.page, "Kitchen").locator("time", { hasText: year }).waitFor();
});

slow("the readers of a message are known after a reload", async () => {
    const { alice, bob, room } = await pair();
    await alice.say("Tea is ready.");
    await bob.sees("Tea is ready.");
    await alice.page.getByText(`Seen by ${bob.name}`).waitFor();
    await bob.page.close();
    await alice.page.reload();
    await alice.page.getByText(`Seen by ${bob.name}`).waitFor();
    // Also on another device, which was not there when bob read.
    const device = await openWindow();
    await device.api("POST", "auth/login/", { username: alice.name, password: PASSWORD });
    await device.enter(room);
    await device.page.getByText(`Seen by ${bob.name}`).waitFor();
});

slow("a user who does not show what was read does not see it either", async () => {
    const { alice, bob } = await pair();
    await alice.chooseOwn("Settings");
    const box = alice.page.getByRole("checkbox", { name: "Show others what you have read" });
    await box.uncheck();
    await until(async () => (await alice.api("GET", "auth/me/")).share_read === false);
    await alice.page.keyboard.press("Escape");
    await alice.say("Tea is ready.");
    await bob.sees("Tea is ready.");
    await bob.say("I have read it.");
    await alice.sees("I have read it.");
    await alice.say("Good.");
    await bob.sees("Good.");
    await alice.page.reload();
    await alice.sees("Good.");
    for (const one of [alice, bob]) {
        assert.equal(await one.page.getByText("Seen by").count(), 0);
    }
});

test("an invitation is announced in the list of rooms until the room is opened", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    await bob.page.getByText("Online", { exact: true }).waitFor();
    await alice.room("Kitchen", bob);
    await rooms(bob.page, "Kitchen").getByText(`${alice.name} invited you`).waitFor();
    await rooms(bob.page, "Kitchen").click();
    await rooms(bob.page, "Kitchen").getByText("No messages yet").waitFor();
});
