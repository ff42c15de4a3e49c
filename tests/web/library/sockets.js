// Channels over sockets: delivery, resuming after a loss, close codes, presence, typing.

import assert from "node:assert/strict";
import { test } from "node:test";

import WebSocket from "ws";

import { Instance } from "../support/instance.js";
import {
    anonymousClient,
    anotherClient,
    inviteBack,
    pair,
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

test("a message is delivered to everyone in the room, including its author", async () => {
    const { alice, bob, room } = await pair(system);
    const all = [await recordLive(alice.openRoom(room)), await recordLive(bob.openRoom(room))];
    const { message_id: id } = await alice.postMessage(room, { content: "Tea?" });
    for (const received of all) {
        await until(() => received.events.length === 1);
        assert.equal(received.events[0].message.message_id, id);
        assert.equal(received.channel.seq, received.events[0].seq);
    }
});

test("a channel delivers the events after `since`", async () => {
    const { alice, bob, room } = await pair(system);
    await alice.postMessage(room, { content: "first" });
    const { last_seq: since } = await bob.room(room);
    await alice.postMessage(room, { content: "second" });
    const received = await recordLive(bob.openRoom(room, { since }));
    await until(() => received.events.length === 1);
    assert.deepEqual(receivedTexts(received), ["second"]);
});

test("each type of event is emitted under its own name", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    const kinds = [
        "new_message",
        "message_edited",
        "reactions_changed",
        "message_pinned",
        "message_unpinned",
        "message_deleted",
        "room_updated",
        "member_updated",
        "user_removed",
        "user_invited",
        "message_read",
    ];
    const named = [];
    kinds.forEach((kind) => channel.on(kind, (event) => named.push(event.type)));
    const { message_id: id } = await alice.postMessage(room, { content: "one" });
    await alice.editMessage(room, id, "two");
    await bob.react(room, id, "👍");
    await alice.pin(room, id);
    await alice.unpin(room, id);
    await alice.deleteMessage(room, id);
    await alice.updateRoom(room, { name: "Parlour" });
    await bob.markRead(room, id);
    const carol = await userClient(system);
    await alice.invite(room, carol.user.user_id);
    await alice.setAdmin(room, carol.user.user_id, true);
    await carol.leave(room);
    await until(() => named.includes("user_removed"));
    assert.deepEqual(new Set(named), new Set(kinds));
    assert.deepEqual(
        received.events.map((event) => event.seq),
        received.events.map((_, index) => received.events[0].seq + index),
    );
});

test("the users online are kept up to date", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = alice.openRoom(room);
    await recordLive(channel);
    const names = () => channel.online.map((user) => user.username).sort();
    assert.deepEqual(names(), [alice.user.username]);
    const other = bob.openRoom(room);
    await until(() => names().length === 2);
    assert.deepEqual(names(), [alice.user.username, bob.user.username].sort());
    other.close();
    await until(() => names().length === 1, 40);
});

test("typing is shown to the others, and ends with a message", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = alice.openRoom(room);
    const typist = bob.openRoom(room);
    await recordLive(channel);
    await recordLive(typist);
    typist.typing();
    await until(() => channel.typists.length === 1);
    assert.equal(channel.typists[0].username, bob.user.username);
    await bob.send(room, "done").done;
    await until(() => channel.typists.length === 0);
});

test("typing() sends a frame every few seconds only", async () => {
    const { bob, room } = await pair(system);
    const typist = bob.openRoom(room);
    await recordLive(typist);
    const sent = [];
    const [socket] = bob.sockets.opened;
    socket.send = (text) => sent.push(JSON.parse(text).type);
    for (let i = 0; i < 50; i += 1) {
        typist.typing();
    }
    typist.stopTyping();
    typist.stopTyping();
    assert.deepEqual(sent, ["typing", "stop_typing"]);
});

test("after a lost socket nothing is missed or delivered twice", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    await alice.postMessage(room, { content: "before" });
    await until(() => received.events.length === 1);
    bob.sockets.opened[0].terminate();
    await until(() => received.states.includes("waiting"));
    await alice.postMessage(room, { content: "meanwhile" });
    await until(() => channel.state === "live");
    await alice.postMessage(room, { content: "after" });
    await until(() => received.events.length >= 3);
    assert.deepEqual(receivedTexts(received), ["before", "meanwhile", "after"]);
    assert.deepEqual(received.resyncs, []);
});

slow("missing more than the server replays causes a resync, then events continue", async () => {
    const { alice, bob: user, room } = await roomWithManyEvents();
    const bob = await anotherClient(system, user);
    const received = await recordLive(bob.openRoom(room, { since: 0 }));
    await until(() => received.resyncs.length === 1);
    const { last_seq: last } = await bob.room(room);
    assert.equal(received.channel.seq, last);
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
    assert.deepEqual(receivedTexts(received), ["new"]);
});

test("`since` from another database causes a resync", async () => {
    const { alice, bob, room } = await pair(system);
    const received = await recordLive(bob.openRoom(room, { since: 4711 }));
    await until(() => received.resyncs.length === 1);
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
    assert.equal(received.resyncs.length, 1);
});

test("4400: an invalid `since` is replaced by a resync", async () => {
    const { alice, bob, room } = await pair(system);
    const received = record(bob.openRoom(room, { since: -1 }));
    await until(() => received.resyncs.length === 1);
    await alice.postMessage(room, { content: "new" });
    await until(() => received.events.length === 1);
    assert.deepEqual(bob.sockets.codes, [4400]);
});

test("4401: a revoked token closes the channel, and login reopens it", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    const refused = [];
    bob.on("unauthorized", (error) => refused.push(error.status));
    const other = await anotherClient(system, bob);
    const name = bob.user.username;
    await other.logout();
    await until(() => received.closed);
    assert.equal(received.closed.code, 4401);
    assert.deepEqual(refused, [401]);
    assert.equal(bob.user, null);
    await alice.postMessage(room, { content: "meanwhile" });
    const sockets = bob.sockets.opened.length;
    await bob.login(name, "correct horse");
    await until(() => channel.state === "live");
    await until(() => received.events.length === 1);
    assert.deepEqual(receivedTexts(received), ["meanwhile"]);
    assert.equal(bob.sockets.opened.length, sockets + 1);
});

test("4401: a channel without a token is refused and not retried", async () => {
    const stranger = anonymousClient(system);
    const received = record(stranger.openRoom(1));
    await until(() => received.closed);
    assert.equal(received.closed.code, 4401);
    assert.deepEqual(received.states, ["closed"]);
    assert.equal(stranger.sockets.opened.length, 1);
});

test("4403: a removed member is notified, and does not reconnect", async () => {
    const { alice, bob, room } = await pair(system);
    const received = await recordLive(bob.openRoom(room));
    await alice.removeMember(room, bob.user.user_id);
    await until(() => received.closed);
    assert.equal(received.closed.code, 4403);
    assert.equal(received.events.at(-1).type, "user_removed");
    assert.equal(bob.sockets.opened.length, 1);
});

test("4403: after another invitation reopen() misses nothing", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    await alice.removeMember(room, bob.user.user_id);
    await until(() => received.closed);
    await alice.postMessage(room, { content: "meanwhile" });
    await inviteBack(system, alice, bob);
    channel.reopen();
    await until(() => received.events.length === 3);
    assert.deepEqual(
        received.events.map((event) => event.type),
        ["user_removed", "new_message", "user_invited"],
    );
});

test("4404: a deleted room closes its channel", async () => {
    const { alice, bob, room } = await pair(system);
    const received = await recordLive(bob.openRoom(room));
    await alice.deleteRoom(room);
    await until(() => received.closed);
    assert.equal(received.closed.code, 4404);
    assert.equal(received.frames.at(-1).type, "room_deleted");
    assert.equal(bob.sockets.opened.length, 1);
});

slow("1012: after a restart all channels reconnect, at different times", async () => {
    const { alice, bob, room } = await pair(system);
    const all = [];
    const moments = new Map();
    for (let i = 0; i < 5; i += 1) {
        const channel = bob.openRoom(room);
        channel.on(
            "state",
            (state) =>
                state === "waiting" &&
                !moments.has(channel) &&
                moments.set(channel, channel.retryAt),
        );
        all.push(await recordLive(channel));
    }
    const restarted = system.end("push", "SIGTERM").then(() => system.start());
    await until(() => moments.size === 5);
    assert.deepEqual(bob.sockets.codes.slice(0, 5), [1012, 1012, 1012, 1012, 1012]);
    assert.equal(new Set(moments.values()).size, 5);
    await alice.postMessage(room, { content: "meanwhile" });
    await restarted;
    await until(() => all.every((received) => received.channel.state === "live"));
    await until(() => all.every((received) => received.events.length === 1));
    all.forEach((received) => assert.deepEqual(receivedTexts(received), ["meanwhile"]));
});

slow("1013: a slow reader is closed, waits, and reconnects for the rest", async () => {
    const slow = await Instance.start({ CONFAB_WS_BACKLOG: "4096", CONFAB_REPLAY_LIMIT: "4000" });
    try {
        // Connect to pushd directly: the web server would buffer for a client that does not read.
        const [base, direct] = [slow.url.replace("http", "ws"), await slow.pushUrl()];
        class Direct extends WebSocket {
            constructor(url, protocols) {
                super(url.replace(base, direct), protocols);
            }
        }
        const alice = await userClient(slow);
        const bob = await userClient(slow, { WebSocket: watchedSockets(Direct) });
        const room = await roomOf(alice, bob);
        const channel = bob.openRoom(room);
        const received = await recordLive(channel);
        const [socket] = bob.sockets.opened;
        socket.pause();
        let count = 0;
        const content = "x".repeat(8000);
        const write = () => alice.postMessage(room, { content });
        // The kernel's socket buffers have to fill up first. Then the socket is closed when its
        // queue is full, or, in a replay, when the client has read nothing for 10 s.
        while (count < 2000 && (await slow.slowReaders()) === 0) {
            await Promise.all(Array.from({ length: 20 }, write));
            count += 20;
        }
        await until(async () => (await slow.slowReaders()) > 0);
        socket.resume();
        await until(() => received.states.includes("waiting"));
        assert.equal(bob.sockets.codes[0], 1013);
        await until(() => channel.state === "live");
        await until(() => received.events.length === count);
        assert.deepEqual(
            received.events.map((event) => event.seq),
            received.events.map((_, index) => received.events[0].seq + index),
        );
    } finally {
        await slow.close();
    }
});

test("a socket that has gone silent is replaced", async () => {
    const { bob, room } = await pair(system, { pace: { pingAfter: 100, pongTimeout: 200 } });
    const channel = bob.openRoom(room);
    await recordLive(channel);
    bob.sockets.opened[0].pause();
    await until(() => bob.sockets.opened.length === 2);
    await until(() => channel.state === "live");
});

test("a socket that receives only pongs is kept", async () => {
    const { bob, room } = await pair(system, { pace: { pingAfter: 20, pongTimeout: 5000 } });
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    let pings = 0;
    const [socket] = bob.sockets.opened;
    const send = socket.send.bind(socket);
    socket.send = (text) => {
        pings += JSON.parse(text).type === "ping" ? 1 : 0;
        send(text);
    };
    await until(() => pings >= 5);
    assert.deepEqual(received.states, ["live"]);
    assert.equal(received.frames.filter((frame) => frame.type === "pong").length, 0);
});

test("an error frame is emitted", async () => {
    const { bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    await recordLive(channel);
    const errors = [];
    channel.on("error", (frame) => errors.push(frame.code));
    bob.sockets.opened[0].send("no JSON");
    await until(() => errors.length === 1);
    assert.deepEqual(errors, ["bad_json"]);
    assert.equal(channel.state, "live");
});

test("a closed channel emits nothing", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    const other = await recordLive(bob.openRoom(room));
    channel.close();
    assert.equal(received.closed.code, 1000);
    await alice.postMessage(room, { content: "unheard" });
    await until(() => other.events.length === 1);
    assert.deepEqual(received.events, []);
});

test("notifications: messages of all rooms, and events of the user", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openNotifications();
    const received = await recordLive(channel);
    await alice.postMessage(room, { content: "here" });
    const second = await roomOf(alice, bob);
    await alice.postMessage(second, { content: "there" });
    const news = () => received.frames.filter((frame) => frame.type === "new_message_notification");
    await until(() => news().length === 2);
    await alice.silence(second, bob.user.user_id, 5);
    await alice.removeMember(second, bob.user.user_id);
    await until(() => received.events.length === 3);
    assert.deepEqual(
        received.events.map((event) => [event.type, event.room_id]),
        [
            ["room_invitation", second],
            ["silence_changed", second],
            ["room_removed", second],
        ],
    );
    assert.deepEqual(
        news().map((frame) => frame.message.content),
        ["here", "there"],
    );
});

test("notifications: after a loss, missed events and a request to reload the list", async () => {
    const { alice, bob } = await pair(system);
    const channel = bob.openNotifications();
    let lists = 0;
    channel.on("rooms", () => {
        lists += 1;
    });
    const received = await recordLive(channel);
    await until(() => lists === 1);
    // Each socket is cut until the room exists: the invitation is missed.
    let room = null;
    const made = roomOf(alice, bob).then((id) => {
        room = id;
    });
    while (room === null) {
        bob.sockets.opened.at(-1).terminate();
        await pause(20);
    }
    await made;
    await until(() => channel.state === "live");
    await until(() => received.events.length === 1);
    assert.deepEqual(
        received.events.map((event) => event.room_id),
        [room],
    );
    // Once for each of the ways on which that was noticed: a client whose sockets fail polls.
    await until(() => lists > 1);
});

test("notifications: if nothing was missed, the list is not loaded again", async () => {
    const { bob } = await pair(system);
    const channel = bob.openNotifications();
    let lists = 0;
    channel.on("rooms", () => {
        lists += 1;
    });
    await recordLive(channel);
    await until(() => lists === 1);
    const asked = () => bob.asked.filter((one) => one.path === "/api/chat/sync/" && one.status);
    bob.sockets.opened[0].terminate();
    await until(() => asked().length === 2 && channel.state === "live");
    assert.equal(lists, 1);
});
