import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./support/instance.js";
import { closeAll, device, live, pair, said } from "./support/people.js";
import { until } from "./support/wait.js";

let system;

before(async () => {
    system = await Instance.start({ CONFAB_DRAIN_TIME: "0" });
});
afterEach(closeAll);
after(() => system.close());

// Nothing is tried again by itself within the time of a test.
const NEVER = {
    backoffMin: 3600000,
    backoffMax: 3600000,
    socketRetryMin: 3600000,
    socketRetryMax: 3600000,
    pollMin: 3600000,
    pollMax: 3600000,
};

const page = (visibilityState) => Object.assign(new EventTarget(), { visibilityState });

test("offline closes sockets, online brings them back at once, with what was missed", async () => {
    const window = new EventTarget();
    const { alice, bob, room } = await pair(system, { window, pace: NEVER });
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    window.dispatchEvent(new Event("offline"));
    assert.equal(channel.state, "offline");
    assert.deepEqual(channel.online, []);
    await alice.postMessage(room, { content: "meanwhile" });
    window.dispatchEvent(new Event("online"));
    await until(() => heard.events.length === 1);
    assert.deepEqual(said(heard), ["meanwhile"]);
    assert.deepEqual(heard.states, ["live", "offline", "connecting", "live"]);
});

test("a lost socket that waits comes back at once when the tab is looked at", async () => {
    const document = page("hidden");
    const { bob, room } = await pair(system, { document, pace: NEVER });
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    bob.sockets.opened[0].terminate();
    await until(() => channel.state === "waiting");
    document.dispatchEvent(new Event("visibilitychange"));
    assert.equal(channel.state, "waiting"); // it is still hidden
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    await until(() => channel.state === "live");
    assert.deepEqual(heard.states, ["live", "waiting", "connecting", "live"]);
});

test("a dead socket is found out when the tab is looked at", async () => {
    const document = page("visible");
    const { bob, room } = await pair(system, {
        document,
        pace: { ...NEVER, backoffMin: 1, backoffMax: 1, pongTimeout: 200 },
    });
    const channel = bob.openRoom(room);
    await live(channel);
    bob.sockets.opened[0].pause();
    document.dispatchEvent(new Event("visibilitychange"));
    await until(() => bob.sockets.opened.length === 2);
    await until(() => channel.state === "live");
});

test("a live socket is kept when network and tab come and go", async () => {
    const [window, document] = [new EventTarget(), page("visible")];
    const { alice, bob, room } = await pair(system, { window, document });
    const heard = await live(bob.openRoom(room));
    for (let i = 0; i < 50; i += 1) {
        window.dispatchEvent(new Event("online"));
        document.dispatchEvent(new Event("visibilitychange"));
        bob.wake();
    }
    await alice.postMessage(room, { content: "still here" });
    await until(() => heard.events.length === 1);
    assert.deepEqual(heard.states, ["live"]);
    assert.equal(bob.sockets.opened.length, 1);
});

test("no storm: while one handshake is under way, nothing begins another", async () => {
    const { bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    for (let i = 0; i < 50; i += 1) {
        bob.wake();
        await Promise.resolve();
    }
    await until(() => channel.state === "live");
    assert.equal(bob.sockets.opened.length, 1);
});

test("no storm: a server that takes nobody is asked ever more rarely", async () => {
    const opened = [];
    class Refused {
        constructor() {
            opened.push(performance.now());
            setTimeout(() => this.onclose?.({ code: 1006 }), 0);
        }
        close() {}
    }
    const { bob, room } = await pair(system);
    const refused = await device(system, bob, {
        WebSocket: Refused,
        pace: { backoffMin: 1, backoffMax: 1, socketRetryMin: 40, socketRetryMax: 640 },
    });
    const channel = refused.openRoom(room);
    await until(() => channel.state === "polling");
    await until(() => opened.length >= 6);
    // After three in a row, half of the shortest time lies between two tries at least.
    for (let i = 3; i < opened.length; i += 1) {
        assert.ok(opened[i] - opened[i - 1] >= 15, String(opened));
    }
});

test("close() leaves nothing behind that would go on", async () => {
    const window = new EventTarget();
    const { bob, room } = await pair(system, { window });
    const channel = bob.openRoom(room);
    await live(channel);
    bob.close();
    const before = bob.asked.length;
    window.dispatchEvent(new Event("online"));
    assert.equal(channel.state, "closed");
    assert.equal(bob.sockets.opened.length, 1);
    assert.equal(bob.asked.length, before);
});
