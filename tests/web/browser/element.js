// The element: what it leaves behind, the bubble, reading only, its language.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, newUser, openWindow } from "../support/browser.js";
import { visitSite } from "../support/site-page.js";
import { until } from "../support/until.js";
import "./setup.js";

/** The element for a room and a user; `more` are further attributes. */
const tag = (room, { token }, more = "") =>
    `<confab-chat room="${room}" token="${token}" ${more}></confab-chat>`;

/** Counts what a page holds: listeners of window and document, timers, channels between tabs. */
function countHeld(page) {
    return page.addInitScript(() => {
        const held = { listeners: new Map(), timers: new Map(), channels: new Set() };
        window.held = held;
        window.counts = async () => ({
            listeners: [...held.listeners.values()],
            timers: [...held.timers.values()],
            channels: held.channels.size,
            locks: (await navigator.locks.query()).held.length,
        });
        const { addEventListener, removeEventListener } = EventTarget.prototype;
        const numbers = new WeakMap();
        const number = (listener) => {
            numbers.set(listener, numbers.get(listener) ?? Math.random());
            return numbers.get(listener);
        };
        EventTarget.prototype.addEventListener = function (type, listener, options) {
            if (listener && (this === window || this === document)) {
                const key = `${type} ${number(listener)}`;
                held.listeners.set(key, type);
                options?.signal?.addEventListener("abort", () => held.listeners.delete(key));
            }
            return addEventListener.call(this, type, listener, options);
        };
        EventTarget.prototype.removeEventListener = function (type, listener, options) {
            if (listener && (this === window || this === document)) {
                held.listeners.delete(`${type} ${number(listener)}`);
            }
            return removeEventListener.call(this, type, listener, options);
        };
        for (const [set, clear] of [
            ["setTimeout", "clearTimeout"],
            ["setInterval", "clearInterval"],
        ]) {
            const [start, stop] = [window[set], window[clear]];
            window[set] = (work, ms, ...args) => {
                const id = start(() => {
                    if (set === "setTimeout") {
                        held.timers.delete(id);
                    }
                    work(...args);
                }, ms);
                held.timers.set(id, `${set} ${ms}: ${work}`);
                return id;
            };
            window[clear] = (id) => {
                held.timers.delete(id);
                stop(id);
            };
        }
        const Channel = window.BroadcastChannel;
        window.BroadcastChannel = class extends Channel {
            constructor(name) {
                super(name);
                held.channels.add(this);
            }
            close() {
                held.channels.delete(this);
                super.close();
            }
        };
    });
}

for (const [name, attributes] of [
    ["one room", (room) => `room="${room}"`],
    ["all rooms", () => ""],
    ["a bubble", (room) => `room="${room}" mode="bubble" open`],
]) {
    test(`removed and added again, the element leaves nothing behind: ${name}`, async () => {
        const person = await newUser();
        const room = await person.room("Counter");
        await person.post(room, "Rye is out");
        const open = new Set();
        person.page.on("websocket", (socket) => {
            open.add(socket);
            socket.on("close", () => open.delete(socket));
        });
        await countHeld(person.page);
        await visitSite(person, "<main></main>");
        await until(() => person.page.evaluate(() => Boolean(customElements.get("confab-chat"))));
        const counts = () => person.page.evaluate(() => window.counts());
        const before = await counts();
        assert.equal(before.locks, 0);
        for (let i = 0; i < 4; i += 1) {
            await person.page.evaluate(
                (html) => {
                    document.querySelector("main").innerHTML = html;
                },
                `<confab-chat token="${person.token}" ${attributes(room)}></confab-chat>`,
            );
            await person.page.getByText("Rye is out").first().waitFor();
            // Also while it is still opening.
            await person.page.evaluate(() => {
                const element = document.querySelector("confab-chat");
                element.remove();
                document.querySelector("main").append(element);
                element.remove();
            });
        }
        await until(
            async () => JSON.stringify(await counts()) === JSON.stringify(before),
            15,
        ).catch(async () => assert.deepEqual(await counts(), before));
        await until(() => open.size === 0);
        assert.equal(await person.page.locator("main *").count(), 0);
    });
}

test("the bubble counts unread messages, and reads them only when it is open", async () => {
    const [person, other] = [await newUser(), await account()];
    const room = await person.room("Counter", other);
    await other.post(room, "Before");
    await visitSite(person, `<p>A page</p>${tag(room, person, 'mode="bubble"')}`);
    const { page } = person;
    const button = page.getByRole("button", { name: /^(Open|Close) the chat/ });
    await button
        .and(page.getByRole("button", { name: "Open the chat, 1 unread message" }))
        .waitFor();
    await other.post(room, "Rolls are ready");
    await page.getByRole("button", { name: "Open the chat, 2 unread messages" }).waitFor();
    await page.locator(".launcher .badge", { hasText: "2" }).waitFor();
    assert.equal(await page.getByText("Rolls are ready").isVisible(), false);
    const unread = async () => (await person.api("GET", `chat/rooms/${room}/`)).unread_count;
    assert.equal(await unread(), 2);
    assert.equal(await page.locator("confab-chat").evaluate((node) => node.unread), 2);
    await person.picture("bubble-closed");
    // Nothing in the closed chat can be reached by keyboard.
    await page.keyboard.press("Tab");
    assert.equal(
        await page.evaluate(() =>
            document.activeElement.shadowRoot?.activeElement.classList.contains("launcher"),
        ),
        true,
    );
    await button.click();
    await page.getByText("Rolls are ready").waitFor();
    await person.field.and(page.locator(":focus")).waitFor();
    await until(async () => (await unread()) === 0);
    await person.picture("bubble-open");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Open the chat", exact: true }).waitFor();
    assert.equal(await page.getByText("Rolls are ready").isVisible(), false);
    // By the page's own script.
    await page.locator("confab-chat").evaluate((node) => {
        node.open = true;
    });
    await page.getByText("Rolls are ready").waitFor();
    await page.locator("confab-chat").evaluate((node) => {
        node.mode = null;
    });
    await page.getByText("Rolls are ready").waitFor();
    assert.equal(await button.count(), 0);
});

test("on a phone the open bubble fills the window above its button", async () => {
    const person = await newUser({ viewport: { width: 390, height: 844 } });
    const room = await person.room("Counter");
    await visitSite(person, tag(room, person, 'mode="bubble" open'));
    await person.field.waitFor();
    const box = await person.page.locator(".frame").boundingBox();
    assert.equal(box.x, 0);
    assert.equal(box.width, 390);
    const button = await person.page.locator(".launcher").boundingBox();
    assert.ok(box.y + box.height <= button.y);
    await person.picture("bubble-phone");
});

test("a chat to be read only offers nothing that writes", async () => {
    const [person, other] = [await newUser(), await account()];
    const room = await person.room("Counter", other);
    await person.post(room, "Rye is out");
    await visitSite(person, tag(room, person, "readonly"));
    await person.sees("Rye is out");
    await other.post(room, "Rolls are ready");
    await person.sees("Rolls are ready");
    await person.message("Rye is out").hover();
    assert.equal(await person.page.locator(".composer, .tools").count(), 0);
    await person.button("Details").click();
    await person.page.locator("li.person").first().waitFor();
    const actions = person.page.locator(".details .actions button, .with-menu");
    assert.deepEqual(await actions.allTextContents(), ["Go to a day"]);
    const element = person.page.locator("confab-chat");
    await element.evaluate((node) => {
        node.readonly = false;
    });
    await person.say("Two rolls, please");
    await person.sees("Two rolls, please");
    await element.evaluate((node) => {
        node.room = null;
        node.readonly = true;
    });
    await person.page.locator(".room").first().waitFor();
    assert.equal(await person.page.getByRole("button", { name: /^New/ }).count(), 0);
});

test("the attribute lang selects the words, else the page's language does", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    const message = await person.post(room, "Rye is out");
    await person.api("DELETE", `chat/rooms/${room}/messages/${message.message_id}/`);
    const placeholder = (words) => person.page.getByPlaceholder(words).waitFor();
    await visitSite(person, tag(room, person));
    await placeholder("Write a message");
    await person.page.getByText("This message was deleted.").waitFor();
    const element = person.page.locator("confab-chat");
    await element.evaluate((node) => {
        node.lang = "de";
    });
    await placeholder("Nachricht schreiben");
    await person.page.getByText("Diese Nachricht wurde gelöscht.").waitFor();
    await person.page.getByText("Heute").waitFor();
    await element.evaluate((node) => {
        document.documentElement.lang = "de-CH";
        node.lang = "en";
    });
    await placeholder("Write a message");
    await element.evaluate((node) => node.removeAttribute("lang"));
    await placeholder("Nachricht schreiben");
    await element.evaluate((node) => node.setAttribute("room", "banana"));
    await person.page.getByText('room="banana" ist nicht die Nummer eines Raums.').waitFor();
});

test("a browser in German sees the page in German", async () => {
    const person = await openWindow({ locale: "de-AT" });
    await person.visit();
    await person.page.getByRole("heading", { name: "Anmelden" }).waitFor();
    assert.equal(await person.page.evaluate(() => document.documentElement.lang), "de-AT");
    await person.page.getByLabel("Benutzername").fill("nobody");
    await person.page.getByLabel("Passwort").fill("wrong password");
    await person.button("Anmelden").click();
    await person.page.getByText("Benutzername oder Passwort ist falsch.").waitFor();
});
