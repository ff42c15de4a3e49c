// The client: accounts, a method for each path, errors, listeners.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";

import WebSocket from "ws";

import { sha256 } from "../../../web/confab/proof-of-work.js";
import { ConfabError } from "../../../web/confab.js";
import { Instance } from "../support/instance.js";
import {
    anonymousClient,
    anotherClient,
    freshName,
    MemoryStorage,
    pair,
    PASSWORD,
    record,
    recordLive,
    roomOf,
    userClient,
    watchedSockets,
} from "../support/clients.js";
import { slow } from "../support/slow.js";
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

const refusal =
    (status, check = () => {}) =>
    (error) => {
        assert.ok(error instanceof ConfabError, String(error));
        assert.equal(error.status, status);
        check(error);
        return true;
    };

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
    const heard = await recordLive(client.openRoom(room));
    await client.logout();
    await assert.rejects(client.me(), refusal(401));
    assert.equal(heard.closed.code, 1000);
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
    const told = [];
    client.on("unauthorized", (error) => told.push(error.detail));
    await (await anotherClient(system, client)).logout();
    await Promise.allSettled([client.me(), client.rooms(), client.rooms()]);
    assert.deepEqual(told, ["Invalid token."]);
    await client.login(name, PASSWORD);
    await (await anotherClient(system, client)).logout();
    await assert.rejects(client.rooms(), refusal(401));
    assert.equal(told.length, 2);
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
    const told = [];
    tab.on("unauthorized", (error) => told.push(error.status));
    return { alice, bob, room, tab, other, told };
}

test("another user's login in another tab: nothing is sent as that user", async () => {
    const storage = new MemoryStorage();
    const { alice, bob, room, tab, other, told } = await twoTabs({ storage });
    const channels = [tab.openRoom(room), tab.openNotifications()];
    await Promise.all(channels.map(recordLive));
    await other.login(bob.user.username, PASSWORD);
    const outgoing = tab.send(room, "from alice");
    await assert.rejects(outgoing.done);
    assert.deepEqual(told, [409]);
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
    // The tab goes on as bob, and again as alice, whose message was kept.
    assert.equal((await tab.me()).username, bob.user.username);
    await tab.postMessage(room, { content: "from bob" });
    assert.equal(late.state, "discarded");
    await other.login(alice.user.username, PASSWORD);
    await assert.rejects(tab.markRead(room, 1), refusal(409));
    assert.deepEqual(told, [409, 409]);
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
    const { bob, tab, other, told } = await twoTabs();
    await other.login(bob.user.username, PASSWORD);
    await tab.rooms();
    assert.deepEqual([told, tab.user], [[409], null]);
    const second = await twoTabs();
    const heard = await recordLive(second.tab.openRoom(second.room));
    await second.other.login(second.bob.user.username, PASSWORD);
    second.tab.sockets.opened[0].terminate();
    await until(() => heard.closed);
    assert.deepEqual(second.told, [409]);
    assert.equal(heard.frames.filter((frame) => frame.type === "connected").length, 1);
});

test("logging in as another user in the same tab is no surprise", async () => {
    const { alice, bob, tab, told } = await twoTabs();
    const slow = tab.rooms();
    await tab.login(bob.user.username, PASSWORD);
    await slow;
    assert.equal(tab.user.username, bob.user.username);
    await tab.register(freshName(), PASSWORD);
    await tab.logout();
    await tab.login(alice.user.username, PASSWORD);
    await tab.rooms();
    assert.deepEqual(told, []);
});

// ---- paths of the API ----

const profileOf = ({ user_id, username, display_name, avatar_url, is_bot }) => ({
    user_id,
    username,
    display_name,
    avatar_url,
    is_bot,
});

test("messages are found by words, page by page", async () => {
    const client = await userClient(system);
    const { room_id: room } = await client.createRoom({ name: "Search" });
    for (const text of ["first found", "second found"]) {
        await client.postMessage(room, { content: text });
    }
    await system.confabctl("search", "rebuild", "--room", String(room));
    const { results, next } = await client.search("fou", { limit: 1 });
    assert.deepEqual([results[0].content, results[0].matches], ["second found", [[7, 10]]]);
    const rest = await client.search("fou", { limit: 1, cursor: next });
    assert.deepEqual(
        [rest.results[0].content, rest.results[0].room_name],
        ["first found", "Search"],
    );
});

test("users are found by the first letters of their names, and by id", async () => {
    const client = await userClient(system);
    const { results } = await client.users({ search: client.user.username, limit: 1 });
    assert.deepEqual(results, [profileOf(client.user)]);
    const other = await userClient(system);
    const ids = [other.user.user_id, client.user.user_id];
    assert.deepEqual(
        (await client.users({ ids })).results.map((one) => one.user_id),
        ids,
    );
});

test("a changed profile is that of the current user", async () => {
    const client = await userClient(system);
    const changed = await client.updateProfile({ display_name: "Zoë", locale: "de" });
    assert.deepEqual([changed.display_name, changed.locale], ["Zoë", "de"]);
    assert.equal(client.user, changed);
    assert.deepEqual(await client.me(), changed);
    await assert.rejects(client.updateProfile({ avatar_url: "a.png" }), (error) => {
        assert.equal(error.status, 400);
        assert.deepEqual(Object.keys(error.fields), ["avatar_url"]);
        return true;
    });
});

test("the life of a room", async () => {
    const { alice, bob, room } = await pair(system);
    assert.equal(
        (await alice.updateRoom(room, { name: "Parlour", is_private: false })).name,
        "Parlour",
    );
    assert.equal((await alice.room(room)).members_count, 2);
    assert.deepEqual(
        (await bob.rooms()).results.map((one) => one.room_id),
        [room],
    );
    await bob.leave(room);
    assert.deepEqual((await bob.rooms()).results, []);
    assert.ok((await bob.rooms({ public: true })).results.some((one) => one.room_id === room));
    assert.deepEqual((await bob.rooms({ key: "no-such-room" })).results, []);
    assert.equal((await bob.join(room)).user_id, bob.user.user_id);
    const view = { notify: "default", muted_until: null, is_favorite: false, is_hidden: false };
    assert.deepEqual(await alice.hideRoom(room), { ...view, is_hidden: true });
    assert.deepEqual(
        (await alice.rooms({ hidden: true })).results.map((one) => one.room_id),
        [room],
    );
    assert.deepEqual(await alice.hideRoom(room, false), view);
    const set = { notify: "mentions", is_favorite: true };
    assert.deepEqual(await alice.setRoomView(room, set), { ...view, ...set });
    assert.equal((await alice.setAdmin(room, bob.user.user_id, true)).is_admin, true);
    assert.equal((await alice.setRole(room, bob.user.user_id, "reader")).role, "reader");
    assert.equal((await alice.silence(room, bob.user.user_id, 5)).user_id, bob.user.user_id);
    assert.equal((await alice.silences(room)).results[0].silenced_by_id, alice.user.user_id);
    assert.equal((await alice.roomSilences({ limit: 1 })).results[0].room_id, room);
    await alice.unsilence(room, bob.user.user_id);
    const blocked = await alice.block(bob.user.user_id);
    assert.deepEqual((await alice.blocks()).results, [blocked]);
    await alice.unblock(bob.user.user_id);
    const said = await alice.postMessage(room, { content: "Buy!" });
    const report = await bob.report(room, said.message_id, { reason: "spam" });
    assert.equal((await alice.reports({ state: "open" })).results[0].content, "Buy!");
    assert.equal((await alice.closeReport(report.report_id, "handled")).state, "handled");
    const { bob: eve } = await pair(system);
    const link = await alice.addLink(room, { role: "reader", max_uses: 1 });
    assert.deepEqual((await alice.links(room)).results, [link]);
    assert.equal((await eve.link(link.link)).members_count, 2);
    assert.equal((await eve.useLink(link.link)).role, "reader");
    await assert.rejects(eve.link(link.link), { status: 410, code: "link_used_up" });
    await alice.removeLink(room, link.link_id);
    await alice.updateRoom(room, { is_open: true });
    assert.equal((await alice.openRooms({ limit: 1 })).results[0].room_id, room);
    await alice.updateRoom(room, { is_open: false });
    assert.equal((await alice.ban(room, eve.user.user_id, { reason: "spam" })).reason, "spam");
    assert.equal((await alice.bans(room)).count, 1);
    assert.equal((await alice.roomBans({ limit: 1 })).results[0].room_id, room);
    await alice.unban(room, eve.user.user_id);
    assert.deepEqual((await alice.held(room)).results, []);
    assert.equal((await alice.heldMessages({ limit: 1 })).count, 0);
    await assert.rejects(alice.siteBans({ limit: 1 }), refusal(403));
    await assert.rejects(alice.siteBan(eve.user.user_id), refusal(403));
    await assert.rejects(alice.siteUnban(eve.user.user_id), refusal(403));
    await assert.rejects(alice.audit({ limit: 1 }), refusal(403));
    await assert.rejects(alice.approveHeld(room, 1), refusal(404));
    await assert.rejects(alice.dropHeld(room, 1), refusal(404));
    await alice.setRole(room, bob.user.user_id, "admin");
    const { results: members } = await alice.members(room, { limit: 10 });
    assert.deepEqual(
        members.map((one) => [one.username, one.is_admin]),
        [
            [alice.user.username, true],
            [bob.user.username, true],
        ],
    );
    await bob.removeMember(room, alice.user.user_id);
    await bob.deleteRoom(room);
    await assert.rejects(bob.room(room), refusal(404));
});

test("two users have one direct room", async () => {
    const { alice, bob } = await pair(system);
    const one = await alice.directRoom(bob.user.user_id);
    const other = await bob.directRoom(alice.user.user_id);
    assert.equal(one.room_id, other.room_id);
    assert.equal(one.is_direct, true);
});

test("the life of a message", async () => {
    const { alice, bob, room } = await pair(system);
    const made = await alice.postMessage(room, { content: "one", client_id: "mine" });
    const again = await alice.postMessage(room, { content: "two", client_id: "mine" });
    assert.deepEqual(again, made);
    const { message_id: id } = made;
    assert.deepEqual(await bob.message(room, id), made);
    assert.deepEqual(await bob.markRead(room, id), { last_read_message_id: id, unread_count: 0 });
    const ids = [alice, bob].map(({ user }) => user.user_id);
    for (const page of [await alice.reads(room), await bob.messageReads(room, id)]) {
        assert.deepEqual(
            page.results.map((one) => [one.user_id, one.last_read_message_id]),
            ids.map((user) => [user, id]),
        );
    }
    assert.deepEqual(await bob.markUnread(room, id), {
        last_read_message_id: null,
        unread_count: 1,
    });
    const named = { user_ids: [bob.user.user_id], all: false };
    const edited = await alice.editMessage(room, id, "three", { mentions: named });
    assert.deepEqual([edited.content, edited.mentions], ["three", named]);
    const { results: mentioning, count: none } = await bob.mentions();
    assert.deepEqual([mentioning, none], [[edited], null]);
    assert.equal((await bob.room(room)).unread_mentions, 1);
    await bob.markAllRead();
    assert.equal((await bob.room(room)).unread_count, 0);
    assert.equal((await alice.editMessage(room, id, "three")).content, "three");
    const own = { emoji: "👍", count: 1, mine: true };
    assert.deepEqual(await alice.react(room, id, "👍"), [own]);
    assert.deepEqual((await bob.message(room, id)).reactions, [{ ...own, mine: false }]);
    assert.equal((await bob.reactions(room, id)).results[0].user_id, alice.user.user_id);
    assert.deepEqual(await alice.unreact(room, id, "👍"), []);
    const pinned = await alice.pin(room, id);
    assert.deepEqual((await bob.pins(room)).results, [pinned]);
    await alice.unpin(room, id);
    assert.equal((await bob.pins(room)).count, 0);
    const answer = await bob.postMessage(room, { content: "four", reply_to_id: id });
    assert.equal(answer.reply_to.excerpt, "three");
    assert.deepEqual((await alice.replies(room, id)).results, [answer]);
    await alice.deleteMessage(room, id);
    assert.equal((await bob.message(room, id)).is_deleted, true);
});

test("pages of messages link to each other", async () => {
    const { alice, room } = await pair(system);
    for (const content of ["1", "2", "3", "4", "5"]) {
        await alice.postMessage(room, { content });
    }
    const newest = await alice.messages(room, { limit: 2 });
    assert.deepEqual(
        newest.results.map((one) => one.content),
        ["5", "4"],
    );
    const before = newest.results[1].message_id;
    const older = await alice.messages(room, { before, limit: 2 });
    assert.deepEqual(
        older.results.map((one) => one.content),
        ["3", "2"],
    );
    const oldest = await alice.follow(older.next);
    assert.deepEqual(
        oldest.results.map((one) => one.content),
        ["1"],
    );
    assert.equal(oldest.next, null);
});

test("events, presence and health can be requested", async () => {
    const { alice, bob, room } = await pair(system);
    const { events, last_seq: last } = await alice.events(room, { after: 0, limit: 5 });
    assert.deepEqual(
        events.map((event) => event.type),
        ["user_invited"],
    );
    assert.equal(last, 1);
    const own = await bob.ownEvents({ after: 0 });
    assert.deepEqual([own.events[0].type, own.last_seq], ["room_invitation", 1]);
    const news = await bob.sync({ user_seq: 0, rooms: { [room]: 0 } });
    assert.deepEqual(
        [news.user.events, news.rooms[0].events],
        [own.events, (await bob.events(room)).events],
    );
    assert.deepEqual(await bob.sync({ etag: news.etag }), { unchanged: true });
    await recordLive(bob.openRoom(room));
    // pushd stores who is online after it has accepted the socket.
    const online = await until(async () => {
        const presence = await alice.presence(room);
        return presence.online.length > 0 && presence.online;
    });
    const { user_id, username, display_name, avatar_url } = bob.user;
    assert.deepEqual(online, [{ user_id, username, display_name, avatar_url }]);
    assert.equal((await alice.health()).status, "ok");
});

test("any path can be requested", async () => {
    const alice = await userClient(system);
    assert.deepEqual(await alice.request("GET", "/api/auth/me/"), alice.user);
});

test("a closed client that is used again works again", async () => {
    const { alice, bob, room } = await pair(system);
    // As React does it in its strict mode: an effect runs, is undone, and runs again.
    alice.openRoom(room);
    alice.close();
    const outgoing = alice.send(room, "1");
    await outgoing.done;
    alice.close();
    const heard = await recordLive(alice.openRoom(room));
    await alice.send(room, "2").done;
    await bob.postMessage(room, { content: "3" });
    await until(() => heard.events.length === 2);
    alice.close();
    heard.channel.reopen();
    await until(() => heard.channel.state === "live");
});

// ---- errors ----

test("a 400 has the errors of each invalid field", async () => {
    const client = anonymousClient(system);
    await assert.rejects(
        client.register("x", "short"),
        refusal(400, (error) => {
            assert.deepEqual(Object.keys(error.fields).sort(), ["password", "username"]);
            assert.match(error.detail, /username: ./);
            assert.equal(error.code, Object.values(error.codes)[0][0]);
            assert.deepEqual(error.codes, { username: ["invalid"], password: ["min_length"] });
            assert.equal(error.temporary, false);
            assert.ok(error.requestId);
        }),
    );
});

test("an error of no single field has empty fields", async () => {
    const { user } = await userClient(system);
    await assert.rejects(
        anonymousClient(system).login(user.username, "wrong password"),
        refusal(400, (error) => {
            assert.deepEqual(error.fields, {});
            assert.equal(error.message, "Unable to log in with provided credentials.");
            assert.equal(error.code, "authorization");
        }),
    );
});

test("403 and 404 carry the server's text", async () => {
    const { alice, bob, room } = await pair(system);
    await assert.rejects(bob.deleteRoom(room), refusal(403));
    await assert.rejects(
        alice.room(4711000),
        refusal(404, (error) => {
            assert.equal(error.detail, "Not found.");
            assert.equal(error.code, "not_found");
        }),
    );
});

slow("a 429 carries the seconds to wait", async () => {
    const limited = await Instance.start({ CONFAB_RATE_LIMITS: "on", CONFAB_RATE_LOGINS: "1" });
    try {
        const client = anonymousClient(limited);
        await assert.rejects(client.login("nobody", PASSWORD), refusal(400));
        await assert.rejects(
            client.login("nobody", PASSWORD),
            refusal(429, (error) => {
                assert.ok(error.retryAfter > 0);
                assert.equal(error.temporary, true);
            }),
        );
    } finally {
        await limited.close();
    }
});

test("no response is status 0 and temporary", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await until(() => server.listening);
    const url = `http://127.0.0.1:${server.address().port}`;
    const client = anonymousClient({ url }, { pace: { requestTimeout: 50 } });
    await assert.rejects(
        client.health(),
        refusal(0, (error) => {
            assert.match(error.detail, /in time/);
            assert.equal(error.code, "no_answer");
            assert.equal(error.temporary, true);
        }),
    );
    server.closeAllConnections();
    server.close();
    await until(() => !server.listening);
    await assert.rejects(
        client.health(),
        refusal(0, (error) => assert.match(error.detail, /cannot be reached/)),
    );
});

test("a response that is not JSON is status 0", async () => {
    const server = createServer((_, answer) => answer.end("<h1>Welcome to the hotel</h1>"));
    server.listen(0, "127.0.0.1");
    await until(() => server.listening);
    const client = anonymousClient({ url: `http://127.0.0.1:${server.address().port}` });
    await assert.rejects(client.health(), refusal(0));
    server.closeAllConnections();
    server.close();
});

test("a listener that throws stops no other, and its error stays uncaught", async () => {
    const { bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    channel.on("connected", () => {
        throw new Error("a fault of the application");
    });
    const heard = record(channel);
    const uncaught = await thrownLater(() => until(() => heard.frames.length === 1));
    assert.deepEqual(
        uncaught.map((error) => error.message),
        ["a fault of the application"],
    );
});

/** Collects the errors that microtasks throw during the action; they would fail the test. */
async function thrownLater(action) {
    const { queueMicrotask: real } = globalThis;
    const thrown = [];
    globalThis.queueMicrotask = (task) =>
        real(() => {
            try {
                task();
            } catch (error) {
                thrown.push(error);
            }
        });
    try {
        await action();
    } finally {
        globalThis.queueMicrotask = real;
    }
    return thrown;
}

test("a listener can be removed, and can listen once", async () => {
    const { alice, bob, room } = await pair(system);
    const channel = bob.openRoom(room);
    const heard = await recordLive(channel);
    const calls = [];
    const stop = channel.on("new_message", () => calls.push("stopped"));
    channel.once("new_message", () => calls.push("once"));
    stop();
    await alice.postMessage(room, { content: "1" });
    await alice.postMessage(room, { content: "2" });
    await until(() => heard.events.length === 2);
    assert.deepEqual(calls, ["once"]);
});

test("a site below a path gets all requests there", async () => {
    const asked = [];
    const fetch = async (url) => {
        asked.push(url);
        return new Response(JSON.stringify({ results: [] }));
    };
    const client = anonymousClient({ url: "https://example.org/talk/" }, { fetch });
    await client.rooms();
    await client.follow("http://internal/talk/api/chat/rooms/?offset=50");
    assert.deepEqual(asked, [
        "https://example.org/talk/api/chat/rooms/",
        "https://example.org/talk/api/chat/rooms/?offset=50",
    ]);
});

test("rooms come in pages", async () => {
    const alice = await userClient(system);
    for (let i = 0; i < 3; i += 1) {
        await roomOf(alice);
    }
    const page = await alice.rooms({ limit: 2 });
    assert.deepEqual([page.count, page.results.length], [3, 2]);
    assert.equal((await alice.follow(page.next)).results.length, 1);
});

const refused = (status) => new Response("<h1>Refused</h1>", { status });

for (const status of [403, 405, 501]) {
    test(`a host that refuses PATCH and DELETE with ${status} gets POST instead`, async () => {
        const { alice, room } = await pair(system);
        const passed = [];
        alice.net.firewall = ({ method, headers }) => {
            if (method === "PATCH" || method === "DELETE") {
                return refused(status);
            }
            passed.push([method, headers["X-HTTP-Method-Override"]]);
            return null;
        };
        const { message_id: id } = await alice.postMessage(room, { content: "first" });
        assert.equal((await alice.editMessage(room, id, "second")).content, "second");
        await alice.deleteMessage(room, id);
        assert.deepEqual(passed.slice(-2), [
            ["POST", "PATCH"],
            ["POST", "DELETE"],
        ]);
        assert.equal((await alice.message(room, id)).is_deleted, true);
        await assert.rejects(alice.editMessage(room, id, "third"), {
            status: 404,
            foreign: false,
        });
    });
}

test("a firewall that refuses one edit is not taken for a host that refuses PATCH", async () => {
    const { alice, room } = await pair(system);
    const sent = [];
    alice.net.firewall = ({ method, body }) => {
        sent.push(method);
        return body?.includes("UNION") ? refused(403) : null;
    };
    const { message_id: id } = await alice.postMessage(room, { content: "first" });
    await assert.rejects(alice.editMessage(room, id, "UNION"), { status: 403, foreign: true });
    await alice.editMessage(room, id, "second");
    assert.deepEqual(sent, ["POST", "PATCH", "POST", "PATCH"]);
});
