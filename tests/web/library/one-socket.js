// One socket for everything: the notifications channel carries the channels of rooms.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Instance } from "../support/instance.js";
import {
    anotherClient,
    inviteBack,
    pair,
    PASSWORD,
    receivedTexts,
    record,
    recordLive,
    roomOf,
    userClient,
    watchedSockets,
} from "../support/clients.js";
import { slow } from "../support/slow.js";
import { pause, until } from "../support/until.js";
import { roomWithManyEvents, system } from "./setup.js";

/** Opens the notifications and one room, as the page does. */
async function page(client, room, options) {
    const notifications = client.openNotifications();
    const received = record(client.openRoom(room, options));
    const all = record(notifications);
    await until(() => received.channel.state === "live");
    return { notifications: all, received, channel: received.channel };
}

const sockets = (client) => client.sockets.opened.length;

test("a page needs one socket, and gets all that two would give", async () => {
    const { alice, bob, room } = await pair(system);
    const { notifications, received, channel } = await page(bob, room);
    const other = await recordLive(alice.openRoom(room));
    await until(() => channel.online.length === 2);
    other.channel.typing();
    await until(() => channel.typists.length === 1);
    channel.typing();
    await until(() => other.channel.typists.length === 1);
    await alice.send(room, "Tea?").done;
    await bob.send(room, "Yes").done;
    await alice.updateRoom(room, { name: "Parlour" });
    await until(() => received.events.length === 3);
    assert.deepEqual(receivedTexts(received), ["Tea?", "Yes"]);
    assert.deepEqual(
        received.frames.filter((frame) => frame.type === "new_message_notification"),
        [],
    );
    const kinds = notifications.frames.map((frame) => frame.type);
    assert.deepEqual(kinds, ["connected", "new_message_notification"]);
    assert.deepEqual(received.frames[0].type, "connected");
    assert.deepEqual(received.states, ["live"]);
    assert.equal(sockets(bob), 1);
});

test("a viewer receives the events of a live room until it is no longer live", async () => {
    const { alice, bob } = await pair(system);
    const { room_id: stage } = await alice.createRoom({ name: "Stage", is_private: false });
    await alice.updateRoom(stage, { is_live: true });
    const { received } = await page(bob, stage);
    await alice.postMessage(stage, { content: "Hello" });
    await until(() => received.events.length === 1);
    await alice.updateRoom(stage, { is_live: false });
    await until(() => received.closed !== null);
    assert.equal(received.closed.code, 4403);
    assert.equal(received.events.at(-1).type, "room_updated");
    assert.equal(sockets(bob), 1);
});

test("a ban is reported to a member of a private room, and to a viewer of a live one", async () => {
    const { alice, bob, room } = await pair(system);
    const { room_id: stage } = await alice.createRoom({ name: "Stage", is_private: false });
    await alice.updateRoom(stage, { is_live: true });
    const { received: member } = await page(bob, room);
    const viewer = await recordLive(bob.openRoom(stage));
    await alice.ban(room, bob.user.user_id);
    await alice.ban(stage, bob.user.user_id);
    for (const received of [member, viewer]) {
        await until(() => received.closed !== null);
        assert.deepEqual([received.closed.code, received.closed.reason], [4403, "banned"]);
    }
    assert.equal(sockets(bob), 1);
});

test("several rooms share it, each once and in order, until they are closed", async () => {
    const { alice, bob, room } = await pair(system);
    const rooms = [room, await roomOf(alice, bob), await roomOf(alice, bob)];
    const notifications = await recordLive(bob.openNotifications());
    const all = [];
    for (const id of rooms) {
        all.push(await recordLive(bob.openRoom(id)));
    }
    for (let i = 0; i < 10; i += 1) {
        await Promise.all(rooms.map((id) => alice.postMessage(id, { content: String(i) })));
    }
    await until(() => all.every((received) => received.events.length === 10));
    for (const received of all) {
        assert.deepEqual(
            receivedTexts(received),
            Array.from({ length: 10 }, (_, i) => String(i)),
        );
    }
    all[0].channel.close();
    await alice.postMessage(room, { content: "unheard" });
    await until(() => notifications.frames.at(-1).message?.content === "unheard");
    assert.equal(all[0].events.length, 10);
    // Open it again: nothing is missed, whatever is still under way.
    all[0].channel.reopen();
    await until(() => all[0].events.length === 11);
    all[0].channel.close();
    all[0].channel.reopen();
    await alice.postMessage(room, { content: "received" });
    await until(() => all[0].events.length === 12);
    assert.equal(sockets(bob), 1);
});

test("after a lost socket nothing is missed or delivered twice, with one new socket", async () => {
    const { alice, bob, room } = await pair(system);
    const { notifications, received, channel } = await page(bob, room, { since: 1 });
    for (let i = 0; i < 5; i += 1) {
        // It may be live again before it is looked at.
        const lost = new Promise((resolve) => channel.once("state", resolve));
        bob.sockets.opened.at(-1).terminate();
        assert.notEqual(await lost, "live");
        await alice.postMessage(room, { content: `meanwhile ${i}` });
        await until(() => channel.state === "live");
        await alice.postMessage(room, { content: `after ${i}` });
    }
    await until(() => received.events.length >= 10);
    assert.deepEqual(
        received.events.map((event) => event.seq),
        Array.from({ length: 10 }, (_, i) => i + 2),
    );
    assert.equal(notifications.channel.state, "live");
    assert.equal(sockets(bob), 6);
});

slow("missing too much is a resync of the room alone", async () => {
    const { alice, bob: user, room } = await roomWithManyEvents();
    const bob = await anotherClient(system, user);
    const { notifications, received } = await page(bob, room, { since: 0 });
    await until(() => received.resyncs.length === 1);
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
    assert.deepEqual(notifications.resyncs, []);
});

test("an invalid `since` is replaced by a resync", async () => {
    const { alice, bob, room } = await pair(system);
    const { received } = await page(bob, room, { since: -1 });
    await until(() => received.resyncs.length === 1);
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
    assert.equal(sockets(bob), 1);
});

test("a removed member is notified, and can come back", async () => {
    const { alice, bob, room } = await pair(system);
    const { notifications, received, channel } = await page(bob, room);
    await alice.removeMember(room, bob.user.user_id);
    await until(() => received.closed);
    assert.equal(received.closed.code, 4403);
    assert.equal(received.events.at(-1).type, "user_removed");
    await alice.postMessage(room, { content: "meanwhile" });
    await inviteBack(system, alice, bob);
    channel.reopen();
    await until(() => received.events.length === 3);
    await alice.postMessage(room, { content: "again" });
    await until(() => received.events.length === 4);
    assert.equal(notifications.channel.state, "live");
    assert.equal(sockets(bob), 1);
});

test("a replay with the user's own removal does not close the channel", async () => {
    const { alice, bob, room } = await pair(system);
    await alice.removeMember(room, bob.user.user_id);
    await inviteBack(system, alice, bob);
    const { received, channel } = await page(bob, room, { since: 0 });
    await alice.postMessage(room, { content: "still here" });
    await until(() => received.events.length === 4);
    await pause(200);
    assert.equal(channel.state, "live");
    assert.equal(received.closed, null);
    await alice.postMessage(room, { content: "and here" });
    await until(() => received.events.length === 5);
});

test("a deleted room closes its channel, and is reported to both", async () => {
    const { alice, bob, room } = await pair(system);
    const { notifications, received } = await page(bob, room);
    await alice.deleteRoom(room);
    await until(() => received.closed);
    assert.equal(received.closed.code, 4404);
    assert.equal(received.frames.at(-1).type, "room_deleted");
    assert.equal(received.frames.at(-1).seq, undefined);
    assert.deepEqual(
        notifications.events.map((event) => [event.type, event.room_id]),
        [["room_deleted", room]],
    );
});

test("a room that may not be entered closes its channel alone", async () => {
    const { alice, bob } = await pair(system);
    const secret = await roomOf(alice);
    const { room_id: open } = await alice.createRoom({ name: "Market", is_private: false });
    const notifications = await recordLive(bob.openNotifications());
    const [first, second] = [secret, open].map((id) => record(bob.openRoom(id)));
    await until(() => first.closed && second.closed);
    assert.deepEqual([first.closed.code, second.closed.code], [4404, 4403]);
    assert.equal(notifications.channel.state, "live");
    assert.equal(sockets(bob), 1);
});

test("a revoked token closes both, and login reopens both", async () => {
    const { alice, bob, room } = await pair(system);
    const { received, channel, notifications } = await page(bob, room);
    const name = bob.user.username;
    await (await anotherClient(system, bob)).logout();
    await until(() => received.closed);
    assert.deepEqual([received.closed.code, notifications.closed.code], [4401, 4401]);
    await alice.postMessage(room, { content: "meanwhile" });
    await bob.login(name, PASSWORD);
    await until(() => channel.state === "live");
    await until(() => received.events.length === 1);
    assert.equal(sockets(bob), 2);
});

/** A WebSocket class for a server that does not know the frame `watch`. */
function olderServer() {
    return class Older extends watchedSockets() {
        send(text) {
            super.send(text.replace(/"(un)?watch"/, '"unheard_of"'));
        }
    };
}

test("with an older server the room gets a socket of its own", async () => {
    const { alice, bob: user, room } = await pair(system);
    const bob = await anotherClient(system, user, { WebSocket: olderServer() });
    const { notifications, received } = await page(bob, room);
    await alice.postMessage(room, { content: "1" });
    await until(() => received.events.length === 1);
    assert.equal(bob.sockets.opened.length, 2);
    assert.ok(!notifications.frames.some((frame) => frame.type === "error"));
    assert.ok(!received.states.includes("waiting"));
    bob.sockets.opened.forEach((socket) => socket.terminate());
    await until(() => received.states.includes("waiting"));
    await alice.postMessage(room, { content: "2" });
    await until(() => received.events.length === 2);
});

test("a second channel of the same room gets a socket of its own", async () => {
    const { alice, bob, room } = await pair(system);
    const { received } = await page(bob, room);
    const second = await recordLive(bob.openRoom(room));
    await alice.postMessage(room, { content: "both" });
    await until(() => received.events.length === 1 && second.events.length === 1);
    assert.equal(sockets(bob), 2);
});

slow("more rooms than may be watched get sockets of their own", async () => {
    const small = await Instance.start({ CONFAB_MAX_WATCHED: "2" });
    try {
        const alice = await userClient(small);
        const rooms = [await roomOf(alice), await roomOf(alice), await roomOf(alice)];
        await recordLive(alice.openNotifications());
        const all = rooms.map((id) => record(alice.openRoom(id)));
        await until(() => all.every((received) => received.channel.state === "live"));
        assert.equal(sockets(alice), 2);
        await Promise.all(rooms.map((id) => alice.postMessage(id, { content: "x" })));
        await until(() => all.every((received) => received.events.length === 1));
    } finally {
        await small.close();
    }
});

test("without the notifications channel the room continues with a socket of its own", async () => {
    const { alice, bob, room } = await pair(system);
    const { notifications, received, channel } = await page(bob, room);
    notifications.channel.close();
    await alice.postMessage(room, { content: "meanwhile" });
    await until(() => received.events.length === 1);
    assert.equal(channel.state, "live");
    assert.equal(received.closed, null);
    assert.equal(sockets(bob), 2);
});

test("where sockets fail, both poll, and both come back", async () => {
    const { alice, bob, room } = await pair(system);
    const { notifications, received, channel } = await page(bob, room);
    await system.end("push");
    await until(() => channel.state === "polling");
    await until(() => notifications.channel.state === "polling");
    await alice.postMessage(room, { content: "by polling" });
    await until(() => received.events.length === 1);
    await system.start();
    await until(() => channel.state === "live");
    assert.equal(notifications.channel.state, "live");
    await alice.postMessage(room, { content: "by socket" });
    await until(() => received.events.length === 2);
    assert.equal(channel.seq, received.events.at(-1).seq);
    const open = bob.sockets.opened.filter((socket) => socket.readyState === 1);
    assert.equal(open.length, 1);
});

test("offline and online, and a dead socket, concern both", async () => {
    const window = new EventTarget();
    const { alice, bob, room } = await pair(system, { window, pace: { pongTimeout: 200 } });
    const { received, channel } = await page(bob, room);
    window.dispatchEvent(new Event("offline"));
    assert.equal(channel.state, "offline");
    await alice.postMessage(room, { content: "1" });
    window.dispatchEvent(new Event("online"));
    await until(() => received.events.length === 1);
    assert.deepEqual(received.states, ["live", "offline", "connecting", "live"]);
    assert.equal(sockets(bob), 2);
    bob.sockets.opened[1].pause();
    bob.wake();
    await until(() => sockets(bob) === 3);
    await alice.postMessage(room, { content: "2" });
    await until(() => received.events.length === 2);
});

test("after close() nothing is opened", async () => {
    const { bob, room } = await pair(system);
    const { notifications, channel } = await page(bob, room);
    bob.close();
    await pause(100);
    assert.deepEqual([notifications.channel.state, channel.state], ["closed", "closed"]);
    assert.equal(sockets(bob), 1);
});
