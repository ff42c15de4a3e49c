// Logging in by the site's signed token: when one is needed, and what happens if there is none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Confab } from "../../../web/confab.js";
import { SOON } from "../support/clients.js";
import { until } from "../support/until.js";

const SITE = "https://shop.example/token";
const signed = (sub) => `e30.${sub}.c2ln`;

/**
 * A chat and a site whose user is `state.user`. `state.site` and `state.login` replace their
 * answers; `tokens` has the chat's tokens that are valid, `asked` the paths requested.
 */
function world(options = { tokenUrl: SITE }) {
    const state = { user: 1, site: null, login: null, life: 3600000, asked: [], tokens: new Map() };
    const json = (status, body) => new Response(body && JSON.stringify(body), { status });
    const user = (id) => ({ user_id: id, username: `u${id}`, display_name: `User ${id}` });
    const chat = (url, { headers, body, method }) => {
        const { pathname } = new URL(url);
        if (pathname === "/api/auth/jwt/") {
            assert.equal(headers.Authorization, undefined);
            if (state.login) {
                return state.login(JSON.parse(body).jwt);
            }
            const id = Number(JSON.parse(body).jwt.split(".")[1]);
            const token = `t${state.asked.length}`;
            state.tokens.set(token, id);
            const expires_at = new Date(Date.now() + state.life).toISOString();
            return json(200, { token, expires_at, user: user(id) });
        }
        const id = state.tokens.get(headers.Authorization?.replace("Token ", ""));
        if (!id) {
            return json(401, { detail: "Invalid token.", code: "authentication_failed" });
        }
        return method === "GET"
            ? json(200, user(id))
            : json(201, { message_id: 1, ...JSON.parse(body) });
    };
    const fetch = async (url, request = {}) => {
        state.asked.push(url === SITE ? "site" : new URL(url).pathname);
        if (url === SITE) {
            assert.equal(request.credentials, "include");
            assert.equal(request.cache, "no-store");
            return state.site ? state.site() : new Response(`${signed(state.user)}\n`);
        }
        return chat(url, request);
    };
    const client = { url: "http://localhost", WebSocket: null, storage: null, pace: SOON, fetch };
    state.confab = new Confab({ ...client, ...options });
    state.refusals = [];
    state.confab.on("unauthorized", (error) => state.refusals.push(error));
    state.count = (path) => state.asked.filter((one) => one === path).length;
    return state;
}

for (const [kind, answer] of [
    ["text", () => new Response(signed(1))],
    ['{"jwt"}', () => new Response(JSON.stringify({ jwt: signed(1) }))],
    ["text in JSON", () => new Response(JSON.stringify(signed(1)))],
]) {
    test(`the first request logs in by the site's token, given as ${kind}`, async () => {
        const state = world();
        state.site = answer;
        const all = await Promise.all([state.confab.me(), state.confab.rooms()]);
        assert.equal(all[0].username, "u1");
        assert.equal(state.confab.user.user_id, 1);
        assert.equal(state.count("site"), 1);
        assert.equal(state.count("/api/auth/jwt/"), 1);
        state.confab.close();
    });
}

for (const [name, options, count] of [
    ["jwt", { jwt: signed(7) }, 0],
    ["a function", { jwt: async () => ({ jwt: signed(7) }) }, 0],
    ["jwt at first, with tokenUrl", { jwt: signed(7), tokenUrl: SITE }, 0],
]) {
    test(`the option ${name} logs in`, async () => {
        const state = world(options);
        assert.equal((await state.confab.me()).user_id, 7);
        assert.equal(state.count("site"), count);
        state.confab.close();
    });
}

test("a token in the page that has ended is replaced by one of the site", async () => {
    const state = world({ jwt: signed(7), tokenUrl: SITE });
    state.login = (jwt) => {
        if (jwt === signed(7)) {
            return new Response('{"jwt": ["expired 40 s ago"], "codes": {"jwt": ["expired"]}}', {
                status: 400,
            });
        }
        state.login = null;
        state.tokens.set("t", 1);
        return new Response(
            JSON.stringify({ token: "t", expires_at: null, user: { user_id: 1, username: "u1" } }),
        );
    };
    assert.equal((await state.confab.me()).user_id, 1);
    state.confab.close();
});

test("a request with a token that has ended is repeated with a new one", async () => {
    const state = world();
    await state.confab.me();
    state.tokens.clear();
    const message = await state.confab.postMessage(3, { content: "x" });
    assert.equal(message.content, "x");
    assert.equal(state.count("site"), 2);
    assert.deepEqual(state.refusals, []);
    state.confab.close();
});

test("a token is replaced before it ends", async () => {
    const state = world();
    state.life = 400;
    await state.confab.me();
    state.life = 3600000;
    await until(() => state.count("/api/auth/jwt/") === 2);
    assert.deepEqual(state.refusals, []);
    state.confab.close();
});

test("after close() no token is fetched any more", async () => {
    const state = world();
    state.life = 300;
    await state.confab.me();
    state.confab.close();
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(state.count("site"), 1);
});

test("a site that is unavailable for a moment is asked again", async () => {
    const state = world();
    await state.confab.me();
    state.tokens.clear();
    state.site = () => new Response("", { status: 503 });
    await assert.rejects(state.confab.rooms(), { status: 401 });
    await until(() => state.count("site") >= 4);
    assert.deepEqual(state.refusals, []);
    state.site = null;
    state.confab.wake();
    await until(() => state.tokens.size === 1);
    await state.confab.rooms();
    assert.equal(state.confab.user.user_id, 1);
    state.confab.close();
});

for (const [name, answer, code] of [
    ["no user is logged in", () => new Response("", { status: 403 }), "not_logged_in_at_site"],
    ["the answer is empty", () => new Response("\n"), "not_logged_in_at_site"],
    ["the answer is a page", () => new Response("<html>Log in</html>"), "no_site_token"],
]) {
    test(`where ${name} the login is refused, and can be tried again`, async () => {
        const state = world();
        state.site = answer;
        await assert.rejects(state.confab.me(), { code });
        state.site = null;
        assert.equal((await state.confab.me()).user_id, 1);
        // The user logs out at the site; the chat's token ends.
        state.tokens.clear();
        state.site = answer;
        await assert.rejects(state.confab.rooms(), { status: 401 });
        assert.equal(state.refusals.length, 1);
        assert.equal(state.refusals[0].code, code);
        assert.equal(state.confab.user, null);
        state.site = null;
        assert.equal((await state.confab.me()).user_id, 1);
        state.confab.close();
    });
}

test("a token that the chat refuses is reported with its code", async () => {
    const state = world();
    state.login = () =>
        new Response('{"jwt": ["expired 40 s ago"], "codes": {"jwt": ["expired"]}}', {
            status: 400,
        });
    await assert.rejects(state.confab.me(), { status: 400, code: "expired" });
    assert.equal(state.count("/api/auth/jwt/"), 1);
    state.confab.close();
});

test("when the site has logged in another user, nothing is sent as that one", async () => {
    const state = world();
    const emitted = [];
    state.confab.on("user", (user) => emitted.push(user?.user_id ?? null));
    await state.confab.me();
    const channel = state.confab.openRoom(3);
    state.user = 2;
    state.tokens.clear();
    await assert.rejects(state.confab.postMessage(3, { content: "x" }), { code: "user_changed" });
    assert.equal(state.count("/api/chat/rooms/3/messages/"), 1);
    assert.equal(state.confab.user.user_id, 2);
    assert.deepEqual(emitted, [1, 2]);
    assert.equal(channel.state, "closed");
    state.confab.close();
});
