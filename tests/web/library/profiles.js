// Names and pictures of users: few requests, remembered, and reported when they change.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Confab } from "../../../web/confab.js";
import { pair } from "../support/clients.js";
import { pause, until } from "../support/until.js";
import { system } from "./setup.js";

/** A client whose server knows users 1 to 1000; `asked` has the ids of each request. */
function fakeClient(answer = (id) => ({ display_name: `User ${id}` })) {
    const asked = [];
    const state = { fails: false };
    const fetch = async (url) => {
        const { searchParams } = new URL(url);
        const ids = searchParams.get("ids").split(",").map(Number);
        asked.push(ids);
        assert.equal(searchParams.get("limit"), null);
        if (state.fails) {
            throw new TypeError("offline");
        }
        const results = ids
            .filter((id) => id <= 1000)
            .map((id) => ({ user_id: id, username: `u${id}`, ...answer(id) }));
        return new Response(JSON.stringify({ count: results.length, results }));
    };
    const confab = new Confab({ url: "http://localhost", token: "0", WebSocket: null, fetch });
    return { confab, asked, state };
}

test("profiles requested together are one request, and are reported when they come", async () => {
    const { confab, asked } = fakeClient();
    const emitted = [];
    confab.profiles.on("change", (ids) => emitted.push(ids));
    for (const id of [3, 1, 3, 2]) {
        assert.equal(confab.profiles.get(id), null);
    }
    await until(() => emitted.length === 1);
    assert.deepEqual(asked, [[3, 1, 2]]);
    assert.deepEqual(emitted, [[3, 1, 2]]);
    assert.deepEqual(confab.profiles.get(2), {
        user_id: 2,
        username: "u2",
        display_name: "User 2",
        avatar_url: null,
        is_bot: false,
    });
    const known = await confab.profiles.load([1, 2, 4]);
    assert.deepEqual([...known.keys()], [1, 2, 4]);
    assert.deepEqual(asked, [[3, 1, 2], [4]]);
    confab.close();
});

test("450 profiles are three requests; ids of no user are left out, and remembered", async () => {
    const { confab, asked } = fakeClient();
    const ids = Array.from({ length: 450 }, (_, at) => at + 600);
    const known = await confab.profiles.load(ids);
    assert.deepEqual(
        asked.map((some) => some.length),
        [200, 200, 50],
    );
    assert.equal(known.size, 401);
    await confab.profiles.load(ids);
    assert.equal(confab.profiles.get(1040), null);
    await pause(50);
    assert.equal(asked.length, 3);
    confab.close();
});

test("after a minute a profile is asked for again, and shown as it was until then", async (t) => {
    let now = 1000;
    t.mock.method(performance, "now", () => now);
    let name = "Ann";
    const { confab, asked } = fakeClient(() => ({ display_name: name }));
    await confab.profiles.load([1]);
    now += 59000;
    confab.profiles.get(1);
    await pause(50);
    assert.equal(asked.length, 1);
    now += 2000;
    name = "Anna";
    const emitted = new Promise((resolve) => confab.profiles.once("change", resolve));
    assert.equal(confab.profiles.get(1).display_name, "Ann");
    assert.deepEqual(await emitted, [1]);
    assert.equal(asked.length, 2);
    assert.equal(confab.profiles.get(1).display_name, "Anna");
    confab.close();
});

test("a failure is reported to load(), and not repeated at once by get()", async () => {
    const { confab, asked, state } = fakeClient();
    state.fails = true;
    await assert.rejects(confab.profiles.load([1, 2]), { status: 0, code: "unreachable" });
    confab.profiles.get(1);
    await pause(50);
    assert.equal(asked.length, 1);
    confab.close();
});

test("after a failure those that are still shown are asked for again", async (t) => {
    let now = 1000;
    t.mock.method(performance, "now", () => now);
    t.mock.timers.enable({ apis: ["setTimeout"] });
    // Until a request that has begun is answered.
    const soon = async (ms) => {
        now += ms;
        t.mock.timers.tick(ms);
        for (let i = 0; i < 20; i += 1) {
            await new Promise((resolve) => setImmediate(resolve));
        }
    };
    const { confab, asked, state } = fakeClient();
    const draw = () => confab.profiles.get(1);
    confab.profiles.on("due", draw);
    state.fails = true;
    draw();
    confab.profiles.get(2);
    await soon(20);
    assert.deepEqual(asked, [[1, 2]]);
    draw();
    await soon(4000);
    assert.equal(asked.length, 1);
    await soon(1020);
    await soon(20);
    assert.deepEqual(asked, [[1, 2], [1]]);
    // The second pause is longer.
    state.fails = false;
    await soon(6000);
    assert.equal(asked.length, 2);
    await soon(4020);
    await soon(20);
    assert.equal(draw().display_name, "User 1");
    assert.equal(asked.length, 3);
    confab.close();
});

test("the names of a list are newer than those of an answer that a cache may give", async () => {
    const { confab, asked } = fakeClient(() => ({ display_name: "Old", is_bot: true }));
    const listed = { user_id: 1, username: "u1", display_name: "New", avatar_url: null };
    confab.profiles.put([listed]);
    confab.profiles.get(1);
    await until(() => asked.length === 1);
    await until(() => confab.profiles.get(1).is_bot);
    assert.equal(confab.profiles.get(1).display_name, "New");
    confab.close();
});

test("after close() nothing is asked for", async () => {
    const { confab, asked } = fakeClient();
    confab.profiles.get(1);
    confab.close();
    await pause(50);
    assert.deepEqual(asked, []);
});

test("the server answers with the profiles of its users", async () => {
    const { alice, bob } = await pair(system);
    const known = await alice.profiles.load([bob.user.user_id, alice.user.user_id, 99999999]);
    assert.deepEqual([...known.values()].map((one) => one.username).sort(), [
        ...[alice.user.username, bob.user.username].sort(),
    ]);
    assert.equal(known.get(bob.user.user_id).display_name, bob.user.username);
    const changed = new Promise((resolve) => bob.profiles.once("change", resolve));
    const user = await bob.updateProfile({ display_name: "Bob Ross", locale: "de" });
    assert.equal(user.display_name, "Bob Ross");
    assert.equal(bob.user.locale, "de");
    assert.deepEqual(await changed, [bob.user.user_id]);
    assert.equal(bob.profiles.get(bob.user.user_id).display_name, "Bob Ross");
    const found = await alice.users({ search: "bob ro" });
    assert.ok(found.results.some((one) => one.user_id === bob.user.user_id));
});

test("lists that do not say who is a bot leave that as it is", async () => {
    const { confab, asked } = fakeClient((id) => ({
        display_name: `User ${id}`,
        is_bot: id === 1,
    }));
    const member = (id) => ({
        user_id: id,
        username: `u${id}`,
        display_name: "New",
        avatar_url: null,
    });
    await confab.profiles.load([1]);
    confab.profiles.put([member(1), member(2)]);
    assert.deepEqual(
        [confab.profiles.get(1).display_name, confab.profiles.get(1).is_bot],
        ["New", true],
    );
    // Shown until the whole profile comes.
    assert.equal(confab.profiles.get(2).display_name, "New");
    await until(() => asked.length === 2);
    assert.deepEqual(asked, [[1], [2]]);
    confab.close();
});

test("events, which have user names only, change no profile that is known", async () => {
    const { alice, bob, room } = await pair(system);
    await bob.updateProfile({ display_name: "Bob Ross" });
    const channel = alice.openRoom(room);
    await until(() => channel.state === "live");
    bob.openRoom(room);
    await until(() => channel.online.length === 2);
    const id = bob.user.user_id;
    assert.equal((await alice.profiles.load([id])).get(id).display_name, "Bob Ross");
});

test("sessions are listed and ended", async () => {
    const { alice } = await pair(system);
    const { token } = await alice.request("POST", "/api/auth/token/", {
        username: alice.user.username,
        password: "correct horse",
    });
    const { results } = await alice.sessions();
    assert.deepEqual(results.map(({ kind, current }) => [kind, current]).sort(), [
        ["token", false],
        ["token", true],
    ]);
    await alice.endSession(results.find(({ current }) => !current).session_id);
    assert.equal((await alice.sessions()).count, 1);
    await assert.rejects(new Confab({ url: system.url, token, WebSocket: null }).me(), {
        status: 401,
    });
    await alice.endOtherSessions();
    assert.equal((await alice.me()).user_id, alice.user.user_id);
});
