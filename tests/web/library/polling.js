// Channels without sockets: polling, and the change between polling and sockets.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
    anonymousClient,
    anotherClient,
    pair,
    receivedTexts,
    record,
    recordLive,
    roomOf,
} from "../support/clients.js";
import { until } from "../support/until.js";
import { roomWithManyEvents, system } from "./setup.js";
import { slow } from "../support/slow.js";

const polls = (client) => client.asked.filter((one) => one.path === "/api/chat/sync/");

async function polling(channel) {
    const received = record(channel);
    await until(() => channel.state === "polling");
    return received;
}

test("without sockets events are polled, each delivered once", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const received = await polling(bob.openRoom(room));
    for (const content of ["1", "2", "3"]) {
        await alice.postMessage(room, { content });
    }
    await until(() => received.events.length === 3);
    assert.deepEqual(receivedTexts(received), ["1", "2", "3"]);
    const { last_seq: last } = await bob.room(room);
    assert.equal(received.channel.seq, last);
});

test("rooms and notifications are polled by one request, less and less often", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const second = await roomOf(alice, bob);
    const channels = [bob.openNotifications(), bob.openRoom(room), bob.openRoom(second)];
    await until(() => channels.every((channel) => channel.state === "polling"));
    const began = performance.now();
    const seen = polls(bob).length;
    await until(() => polls(bob).length >= seen + 4);
    assert.ok(performance.now() - began > 4 * 50);
    assert.ok(bob.asked.every((one) => !one.path.includes("/events/")));
    assert.ok(bob.asked.every((one) => !one.path.includes("/rooms/?")));
});

test("a room that is opened while the notifications are polled gets later events", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    await alice.postMessage(room, { content: "before" });
    const own = await polling(bob.openNotifications());
    const received = await polling(bob.openRoom(room));
    await alice.postMessage(room, { content: "after" });
    await until(() => own.frames.some((one) => one.message?.content === "after"));
    await until(() => received.events.length > 0);
    assert.deepEqual(receivedTexts(received), ["after"]);
    // Each of two channels gets what it has missed.
    const before = record(bob.openRoom(room, { since: 1 }));
    const now = record(bob.openRoom(room, { since: received.channel.seq }));
    await until(() => before.events.length === 2);
    assert.deepEqual(receivedTexts(before), ["before", "after"]);
    assert.deepEqual(receivedTexts(now), []);
});

test("a room that no list has is followed or refused, though nothing has changed", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    await bob.setRoomView(room, { is_hidden: true });
    await polling(bob.openNotifications());
    const received = await polling(bob.openRoom(room));
    await until(() => received.channel.seq !== null);
    await alice.postMessage(room, { content: "after" });
    await until(() => received.events.length > 0);
    const { room_id: foreign } = await alice.createRoom({ name: "Others" });
    const refused = record(bob.openRoom(foreign));
    await until(() => refused.closed !== null);
    assert.equal(refused.closed.code, 4404);
});

test("a live room is polled by a user who is not in it, and by sync/ after joining", async () => {
    const { alice, bob } = await pair(system, { WebSocket: null });
    const { room_id: stage } = await alice.createRoom({ name: "Stage", is_private: false });
    await alice.updateRoom(stage, { is_live: true });
    assert.equal((await bob.room(stage)).role, "viewer");
    const lists = [];
    const own = await polling(bob.openNotifications());
    own.channel.on("rooms", (page) => lists.push(page));
    const received = await polling(bob.openRoom(stage));
    for (const content of ["one", "two"]) {
        await alice.postMessage(stage, { content });
        await until(() => receivedTexts(received).includes(content));
    }
    // sync/ said once that the user is not in it.
    assert.ok(lists.length <= 1);
    await bob.join(stage);
    await alice.updateRoom(stage, { is_live: false });
    await alice.postMessage(stage, { content: "three" });
    await until(() => receivedTexts(received).includes("three"));
    assert.equal((await bob.room(stage)).role, undefined);
    assert.equal(received.closed, null);
});

test("a stranger reads an open room, asking for nothing else, until it is closed", async () => {
    const { alice, room } = await pair(system, { WebSocket: null });
    await alice.updateRoom(room, { is_open: true });
    const stranger = anonymousClient(system, { auth: "none" });
    const { last_seq: since } = await stranger.room(room);
    const received = record(stranger.openRoom(room, { since }));
    await alice.postMessage(room, { content: "Hello, all" });
    await until(() => received.events.length > 0);
    assert.deepEqual(receivedTexts(received), ["Hello, all"]);
    const { results } = await stranger.messages(room);
    assert.equal(stranger.profiles.get(results[0].sender_id), null);
    await alice.updateRoom(room, { is_open: false });
    await until(() => received.closed !== null);
    assert.equal(received.closed.code, 4401);
    assert.ok(stranger.asked.every(({ headers }) => !headers.Authorization));
    const allowed = /^\/api\/$|^\/api\/chat\/rooms\/\d+\/(events\/|messages\/)?($|\?)/u;
    const asked = stranger.asked.map(({ path }) => path);
    assert.deepEqual(
        asked.filter((path) => !allowed.test(path)),
        [],
    );
    assert.deepEqual(stranger.sockets.opened, []);
});

test("a server without sync/ is polled room by room", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const { fetch } = globalThis;
    const old = async (url, options) =>
        url.endsWith("/sync/") ? fetch(`${system.url}/api/nothing/`, options) : fetch(url, options);
    const other = await anotherClient(system, bob, { WebSocket: null, fetch: spied(old) });
    const received = await polling(other.openRoom(room));
    const lists = [];
    const own = other.openNotifications();
    own.on("rooms", (page) => lists.push(page));
    await until(() => own.state === "polling");
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
    await until(() => lists.at(-1)?.results[0].unread_count === 1);
    const asked = (word) => other.asked.filter((url) => url.includes(word)).length;
    assert.equal(asked("/sync/"), 1);
    assert.ok(asked("/events/") > 0);
});

/** A fetch that keeps the URLs. */
function spied(fetch) {
    const asked = [];
    return Object.assign(
        (url, options) => {
            asked.push(url);
            return fetch(url, options);
        },
        { asked },
    );
}

test("invitations and messages of other rooms reach a client that polls", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const received = await polling(bob.openNotifications());
    const frames = received.frames.length;
    const second = await roomOf(alice, bob);
    await until(() => received.events.length === 1);
    assert.deepEqual(
        received.events.map(({ type, room_id: id, invited_by: by }) => [type, id, by]),
        [["room_invitation", second, alice.user.username]],
    );
    await alice.postMessage(room, { content: "one" });
    const { message_id: id } = await alice.postMessage(second, { content: "two" });
    await bob.postMessage(room, { content: "mine" });
    await until(() => received.frames.length >= frames + 3);
    const notifications = received.frames.filter(
        (frame) => frame.type === "new_message_notification",
    );
    assert.deepEqual(notifications.map((frame) => frame.message.content).sort(), ["one", "two"]);
    assert.ok(notifications.every((frame) => frame.sender === alice.user.username));
    const unread = [];
    received.channel.on("unread", (one) => unread.push(one));
    await (await anotherClient(system, bob)).markRead(second, id);
    await until(() => received.events.some((event) => event.type === "read_changed"));
    await until(() => unread.some((one) => one.room_id === second && one.unread_count === 0));
});

test("another database causes a resync of all channels", async () => {
    const { bob, room } = await pair(system, { WebSocket: null });
    const own = await polling(bob.openNotifications());
    const received = await polling(bob.openRoom(room));
    await system.confabctl("restored");
    await until(() => own.resyncs.length === 1 && received.resyncs.length === 1);
    const sockets = await anotherClient(system, bob);
    const live = await recordLive(sockets.openNotifications());
    const watched = await recordLive(sockets.openRoom(room));
    await until(() => sockets.asked.some((one) => one.path === "/api/chat/sync/" && one.status));
    await system.confabctl("restored");
    sockets.sockets.opened[0].terminate();
    await until(() => live.resyncs.length === 1 && watched.resyncs.length === 1);
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
    const received = await polling(bob.openRoom(room, { since: 0 }));
    const { last_seq: last } = await bob.room(room);
    assert.ok(last > 1000);
    assert.equal(received.events.length, last);
    assert.equal(received.channel.seq, last);
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
    const received = await polling(bob.openRoom(room, { since: 4711 }));
    assert.equal(received.resyncs.length, 1);
    const { last_seq: last } = await bob.room(room);
    assert.equal(received.channel.seq, last);
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
});

test("removal, deletion and a revoked token end polling", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const received = await polling(bob.openRoom(room));
    const second = await roomOf(alice, bob);
    const gone = await polling(bob.openRoom(second));
    await alice.removeMember(room, bob.user.user_id);
    await alice.deleteRoom(second);
    await until(() => received.closed && gone.closed);
    // A private room looks to non-members as if it did not exist.
    assert.deepEqual([received.closed.code, gone.closed.code], [4404, 4404]);
    const third = await roomOf(alice, bob);
    const revoked = await polling(bob.openRoom(third));
    await (await anotherClient(system, bob)).logout();
    await until(() => revoked.closed);
    assert.equal(revoked.closed.code, 4401);
});

test("a firewall's 401, 403 or 404 does not end polling", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const received = await polling(bob.openRoom(room));
    for (const status of [401, 403, 404]) {
        bob.net.firewall = () => new Response("<h1>Blocked</h1>", { status });
        await until(() => received.channel.state === "waiting");
        bob.net.firewall = () => null;
        await until(() => received.channel.state === "polling");
    }
    await alice.postMessage(room, { content: "still here" });
    await until(() => received.events.length === 1);
    assert.equal(received.closed, null);
    assert.ok(bob.user);
});

test("the user's own message arrives at once, however slow the pace", async () => {
    const { alice, room } = await pair(system, { WebSocket: null, pace: { pollMin: 600000 } });
    const received = await polling(alice.openRoom(room));
    await alice.send(room, "mine").done;
    await until(() => received.events.length === 1);
});

test("while the server is unreachable, the channel waits and tells until when", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const channel = bob.openRoom(room);
    const received = await polling(channel);
    bob.net.online = false;
    await until(() => channel.state === "waiting");
    assert.ok(channel.retryAt > Date.now() - 1000);
    await alice.postMessage(room, { content: "meanwhile" });
    bob.net.online = true;
    await until(() => channel.state === "polling");
    await until(() => received.events.length === 1);
});

slow("pushd down and up: socket, polling, socket, without a gap or a repetition", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    let count = 0;
    const write = async () => alice.postMessage(room, { content: String((count += 1)) });
    let back = false;
    const writing = (async () => {
        while (!back) {
            await write();
        }
    })();
    await until(() => received.events.length > 3);
    await system.end("push");
    await until(() => channel.state === "polling");
    const { length: before } = received.events;
    await until(() => received.events.length > before + 3);
    await system.start();
    await until(() => channel.state === "live");
    back = true;
    await writing;
    await until(() => received.events.length >= count);
    assert.deepEqual(
        receivedTexts(received),
        Array.from({ length: count }, (_, i) => String(i + 1)),
    );
    const asked = polls(bob).length;
    await until(async () => {
        await write();
        return received.events.length > 2 * asked + 20;
    });
    assert.equal(polls(bob).length, asked);
});

test("notifications: a silence and its end reach a client that polls", async () => {
    const { alice, bob, room } = await pair(system, { WebSocket: null });
    const channel = bob.openNotifications();
    const ends = [];
    channel.on("silence_changed", ({ room_id: id, until: end }) => ends.push([id, end]));
    await polling(channel);
    const silence = await alice.silence(room, bob.user.user_id, 5);
    await until(() => ends.length === 1);
    await alice.unsilence(room, bob.user.user_id);
    await until(() => ends.length === 2);
    assert.deepEqual(ends, [
        [room, silence.until],
        [room, null],
    ]);
});

test("notifications: without sockets the list of rooms comes with the first poll", async () => {
    const { bob, room } = await pair(system, { WebSocket: null });
    const channel = bob.openNotifications();
    const lists = [];
    channel.on("rooms", (page) => lists.push(page));
    await polling(channel);
    const seen = polls(bob).length;
    await until(() => polls(bob).length >= seen + 2);
    assert.deepEqual(
        lists.map((page) => [page.count, page.next, page.results[0].room_id]),
        [[1, null, room]],
    );
});

test("notifications: the user's own events arrive when sockets work again", async () => {
    const { alice, bob } = await pair(system);
    const channel = bob.openNotifications();
    const received = await recordLive(channel);
    await system.end("push");
    await until(() => channel.state === "polling");
    const room = await roomOf(alice, bob);
    await system.start();
    await until(() => received.events.length === 1);
    assert.deepEqual(
        received.events.map((event) => [event.type, event.room_id]),
        [["room_invitation", room]],
    );
});
