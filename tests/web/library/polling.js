// Channels without sockets: polling, and the change between polling and sockets.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
    anotherClient,
    pair,
    receivedTexts,
    record,
    recordLive,
    roomOf,
} from "../support/clients.js";
import { until } from "../support/until.js";
import { roomWithManyEvents, system } from "./setup.js";

const polls = (client) => client.asked.filter((one) => one.path.includes("/events/"));

async function polling(channel) {
    const heard = record(channel);
    await until(() => channel.state === "polling");
    return heard;
}

test("without sockets events are polled, each delivered once", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const heard = await polling(bob.openRoom(room));
    for (const content of ["1", "2", "3"]) {
        await alice.postMessage(room, { content });
    }
    await until(() => heard.events.length === 3);
    assert.deepEqual(receivedTexts(heard), ["1", "2", "3"]);
    const { last_seq: last } = await bob.room(room);
    assert.equal(heard.channel.seq, last);
});

test("an unchanged room is answered with 304, and polled less and less often", async () => {
    const { bob, room } = await pair(system, { WebSocket: null });
    await polling(bob.openRoom(room));
    await until(() => polls(bob).filter((one) => one.status === 304).length >= 3);
    const [first, ...rest] = polls(bob);
    assert.equal(first.headers["If-None-Match"], undefined);
    assert.equal(first.status, 200);
    for (const poll of rest) {
        assert.match(poll.headers["If-None-Match"], /^W\//);
        assert.ok([304, undefined].includes(poll.status));
    }
});

test("a hidden page polls at the slowest pace", async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
    const { bob, room } = await pair(system, {
        WebSocket: null,
        document: page,
        pace: { pollMin: 1, pollMax: 600000 },
    });
    await polling(bob.openRoom(room));
    const seen = polls(bob).length;
    assert.equal(seen, 1);
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    await until(() => polls(bob).length > seen + 5);
});

test("events of more than one page are loaded at once", async () => {
    const { bob: user, room } = await roomWithManyEvents();
    const bob = await anotherClient(system, user, { WebSocket: null, pace: { pollMin: 60000 } });
    const heard = await polling(bob.openRoom(room, { since: 0 }));
    const { last_seq: last } = await bob.room(room);
    assert.ok(last > 1000);
    assert.equal(heard.events.length, last);
    assert.equal(heard.channel.seq, last);
});

test("the users online are known while polling", async () => {
    const { alice, bob, room } = await pair(system);
    await recordLive(alice.openRoom(room));
    const other = await anotherClient(system, bob, { WebSocket: null });
    const channel = other.openRoom(room);
    await until(() => channel.online.length === 1);
    assert.equal(channel.online[0].username, alice.user.username);
});

test("410 causes a resync, then polling continues", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const heard = await polling(bob.openRoom(room, { since: 4711 }));
    assert.equal(heard.resyncs.length, 1);
    const { last_seq: last } = await bob.room(room);
    assert.equal(heard.channel.seq, last);
    await alice.postMessage(room, { content: "new" });
    await until(() => heard.events.length === 1);
});

test("removal, deletion and a revoked token end polling", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const heard = await polling(bob.openRoom(room));
    const second = await roomOf(alice, bob);
    const gone = await polling(bob.openRoom(second));
    await alice.removeMember(room, bob.user.user_id);
    await alice.deleteRoom(second);
    await until(() => heard.closed && gone.closed);
    // A private room looks to non-members as if it did not exist.
    assert.deepEqual([heard.closed.code, gone.closed.code], [4404, 4404]);
    const third = await roomOf(alice, bob);
    const revoked = await polling(bob.openRoom(third));
    await (await anotherClient(system, bob)).logout();
    await until(() => revoked.closed);
    assert.equal(revoked.closed.code, 4401);
});

test("a firewall's 401, 403 or 404 does not end polling", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const heard = await polling(bob.openRoom(room));
    for (const status of [401, 403, 404]) {
        bob.net.firewall = () => new Response("<h1>Blocked</h1>", { status });
        await until(() => heard.channel.state === "waiting");
        bob.net.firewall = () => null;
        await until(() => heard.channel.state === "polling");
    }
    await alice.postMessage(room, { content: "still here" });
    await until(() => heard.events.length === 1);
    assert.equal(heard.closed, null);
    assert.ok(bob.user);
});

test("the user's own message arrives at once, however slow the pace", async () => {
    const { alice, room } = await pair(system, { WebSocket: null, pace: { pollMin: 600000 } });
    const heard = await polling(alice.openRoom(room));
    await alice.send(room, "mine").done;
    await until(() => heard.events.length === 1);
});

test("while the server is unreachable, the channel waits and tells until when", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const channel = bob.openRoom(room);
    const heard = await polling(channel);
    bob.net.online = false;
    await until(() => channel.state === "waiting");
    assert.ok(channel.retryAt > Date.now() - 1000);
    await alice.postMessage(room, { content: "meanwhile" });
    bob.net.online = true;
    await until(() => channel.state === "polling");
    await until(() => heard.events.length === 1);
});

test("pushd down and up: socket, polling, socket, without a gap or a repetition", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await recordLive(channel);
    let count = 0;
    const write = async () => alice.postMessage(room, { content: String((count += 1)) });
    let back = false;
    const writing = (async () => {
        while (!back) {
            await write();
        }
    })();
    await until(() => heard.events.length > 3);
    await system.end("push");
    await until(() => channel.state === "polling");
    const { length: before } = heard.events;
    await until(() => heard.events.length > before + 3);
    await system.start();
    await until(() => channel.state === "live");
    back = true;
    await writing;
    await until(() => heard.events.length >= count);
    assert.deepEqual(
        receivedTexts(heard),
        Array.from({ length: count }, (_, i) => String(i + 1)),
    );
    const asked = polls(bob).length;
    await until(async () => {
        await write();
        return heard.events.length > 2 * asked + 20;
    });
    assert.equal(polls(bob).length, asked);
});

test("notifications: without sockets the list of rooms is polled", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const channel = bob.openNotifications();
    const lists = [];
    channel.on("rooms", (page) => lists.push(page));
    await polling(channel);
    assert.equal(lists.length, 1);
    const list = () => bob.asked.filter((one) => one.path.includes("/rooms/?limit=200"));
    await until(() => list().filter((one) => one.status === 304).length >= 2);
    assert.equal(lists.length, 1);
    await alice.postMessage(room, { content: "unread" });
    await until(() => lists.length === 2);
    assert.equal(lists[1].results[0].unread_count, 1);
});

test("notifications: the user's own events arrive when sockets work again", async () => {
    const { alice, bob } = await pair(system);
    const channel = bob.openNotifications();
    const heard = await recordLive(channel);
    await system.end("push");
    await until(() => channel.state === "polling");
    const room = await roomOf(alice, bob);
    await system.start();
    await until(() => heard.events.length === 1);
    assert.deepEqual(
        heard.events.map((event) => [event.type, event.room_id]),
        [["room_invitation", room]],
    );
});
