// The client's accounts: registration, login and logout, by token and by cookie, and several tabs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import WebSocket from "ws";

import { sha256 } from "../../../web/confab/proof-of-work.js";
import {
    anonymousClient,
    anotherClient,
    freshName,
    MemoryStorage,
    PASSWORD,
    recordLive,
    refusal,
    roomOf,
    userClient,
    watchedSockets,
} from "../support/clients.js";
import { ONCE, until } from "../support/until.js";
import { system } from "./setup.js";

/** Options that make a client behave as in a browser: it keeps cookies and sends an Origin. */
function browser() {
    const jar = { cookie: "" };
    const own = () => ({ Cookie: jar.cookie, Origin: system.url });
    const fetchWithCookies = async (url, { credentials, headers, ...options }) => {
        assert.equal(credentials, "include");
        const answer = await fetch(url, { ...options, headers: { ...headers, ...own(), ...ONCE } });
        jar.cookie = answer.headers.get("Set-Cookie")?.split(";")[0] ?? jar.cookie;
        return answer;
    };
    class WithCookies extends WebSocket {
        constructor(url, protocols) {
            super(url, protocols, { headers: own() });
        }
    }
    return {
        auth: "cookie",
        fetch: Object.assign(fetchWithCookies, { asked: [], jar }),
        WebSocket: watchedSockets(WithCookies),
    };
}

// ---- accounts ----

test("register, login and logout by token", async () => {
    const name = freshName();
    const client = anonymousClient(system);
    const seen = [];
    client.on("user", (user) => seen.push(user?.username ?? null));
    const user = await client.register(name, PASSWORD);
    assert.equal(user.username, name);
    assert.match(client.token, /^[0-9a-f]{40}$/);
    const { token } = client;
    await client.logout();
    assert.equal(client.token, null);
    await assert.rejects(anonymousClient(system, { token }).me(), refusal(401));
    assert.deepEqual(await client.login(name, PASSWORD), user);
    assert.deepEqual(await client.me(), user);
    assert.deepEqual(seen, [name, null, name]);
});

test("register, login and logout by cookie, leaving no token", async () => {
    const name = freshName();
    const options = browser();
    const client = anonymousClient(system, options);
    const user = await client.register(name, PASSWORD);
    assert.equal(client.token, null);
    assert.match(options.fetch.jar.cookie, /^sessionid=./);
    assert.deepEqual(await client.me(), user);
    const { room_id: room } = await client.createRoom({ name: "Kitchen" });
    const received = await recordLive(client.openRoom(room));
    await client.logout();
    await assert.rejects(client.me(), refusal(401));
    assert.equal(received.closed.code, 1000);
    assert.deepEqual(await client.login(name, PASSWORD), user);
    await recordLive(client.openRoom(room));
});

test("SHA-256 is that of the standard", () => {
    for (let length = 0; length < 140; length += 1) {
        const text = "0123456789.abcdef:".repeat(8).slice(0, length);
        const words = sha256(text).map((word) => (word >>> 0).toString(16).padStart(8, "0"));
        assert.equal(words.join(""), createHash("sha256").update(text).digest("hex"));
    }
});

for (const [auth, options] of [
    ["token", () => ({})],
    ["cookie", browser],
]) {
    test(`a guest proves work, enters by ${auth} and becomes a user`, async () => {
        const admin = await userClient(system);
        const room = await roomOf(admin);
        await admin.updateRoom(room, { guests: "write" });
        const { link } = await admin.addLink(room, { role: "member" });
        const client = anonymousClient(system, options());
        const guest = await client.enterAsGuest({ display_name: "Ann", link });
        assert.equal(guest.is_guest, true);
        await client.postMessage(room, { content: "hello" });
        const user = await client.register(freshName(), PASSWORD);
        assert.deepEqual([user.user_id, user.is_guest], [guest.user_id, undefined]);
        await client.postMessage(room, { content: "still here" });
    });
}

test("changing the password logs out other devices, not this one", async () => {
    const client = await userClient(system);
    const other = anonymousClient(system);
    await other.login(client.user.username, PASSWORD);
    await client.changePassword(PASSWORD, "battery staple");
    await client.me();
    await assert.rejects(other.me(), refusal(401));
});

test("a 401 is reported once, until the next login", async () => {
    const client = await userClient(system);
    const name = client.user.username;
    const emitted = [];
    client.on("unauthorized", (error) => emitted.push(error.detail));
    await (await anotherClient(system, client)).logout();
    await Promise.allSettled([client.me(), client.rooms(), client.rooms()]);
    assert.deepEqual(emitted, ["Invalid token."]);
    await client.login(name, PASSWORD);
    await (await anotherClient(system, client)).logout();
    await assert.rejects(client.rooms(), refusal(401));
    assert.equal(emitted.length, 2);
});

// ---- two tabs, two users: one cookie ----

/** Two clients with one cookie, alice logged in in both, and a room of alice and bob. */
async function twoTabs(more = {}) {
    const options = browser();
    const [alice, bob] = [await userClient(system), await userClient(system)];
    const room = await roomOf(alice, bob);
    const tab = anonymousClient(system, { ...options, ...more });
    await tab.login(alice.user.username, PASSWORD);
    const other = anonymousClient(system, options);
    const emitted = [];
    tab.on("unauthorized", (error) => emitted.push(error.status));
    return { alice, bob, room, tab, other, emitted };
}

test("another user's login in another tab: nothing is sent as that user", async () => {
    const storage = new MemoryStorage();
    const { alice, bob, room, tab, other, emitted } = await twoTabs({ storage });
    const channels = [tab.openRoom(room), tab.openNotifications()];
    await Promise.all(channels.map(recordLive));
    await other.login(bob.user.username, PASSWORD);
    const outgoing = tab.send(room, "from alice");
    await assert.rejects(outgoing.done);
    assert.deepEqual(emitted, [409]);
    assert.equal(tab.user, null);
    assert.deepEqual(
        channels.map((channel) => channel.state),
        ["closed", "closed"],
    );
    // Nor does what the application still tries.
    await assert.rejects(tab.postMessage(room, { content: "from alice" }), refusal(409));
    await assert.rejects(tab.deleteRoom(room), refusal(409));
    const late = tab.send(room, "from alice");
    await tab.logout();
    assert.equal((await other.me()).username, bob.user.username);
    assert.equal((await bob.messages(room)).count, 0);
    // The tab continues as bob, and again as alice, whose message was kept.
    assert.equal((await tab.me()).username, bob.user.username);
    await tab.postMessage(room, { content: "from bob" });
    assert.equal(late.state, "discarded");
    await other.login(alice.user.username, PASSWORD);
    await assert.rejects(tab.markRead(room, 1), refusal(409));
    assert.deepEqual(emitted, [409, 409]);
    await tab.me();
    await until(async () => (await bob.messages(room)).count === 2);
    const { results } = await bob.messages(room);
    assert.deepEqual(
        results.map((one) => [one.content, one.sender_username]),
        [
            ["from alice", alice.user.username],
            ["from bob", bob.user.username],
        ],
    );
    assert.equal(storage.length, 0);
});

test("another user's login in another tab is seen in any answer, and on a socket", async () => {
    const { bob, tab, other, emitted } = await twoTabs();
    await other.login(bob.user.username, PASSWORD);
    await tab.rooms();
    assert.deepEqual([emitted, tab.user], [[409], null]);
    const second = await twoTabs();
    const received = await recordLive(second.tab.openRoom(second.room));
    await second.other.login(second.bob.user.username, PASSWORD);
    second.tab.sockets.opened[0].terminate();
    await until(() => received.closed);
    assert.deepEqual(second.emitted, [409]);
    assert.equal(received.frames.filter((frame) => frame.type === "connected").length, 1);
});

test("a client accepts a login as another user in the same tab", async () => {
    const { alice, bob, tab, emitted } = await twoTabs();
    const slow = tab.rooms();
    await tab.login(bob.user.username, PASSWORD);
    await slow;
    assert.equal(tab.user.username, bob.user.username);
    await tab.register(freshName(), PASSWORD);
    await tab.logout();
    await tab.login(alice.user.username, PASSWORD);
    await tab.rooms();
    assert.deepEqual(emitted, []);
});
