// Network and tab come and go: reconnecting at once, but not too often.

import assert from "node:assert/strict";
import { test } from "node:test";

import { anotherClient, pair, receivedTexts, recordLive } from "../support/clients.js";
import { until } from "../support/until.js";
import { system } from "./setup.js";

// No retry happens by itself during a test.
const NEVER = {
    backoffMin: 3600000,
    backoffMax: 3600000,
    socketRetryMin: 3600000,
    socketRetryMax: 3600000,
    pollMin: 3600000,
    pollMax: 3600000,
};

const page = (visibilityState) => Object.assign(new EventTarget(), { visibilityState });

test("offline closes sockets, online reopens them at once with what was missed", async () => {
    const window = new EventTarget();
    const { alice, bob, room } = await pair(system, { window, pace: NEVER });
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    window.dispatchEvent(new Event("offline"));
    assert.equal(channel.state, "offline");
    assert.deepEqual(channel.online, []);
    await alice.postMessage(room, { content: "meanwhile" });
    window.dispatchEvent(new Event("online"));
    await until(() => received.events.length === 1);
    assert.deepEqual(receivedTexts(received), ["meanwhile"]);
    assert.deepEqual(received.states, ["live", "offline", "connecting", "live"]);
});

test("a waiting channel reconnects at once when the tab becomes visible", async () => {
    const document = page("hidden");
    const { bob, room } = await pair(system, { document, pace: NEVER });
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    bob.sockets.opened[0].terminate();
    await until(() => channel.state === "waiting");
    document.dispatchEvent(new Event("visibilitychange"));
    assert.equal(channel.state, "waiting"); // it is still hidden
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    await until(() => channel.state === "live");
    assert.deepEqual(received.states, ["live", "waiting", "connecting", "live"]);
});

test("a dead socket is detected when the tab becomes visible", async () => {
    const document = page("visible");
    const { bob, room } = await pair(system, {
        document,
        pace: { ...NEVER, backoffMin: 1, backoffMax: 1, pongTimeout: 200 },
    });
    const channel = bob.openRoom(room);
    await recordLive(channel);
    bob.sockets.opened[0].pause();
    document.dispatchEvent(new Event("visibilitychange"));
    await until(() => bob.sockets.opened.length === 2);
    await until(() => channel.state === "live");
});

for (const [name, isWindow] of [
    ["pageshow", true],
    ["focus", true],
    ["resume", false],
]) {
    test(`a dead socket is detected when the page reports nothing but ${name}`, async () => {
        const [window, document] = [new EventTarget(), page("visible")];
        const { alice, bob, room } = await pair(system, {
            window,
            document,
            pace: { ...NEVER, backoffMin: 1, backoffMax: 1, pongTimeout: 200 },
        });
        const received = await recordLive(bob.openRoom(room));
        bob.sockets.opened[0].pause();
        await alice.postMessage(room, { content: "meanwhile" });
        (isWindow ? window : document).dispatchEvent(new Event(name));
        await until(() => received.events.length === 1);
        assert.equal(bob.sockets.opened.length, 2);
    });
}

test("a live socket is kept when network and tab come and go", async () => {
    const [window, document] = [new EventTarget(), page("visible")];
    const { alice, bob, room } = await pair(system, { window, document });
    const received = await recordLive(bob.openRoom(room));
    for (let i = 0; i < 50; i += 1) {
        window.dispatchEvent(new Event("online"));
        document.dispatchEvent(new Event("visibilitychange"));
        bob.wake();
    }
    await alice.postMessage(room, { content: "still here" });
    await until(() => received.events.length === 1);
    assert.deepEqual(received.states, ["live"]);
    assert.equal(bob.sockets.opened.length, 1);
});

test("no storm: one handshake at a time", async () => {
    const { bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    for (let i = 0; i < 50; i += 1) {
        bob.wake();
        await Promise.resolve();
    }
    await until(() => channel.state === "live");
    assert.equal(bob.sockets.opened.length, 1);
});

test("no storm: a server that refuses sockets is retried less and less often", async () => {
    const opened = [];
    class Refused {
        constructor() {
            opened.push(performance.now());
            setTimeout(() => this.onclose?.({ code: 1006 }), 0);
        }
        close() {}
    }
    const { bob, room } = await pair(system);
    const refused = await anotherClient(system, bob, {
        WebSocket: Refused,
        pace: { backoffMin: 1, backoffMax: 1, socketRetryMin: 40, socketRetryMax: 640 },
    });
    const channel = refused.openRoom(room);
    await until(() => channel.state === "polling");
    await until(() => opened.length >= 6);
    // After three failures the pause is at least half of socketRetryMin; allow for timers.
    for (let i = 3; i < opened.length; i += 1) {
        assert.ok(opened[i] - opened[i - 1] >= 15, String(opened));
    }
});

test("after close() no request or socket is started", async () => {
    const window = new EventTarget();
    const { bob, room } = await pair(system, { window });
    const channel = bob.openRoom(room);
    await recordLive(channel);
    bob.close();
    const before = bob.asked.length;
    window.dispatchEvent(new Event("online"));
    assert.equal(channel.state, "closed");
    assert.equal(bob.sockets.opened.length, 1);
    assert.equal(bob.asked.length, before);
});
