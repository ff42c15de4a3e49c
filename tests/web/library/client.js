// The client: a method for each path, errors, listeners.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { Instance } from "../support/instance.js";
import {
    anonymousClient,
    pair,
    PASSWORD,
    record,
    recordLive,
    refusal,
    roomOf,
    userClient,
} from "../support/clients.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import { system } from "./setup.js";

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
    const received = await recordLive(alice.openRoom(room));
    await alice.send(room, "2").done;
    await bob.postMessage(room, { content: "3" });
    await until(() => received.events.length === 2);
    alice.close();
    received.channel.reopen();
    await until(() => received.channel.state === "live");
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
    const received = record(channel);
    const uncaught = await thrownLater(() => until(() => received.frames.length === 1));
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
    const received = await recordLive(channel);
    const calls = [];
    const stop = channel.on("new_message", () => calls.push("stopped"));
    channel.once("new_message", () => calls.push("once"));
    stop();
    await alice.postMessage(room, { content: "1" });
    await alice.postMessage(room, { content: "2" });
    await until(() => received.events.length === 2);
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
