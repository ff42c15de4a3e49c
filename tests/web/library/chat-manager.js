// ChatManager, the class for one room.

import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";

import { ChatManager } from "../../../web/confab.js";
import { closeAll, pair, recordLive, SOON, watchedSockets } from "../support/clients.js";
import { until } from "../support/until.js";
import { system } from "./setup.js";

let managers = [];

afterEach(() => {
    managers.forEach((manager) => manager.socket?.close());
    managers = [];
    closeAll();
});

/** Overrides the methods as applications do, and records the calls. */
class Shown extends ChatManager {
    shown = [];
    constructor(roomId, token, options) {
        super(roomId, token, options);
        managers.push(this);
    }
    displayMessage(message) {
        this.shown.push(["message", message.content]);
    }
    showTypingIndicator(user) {
        this.shown.push(["typing", user]);
    }
    hideTypingIndicator(user) {
        this.shown.push(["stop_typing", user]);
    }
    showUserJoined(user) {
        this.shown.push(["joined", user]);
    }
    showUserLeft(user) {
        this.shown.push(["left", user]);
    }
}

const manager = ({ token }, room, WebSocket = watchedSockets()) =>
    new Shown(room, token, { url: system.url, WebSocket, pace: SOON });

async function opened(one) {
    one.connectWebSocket();
    await new Promise((resolve) => {
        one.socket.onopen = resolve;
    });
    return one;
}

test("a new ChatManager has the documented properties", () => {
    const made = new ChatManager(1, "0123456789abcdef");
    assert.equal(made.roomId, 1);
    assert.equal(made.token, "0123456789abcdef");
    assert.equal(made.socket, null);
    assert.equal(made.baseUrl, "http://localhost:8000/api/chat");
});

test("baseUrl may be changed", async () => {
    const { alice, room } = await pair(system);
    const made = new ChatManager(room, alice.token);
    made.baseUrl = `${system.url}/api/chat`;
    assert.equal((await made.getRooms()).results[0].room_id, room);
});

test("rooms, messages, sending and deleting", async () => {
    const { alice, room } = await pair(system);
    const made = manager(alice, room);
    assert.equal((await made.getRooms()).results[0].room_id, room);
    const first = await made.sendMessage("first");
    const reply = await made.sendMessage("second", "file", first.message_id);
    assert.deepEqual([reply.message_type, reply.reply_to_id], ["file", first.message_id]);
    const answered = { ...first, reply_count: 1 };
    assert.deepEqual((await made.getMessages()).results, [reply, answered]);
    assert.deepEqual((await made.getMessages(1, 1)).results, [answered]);
    assert.equal(await made.deleteMessage(first.message_id), true);
    assert.equal((await made.getMessages()).results[1].is_deleted, true);
});

test("methods resolve to the body of an error", async () => {
    const { alice, room } = await pair(system);
    const made = manager(alice, room);
    assert.deepEqual(Object.keys(await made.sendMessage("")), ["content", "codes"]);
    assert.equal(await made.deleteMessage(4711000), false);
    const stranger = manager({ token: "0".repeat(40) }, room);
    assert.deepEqual(await stranger.getRooms(), {
        detail: "Invalid token.",
        code: "authentication_failed",
    });
});

test("methods are rejected if a firewall responds", async () => {
    const made = new ChatManager(1, "0", {
        url: system.url,
        fetch: async () => new Response("<h1>Forbidden</h1>", { status: 403 }),
    });
    await assert.rejects(made.sendMessage("x"), { status: 403 });
    assert.equal(await made.deleteMessage(1), false);
});

test("events of the room call the methods that show them", async () => {
    const { alice, bob, room } = await pair(system);
    const made = await opened(manager(alice, room));
    const other = bob.openRoom(room);
    await recordLive(other);
    other.typing();
    await bob.send(room, "Tea?").done;
    await until(() => made.shown.length === 4);
    const name = bob.user.username;
    assert.deepEqual(made.shown[0], ["joined", name]);
    assert.deepEqual(
        new Set(made.shown.slice(1).map(String)),
        new Set(
            [
                ["typing", name],
                ["stop_typing", name],
                ["message", "Tea?"],
            ].map(String),
        ),
    );
});

test("typing is shown to the others", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const received = await recordLive(channel);
    const made = manager(alice, room);
    made.startTyping(); // ignored without a socket
    await opened(made);
    made.startTyping();
    made.stopTyping();
    const kinds = () =>
        received.frames.map((frame) => frame.type).filter((kind) => /typing/.test(kind));
    await until(() => kinds().length === 2);
    assert.deepEqual(kinds(), ["typing", "stop_typing"]);
});

test("its socket reconnects by itself, and shows missed messages once", async () => {
    const { alice, bob, room } = await pair(system);
    const sockets = watchedSockets();
    const made = await opened(manager(alice, room, sockets));
    let opens = 0;
    made.socket.onopen = () => {
        opens += 1;
    };
    sockets.opened[0].terminate();
    await once(sockets.opened[0], "close");
    assert.equal(made.socket.readyState, 0);
    await bob.postMessage(room, { content: "meanwhile" });
    await until(() => opens === 1);
    assert.equal(made.socket.readyState, 1);
    await bob.postMessage(room, { content: "after" });
    await until(() => made.shown.length >= 2);
    assert.deepEqual(made.shown, [
        ["message", "meanwhile"],
        ["message", "after"],
    ]);
});

test("close() is final, and the server's close code is passed on", async () => {
    const { alice, bob, room } = await pair(system);
    const made = await opened(manager(bob, room));
    const closed = [];
    made.socket.onclose = ({ code }) => closed.push(code);
    await alice.removeMember(room, bob.user.user_id);
    await until(() => closed.length === 1);
    assert.deepEqual(closed, [4403]);
    const other = await opened(manager(alice, room));
    other.socket.onclose = ({ code }) => closed.push(code);
    other.socket.close();
    assert.equal(other.socket.readyState, 3);
    assert.deepEqual(closed, [4403, 1000]);
});
