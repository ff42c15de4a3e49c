import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import WebSocket from "ws";

import { Instance } from "./support/instance.js";
import {
    closeAll,
    device,
    listen,
    live,
    pair,
    person,
    roomOf,
    said,
    stranger,
    watchedSockets,
} from "./support/people.js";
import { until } from "./support/wait.js";

let system;

before(async () => {
    system = await Instance.start({ CONFAB_DRAIN_TIME: "0", CONFAB_REPLAY_LIMIT: "10" });
});
afterEach(closeAll);
after(() => system.close());

test("a message is handed to everybody in the room, its author too", async () => {
    const { alice, bob, room } = await pair(system);
    const all = [await live(alice.openRoom(room)), await live(bob.openRoom(room))];
    const { message_id: id } = await alice.postMessage(room, { content: "Tea?" });
    for (const heard of all) {
        await until(() => heard.events.length === 1);
        assert.equal(heard.events[0].message.message_id, id);
        assert.equal(heard.channel.seq, heard.events[0].seq);
    }
});

test("a channel begins after the number it is given", async () => {
    const { alice, bob, room } = await pair(system);
    await alice.postMessage(room, { content: "first" });
    const { last_seq: since } = await bob.room(room);
    await alice.postMessage(room, { content: "second" });
    const heard = await live(bob.openRoom(room, { since }));
    await until(() => heard.events.length === 1);
    assert.deepEqual(said(heard), ["second"]);
});

test("each kind of event comes under its own name", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    const kinds = [
        "new_message",
        "message_edited",
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
    await alice.deleteMessage(room, id);
    await alice.updateRoom(room, { name: "Parlour" });
    await bob.markRead(room, id);
    const carol = await person(system);
    await alice.invite(room, carol.user.user_id);
    await alice.setAdmin(room, carol.user.user_id, true);
    await carol.leave(room);
    await until(() => named.includes("user_removed"));
    assert.deepEqual(new Set(named), new Set(kinds));
    assert.deepEqual(
        heard.events.map((event) => event.seq),
        heard.events.map((_, index) => heard.events[0].seq + index),
    );
});

test("who is there is kept up to date", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = alice.openRoom(room);
    await live(channel);
    const names = () => channel.online.map((user) => user.username).sort();
    assert.deepEqual(names(), [alice.user.username]);
    const other = bob.openRoom(room);
    await until(() => names().length === 2);
    assert.deepEqual(names(), [alice.user.username, bob.user.username].sort());
    other.close();
    await until(() => names().length === 1, 40);
});

test("typing is told to the others, and ends with a message", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = alice.openRoom(room);
    const typist = bob.openRoom(room);
    await live(channel);
    await live(typist);
    typist.typing();
    await until(() => channel.typists.length === 1);
    assert.equal(channel.typists[0].username, bob.user.username);
    await bob.send(room, "done").done;
    await until(() => channel.typists.length === 0);
});

test("typing is said once in a while, however often it is called", async () => {
    const { bob, room } = await pair(system);
    const typist = bob.openRoom(room);
    await live(typist);
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

test("a lost socket is resumed, and nothing is missed or told twice", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    await alice.postMessage(room, { content: "before" });
    await until(() => heard.events.length === 1);
    bob.sockets.opened[0].terminate();
    await until(() => heard.states.includes("waiting"));
    await alice.postMessage(room, { content: "meanwhile" });
    await until(() => channel.state === "live");
    await alice.postMessage(room, { content: "after" });
    await until(() => heard.events.length >= 3);
    assert.deepEqual(said(heard), ["before", "meanwhile", "after"]);
    assert.deepEqual(heard.resyncs, []);
});

test("more than the server replays is a resync, and it goes on from there", async () => {
    const { alice, bob, room } = await pair(system);
    for (let i = 0; i < 12; i += 1) {
        await alice.postMessage(room, { content: `old ${i}` });
    }
    const heard = await live(bob.openRoom(room, { since: 0 }));
    await until(() => heard.resyncs.length === 1);
    const { last_seq: last } = await bob.room(room);
    assert.equal(heard.channel.seq, last);
    await alice.postMessage(room, { content: "new" });
    await until(() => heard.events.length === 1);
    assert.deepEqual(said(heard), ["new"]);
});

test("a number from another database is a resync", async () => {
    const { alice, bob, room } = await pair(system);
    const heard = await live(bob.openRoom(room, { since: 4711 }));
    await until(() => heard.resyncs.length === 1);
    await alice.postMessage(room, { content: "new" });
    await until(() => heard.events.length === 1);
    assert.equal(heard.resyncs.length, 1);
});

test("4400: a number that is none is given up for a resync", async () => {
    const { alice, bob, room } = await pair(system);
    const heard = listen(bob.openRoom(room, { since: -1 }));
    await until(() => heard.resyncs.length === 1);
    await alice.postMessage(room, { content: "new" });
    await until(() => heard.events.length === 1);
    assert.deepEqual(bob.sockets.codes, [4400]);
});

test("4401: a revoked token closes the channel, and login opens it again", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    const refused = [];
    bob.on("unauthorized", (error) => refused.push(error.status));
    const other = await device(system, bob);
    const name = bob.user.username;
    await other.logout();
    await until(() => heard.closed);
    assert.equal(heard.closed.code, 4401);
    assert.deepEqual(refused, [401]);
    assert.equal(bob.user, null);
    await alice.postMessage(room, { content: "meanwhile" });
    const sockets = bob.sockets.opened.length;
    await bob.login(name, "correct horse");
    await until(() => channel.state === "live");
    await until(() => heard.events.length === 1);
    assert.deepEqual(said(heard), ["meanwhile"]);
    assert.equal(bob.sockets.opened.length, sockets + 1);
});

test("4401: nobody is let in without a token, and it is not tried again", async () => {
    const nobody = stranger(system);
    const heard = listen(nobody.openRoom(1));
    await until(() => heard.closed);
    assert.equal(heard.closed.code, 4401);
    assert.deepEqual(heard.states, ["closed"]);
    assert.equal(nobody.sockets.opened.length, 1);
});

test("4403: who is removed hears of it, and does not come back", async () => {
    const { alice, bob, room } = await pair(system);
    const heard = await live(bob.openRoom(room));
    await alice.removeMember(room, bob.user.user_id);
    await until(() => heard.closed);
    assert.equal(heard.closed.code, 4403);
    assert.equal(heard.events.at(-1).type, "user_removed");
    assert.equal(bob.sockets.opened.length, 1);
});

test("4403: invited again, the channel can be opened again and misses nothing", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    await alice.removeMember(room, bob.user.user_id);
    await until(() => heard.closed);
    await alice.postMessage(room, { content: "meanwhile" });
    await alice.invite(room, bob.user.user_id);
    channel.reopen();
    await until(() => heard.events.length === 3);
    assert.deepEqual(
        heard.events.map((event) => event.type),
        ["user_removed", "new_message", "user_invited"],
    );
});

test("4404: a deleted room ends its channel", async () => {
    const { alice, bob, room } = await pair(system);
    const heard = await live(bob.openRoom(room));
    await alice.deleteRoom(room);
    await until(() => heard.closed);
    assert.equal(heard.closed.code, 4404);
    assert.equal(heard.frames.at(-1).type, "room_deleted");
    assert.equal(bob.sockets.opened.length, 1);
});

test("1012: a server that restarts is come back to by all, at different moments", async () => {
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
        all.push(await live(channel));
    }
    const restarted = system.end("push", "SIGTERM").then(() => system.start());
    await until(() => moments.size === 5);
    assert.deepEqual(bob.sockets.codes.slice(0, 5), [1012, 1012, 1012, 1012, 1012]);
    assert.equal(new Set(moments.values()).size, 5);
    await alice.postMessage(room, { content: "meanwhile" });
    await restarted;
    await until(() => all.every((heard) => heard.channel.state === "live"));
    await until(() => all.every((heard) => heard.events.length === 1));
    all.forEach((heard) => assert.deepEqual(said(heard), ["meanwhile"]));
});

test("1013: who reads too slowly is closed, waits, and comes back for the rest", async () => {
    const slow = await Instance.start({ CONFAB_WS_BACKLOG: "4096" });
    try {
        // The web server in between would take a lot on behalf of who does not read.
        const [base, direct] = [slow.url.replace("http", "ws"), await slow.pushUrl()];
        class Direct extends WebSocket {
            constructor(url, protocols) {
                super(url.replace(base, direct), protocols);
            }
        }
        const alice = await person(slow);
        const bob = await person(slow, { WebSocket: watchedSockets(Direct) });
        const room = await roomOf(alice, bob);
        const channel = bob.openRoom(room);
        const heard = await live(channel);
        const [socket] = bob.sockets.opened;
        socket.pause();
        let count = 0;
        const content = "x".repeat(8000);
        const write = () => alice.postMessage(room, { content });
        // What the kernel holds for both sides has to be full first.
        while ((await slow.slowReaders()) === 0) {
            assert.ok(count < 4000);
            await Promise.all(Array.from({ length: 20 }, write));
            count += 20;
        }
        socket.resume();
        await until(() => heard.states.includes("waiting"));
        assert.equal(bob.sockets.codes[0], 1013);
        await until(() => channel.state === "live");
        await until(() => heard.events.length === count);
        assert.deepEqual(
            heard.events.map((event) => event.seq),
            heard.events.map((_, index) => heard.events[0].seq + index),
        );
    } finally {
        await slow.close();
    }
});

test("a socket on which nothing comes any more is given up", async () => {
    const { bob, room } = await pair(system, { pace: { pingAfter: 100, pongTimeout: 200 } });
    const channel = bob.openRoom(room);
    await live(channel);
    bob.sockets.opened[0].pause();
    await until(() => bob.sockets.opened.length === 2);
    await until(() => channel.state === "live");
});

test("a socket on which only pongs come is kept", async () => {
    const { bob, room } = await pair(system, { pace: { pingAfter: 20, pongTimeout: 5000 } });
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    let pings = 0;
    const [socket] = bob.sockets.opened;
    const send = socket.send.bind(socket);
    socket.send = (text) => {
        pings += JSON.parse(text).type === "ping" ? 1 : 0;
        send(text);
    };
    await until(() => pings >= 5);
    assert.deepEqual(heard.states, ["live"]);
    assert.equal(heard.frames.filter((frame) => frame.type === "pong").length, 0);
});

test("what the server complains of is told", async () => {
    const { bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    await live(channel);
    const errors = [];
    channel.on("error", (frame) => errors.push(frame.code));
    bob.sockets.opened[0].send("no JSON");
    await until(() => errors.length === 1);
    assert.deepEqual(errors, ["bad_json"]);
    assert.equal(channel.state, "live");
});

test("a closed channel says nothing any more", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await live(channel);
    const other = await live(bob.openRoom(room));
    channel.close();
    assert.equal(heard.closed.code, 1000);
    await alice.postMessage(room, { content: "unheard" });
    await until(() => other.events.length === 1);
    assert.deepEqual(heard.events, []);
});

test("notifications: messages of all rooms, and what concerns the user", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openNotifications();
    const heard = await live(channel);
    await alice.postMessage(room, { content: "here" });
    const second = await roomOf(alice, bob);
    await alice.postMessage(second, { content: "there" });
    await alice.removeMember(second, bob.user.user_id);
    await until(() => heard.events.length === 2);
    assert.deepEqual(
        heard.events.map((event) => [event.type, event.room_id]),
        [
            ["room_invitation", second],
            ["room_removed", second],
        ],
    );
    const news = heard.frames.filter((frame) => frame.type === "new_message_notification");
    assert.deepEqual(
        news.map((frame) => frame.message.content),
        ["here", "there"],
    );
});

test("notifications: after a loss, what was missed is told, and the list to be read", async () => {
    const { alice, bob } = await pair(system);
    const channel = bob.openNotifications();
    let lists = 0;
    channel.on("rooms", () => {
        lists += 1;
    });
    const heard = await live(channel);
    await until(() => lists === 1);
    bob.sockets.opened[0].terminate();
    await until(() => heard.states.includes("waiting"));
    const room = await roomOf(alice, bob);
    await until(() => channel.state === "live");
    await until(() => heard.events.length === 1);
    assert.deepEqual(
        heard.events.map((event) => event.room_id),
        [room],
    );
    assert.equal(lists, 2);
});
