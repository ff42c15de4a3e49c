// Bells: a client that polls starts no program while nothing is new; and X-Confab-Pace.

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { PACE } from "../../web/confab/pace.js";
import { anotherClient, closeAll, pair, record, roomOf, watchedFetch } from "./support/clients.js";
import { Instance } from "./support/instance.js";
import { slow } from "./support/slow.js";
import { until } from "./support/until.js";

let system;
let folder;

before(async () => {
    folder = await mkdtemp("/tmp/confab-bells-");
    await chmod(folder, 0o755);
    system = await Instance.start({ CONFAB_BELL_DIR: folder });
});
afterEach(closeAll);
after(async () => {
    await system.close();
    await rm(folder, { recursive: true });
});

const toApi = (client) => client.asked.filter((one) => one.path.startsWith("/api/"));
const toBells = (client) => client.asked.filter((one) => one.path.startsWith("/bell/"));

/** The file that is renewed with requests, while the server can write. */
const HEARTBEAT = "68656172746265617400000000000000";

const BUSY = () => new Response("", { status: 503 });

/** Two users, and the second with a client that listens to bells. */
async function listening(options) {
    const { alice, bob, room } = await pair(system);
    const other = await anotherClient(system, bob, { WebSocket: null, ...options });
    const own = record(other.openNotifications());
    const received = record(other.openRoom(room));
    await until(() => own.channel.state === "polling" && received.channel.state === "polling");
    const seen = toBells(other).length;
    await until(() => toBells(other).length > seen + 8);
    return { alice, bob, other, room, own, received };
}

slow("while nothing is new only bells are read, and a message arrives at once", async () => {
    const { alice, other, room, own, received } = await listening();
    const before = toApi(other).length;
    const seen = toBells(other).length;
    await until(() => toBells(other).length > seen + 20);
    assert.equal(toApi(other).length, before);
    await alice.postMessage(room, { content: "hello" });
    await until(() => received.events.length === 1);
    const second = await roomOf(alice, other);
    await until(() => own.events.some((event) => event.room_id === second));
    await alice.postMessage(second, { content: "elsewhere" });
    await until(() => own.frames.some((one) => one.message?.content === "elsewhere"));
});

slow("a bell that has changed is noticed although another one, or the request, fails", async () => {
    const inner = watchedFetch();
    let isClosed = false; // no bell is read meanwhile
    let failing = () => false;
    const gated = async (url, options) => {
        await until(() => !isClosed || !url.includes("/bell/"));
        return failing(url) ? BUSY() : inner(url, options);
    };
    const fetch = Object.assign(gated, { asked: inner.asked });
    const { alice, other, room, received } = await listening({ fetch });
    const isOwn = (url) => url.includes(other.user.bell);
    const isSync = (url) => url.endsWith("/sync/");
    for (const which of [isOwn, isSync]) {
        isClosed = true;
        const count = received.events.length;
        await alice.postMessage(room, { content: "hello" });
        let left = 1;
        failing = (url) => which(url) && left-- > 0;
        isClosed = false;
        await until(() => received.events.length > count);
        assert.ok(left <= 0);
    }
});

test("the bell of a removed member is silent, and the others read the new one", async () => {
    const { alice, other, room, received } = await listening();
    const known = (await other.room(room)).bell.split("/").at(-1);
    assert.ok((await readdir(folder)).includes(known));
    const carol = await pair(system).then((made) => made.bob);
    await alice.invite(room, carol.user.user_id);
    await alice.removeMember(room, carol.user.user_id);
    assert.ok(!(await readdir(folder)).includes(known));
    await until(() => received.events.some((event) => event.type === "user_removed"));
    await alice.postMessage(room, { content: "later" });
    await until(() => received.events.some((event) => event.message?.content === "later"));
    assert.ok(!(await readdir(folder)).includes(known));
    assert.notEqual((await other.room(room)).bell.split("/").at(-1), known);
});

test("a client of one room alone learns that its login has ended", async () => {
    const { bob, room } = await pair(system);
    const other = await anotherClient(system, bob, { WebSocket: null });
    const received = record(other.openRoom(room));
    await until(() => received.channel.state === "polling");
    const before = toApi(other).length;
    const seen = toBells(other).length;
    await until(() => toBells(other).length > seen + 10);
    assert.equal(toApi(other).length, before);
    await bob.logout();
    await until(() => received.closed !== null);
    assert.equal(other.user, null);
});

test("a bell that is lost is asked for again", async () => {
    const { alice, other, room, received } = await listening();
    for (const name of await readdir(folder)) {
        await rm(join(folder, name));
    }
    await until(() => readdir(folder).then((names) => names.length >= 2));
    await alice.postMessage(room, { content: "hello" });
    await until(() => received.events.length === 1);
    assert.ok(toApi(other).length < 20);
});

test("a web server that has too much to do is not asked for programs instead", async () => {
    const { alice, other, received } = await listening();
    const before = toApi(other).length;
    for (const answer of [() => Promise.reject(new TypeError("cut")), () => BUSY()]) {
        const seen = received.states.length;
        let left = 1;
        other.net.firewall = () => (left-- > 0 ? answer() : null);
        await until(() => received.states.slice(seen).includes("waiting"));
        await until(() => received.states.at(-1) === "polling");
    }
    assert.equal(toApi(other).length, before);
    await alice.postMessage(received.channel.roomId, { content: "hello" });
    await until(() => received.events.length === 1);
});

slow("bells that never work are left alone", async () => {
    const { alice, other, received } = await listening();
    const before = toApi(other).length;
    other.net.firewall = ({ method }) => (method ? null : BUSY());
    await until(() => toApi(other).length > before + 3);
    const seen = toBells(other).length;
    await alice.postMessage(received.channel.roomId, { content: "hello" });
    await until(() => received.events.length === 1);
    assert.equal(toBells(other).length, seen);
});

/**
 * A fetch whose heartbeat is another after each request to the API. `freeze()`: from then on the
 * folder of bells is served as it is, as if the server could write to it no longer.
 */
function freezableFetch() {
    const inner = watchedFetch();
    const kept = new Map();
    let isFrozen = false;
    let beats = 1;
    const freezable = async (url, options) => {
        if (url.endsWith(HEARTBEAT)) {
            return new Response(String(beats));
        }
        beats += url.includes("/api/") && !isFrozen ? 1 : 0;
        const answer = await inner(url, options);
        if (url.includes("/bell/")) {
            const text = (isFrozen && kept.get(url)) || (await answer.text());
            kept.set(url, text);
            return new Response(text, { status: answer.status });
        }
        return answer;
    };
    const freeze = () => {
        isFrozen = true;
    };
    return Object.assign(freezable, { asked: inner.asked, freeze });
}

slow("a folder that can no longer be written is noticed, and the API polled", async () => {
    // By a tab that is idle, and by one that asks for something else.
    for (const [heartbeatTrust, ask] of [
        [500, () => null],
        [PACE.heartbeatTrust, (client) => client.me()],
    ]) {
        const fetch = freezableFetch();
        const pace = { heartbeatTrust, heartbeat: 0 };
        const { alice, other, received } = await listening({ fetch, pace });
        fetch.freeze();
        await alice.postMessage(received.channel.roomId, { content: "hello" });
        await ask(other);
        await until(() => received.events.length === 1);
        const before = toApi(other).length;
        await alice.postMessage(received.channel.roomId, { content: "again" });
        await until(() => received.events.length === 2 && toApi(other).length > before + 2);
    }
});

test("a message costs a tab one request", async () => {
    const { alice, other, received } = await listening();
    const before = toApi(other).length;
    const seen = toBells(other).length;
    await alice.postMessage(received.channel.roomId, { content: "hello" });
    await until(() => received.events.length === 1 && toBells(other).length > seen + 20);
    assert.deepEqual(
        toApi(other)
            .slice(before)
            .map((one) => one.path),
        ["/api/chat/sync/"],
    );
});

test("without bells the API is polled as before", async () => {
    const { alice, bob, room } = await pair(system);
    await rm(folder, { recursive: true });
    try {
        const other = await anotherClient(system, bob, { WebSocket: null });
        const received = record(other.openRoom(room));
        await until(() => received.channel.state === "polling");
        assert.equal((await other.room(room)).bell, null);
        await alice.postMessage(room, { content: "hello" });
        await until(() => received.events.length === 1);
    } finally {
        await mkdir(folder, { mode: 0o755 });
    }
});

test("the pace that the server demands is obeyed", async () => {
    const { alice, bob, room } = await pair(system);
    const slowed = async (url, options) => {
        const answer = await fetch(url, options);
        const headers = new Headers(answer.headers);
        headers.set("X-Confab-Pace", "4");
        headers.delete("Content-Encoding");
        if (url.includes("/api/")) {
            asked.push(performance.now());
        }
        const body = [204, 304].includes(answer.status) ? null : await answer.arrayBuffer();
        return new Response(body, { status: answer.status, headers });
    };
    const asked = [];
    // A second takes 100 ms.
    const other = await anotherClient(system, bob, {
        WebSocket: null,
        pace: { second: 100, pollMin: 10, pollMax: 20 },
        fetch: Object.assign(slowed, { asked: [] }),
    });
    const own = record(other.openNotifications());
    await until(() => own.channel.state === "polling");
    const began = asked.length;
    await alice.postMessage(room, { content: "hello" });
    await until(() => own.frames.some((one) => one.type === "new_message_notification"));
    const pauses = asked.slice(began).map((time, at) => time - asked[began + at - 1]);
    assert.ok(pauses.every((pause) => pause >= 390));
});
