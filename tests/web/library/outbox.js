// The outbox: each message is sent once and in order, whatever happens.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Instance } from "../support/instance.js";
import {
    anonymousClient,
    anotherClient,
    inviteBack,
    MemoryStorage,
    pair,
    PASSWORD,
    receivedTexts,
    record,
    recordLive,
    userClient,
} from "../support/clients.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import { system } from "./setup.js";

const contents = async (client, room) => {
    const { results } = await client.messages(room, { limit: 200 });
    return results.map((message) => message.content).reverse();
};

const numbers = (count) => Array.from({ length: count }, (_, i) => String(i + 1));

test("a message is listed at once, then sent", async () => {
    const { alice, room } = await pair(system);
    const states = [];
    alice.outbox.on("change", (one) => states.push(one.state));
    const outgoing = alice.send(room, "Hello!", { reply_to_id: null });
    assert.deepEqual(alice.outbox.list(room), [outgoing]);
    assert.deepEqual(alice.outbox.list(room + 1), []);
    assert.match(outgoing.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const message = await outgoing.done;
    assert.equal(message.client_id, outgoing.client_id);
    assert.equal(message.content, "Hello!");
    assert.equal(outgoing.message, message);
    assert.deepEqual(states, ["queued", "sending", "sent"]);
    assert.deepEqual(alice.outbox.list(), []);
});

test("the event of a message has its client_id", async () => {
    const { alice, room } = await pair(system);
    const received = await recordLive(alice.openRoom(room));
    const outgoing = alice.send(room, "Hello!");
    await until(() => received.events.length === 1);
    assert.equal(received.events[0].message.client_id, outgoing.client_id);
});

test("messages of a room are sent in order", async () => {
    const { alice, room } = await pair(system);
    const all = numbers(40).map((content) => alice.send(room, content));
    await Promise.all(all.map((one) => one.done));
    assert.deepEqual(await contents(alice, room), numbers(40));
});

test("messages written offline are sent when the network is back, once and in order", async () => {
    const window = new EventTarget();
    const { alice, bob, room } = await pair(system, {
        window,
        pace: { backoffMin: 3600000, backoffMax: 3600000 },
    });
    const received = await recordLive(bob.openRoom(room));
    alice.net.online = false;
    const all = numbers(10).map((content) => alice.send(room, content));
    await until(() => all[0].error);
    assert.equal(all[0].error.status, 0);
    assert.deepEqual(
        all.map((one) => one.state),
        Array(10).fill("queued"),
    );
    alice.net.online = true;
    window.dispatchEvent(new Event("online"));
    await Promise.all(all.map((one) => one.done));
    await until(() => received.events.length >= 10);
    assert.deepEqual(receivedTexts(received), numbers(10));
    assert.deepEqual(await contents(bob, room), numbers(10));
});

test("lost responses do not duplicate messages", async () => {
    const { alice, room } = await pair(system);
    const all = numbers(6).map((content) => {
        const one = alice.send(room, content);
        return one;
    });
    alice.net.lose = 4;
    await Promise.all(all.map((one) => one.done));
    assert.equal(alice.net.lose, 0);
    assert.deepEqual(await contents(alice, room), numbers(6));
});

test("the event of a message confirms it if its response is lost", async () => {
    const { alice, room } = await pair(system, {
        pace: { backoffMin: 3600000, backoffMax: 3600000 },
    });
    await recordLive(alice.openRoom(room));
    alice.net.lose = 1;
    const message = await alice.send(room, "once").done;
    assert.equal(message.content, "once");
    assert.deepEqual(await contents(alice, room), ["once"]);
});

slow("fcgi-api killed and restarted: each message is sent once and in order", async () => {
    const { alice, bob, room } = await pair(system);
    const received = record(bob.openRoom(room, { since: 1 }));
    const all = numbers(30).map((content) => alice.send(room, content));
    await all[3].done;
    await system.end("api");
    await until(() => all.some((one) => one.error));
    await system.start();
    await Promise.all(all.map((one) => one.done));
    await until(() => received.events.length >= 30);
    assert.deepEqual(receivedTexts(received), numbers(30));
});

test("unsent messages survive the page, and the next one sends them once", async () => {
    const storage = new MemoryStorage();
    const { alice, room } = await pair(system, { storage });
    alice.net.online = false;
    numbers(5).forEach((content) => alice.send(room, content));
    await until(() => alice.asked.some((one) => one.path.includes("/messages/")));
    alice.close();
    assert.equal(storage.length, 5);
    const next = await anotherClient(system, alice, { storage });
    const left = next.outbox.list(room);
    assert.deepEqual(
        left.map((one) => one.content),
        numbers(5),
    );
    next.send(room, "6");
    await Promise.all(next.outbox.list().map((one) => one.done));
    assert.deepEqual(await contents(next, room), numbers(6));
    assert.equal(storage.length, 0);
});

test("a page closed while sending does not cause a second message", async () => {
    const storage = new MemoryStorage();
    const { alice, room } = await pair(system, { storage });
    alice.net.lose = 1;
    alice.send(room, "once");
    await until(() => alice.net.lose === 0);
    alice.close();
    const next = await anotherClient(system, alice, { storage });
    await until(() => storage.length === 0);
    assert.deepEqual(await contents(next, room), ["once"]);
});

test("another user of the same browser does not send them", async () => {
    const storage = new MemoryStorage();
    const { alice, bob, room } = await pair(system, { storage });
    alice.net.online = false;
    alice.send(room, "alice's");
    alice.close();
    const next = await anotherClient(system, bob, { storage });
    assert.deepEqual(next.outbox.list(), []);
    assert.equal(storage.length, 1);
});

test("logout discards unsent messages", async () => {
    const storage = new MemoryStorage();
    const { alice, room } = await pair(system, { storage });
    behindFirewall(alice, "secret", 503);
    const outgoing = alice.send(room, "secret");
    await alice.logout();
    assert.equal(storage.length, 0);
    assert.equal(outgoing.state, "discarded");
    await assert.rejects(outgoing.done);
});

test("a logout that fails ends nothing, and unsent messages stay", async () => {
    const storage = new MemoryStorage();
    const { alice, room } = await pair(system, { storage });
    alice.net.online = false;
    const outgoing = alice.send(room, "kept");
    await assert.rejects(alice.logout(), { status: 0 });
    assert.ok(alice.user);
    assert.equal(storage.length, 1);
    alice.net.online = true;
    alice.wake();
    await outgoing.done;
});

test("a message can be queued before the user is known", async () => {
    const { alice, room } = await pair(system);
    const storage = new MemoryStorage();
    const next = anonymousClient(system, { token: alice.token, storage });
    await next.send(room, "early").done;
    assert.equal(next.user.username, alice.user.username);
    assert.deepEqual(await contents(alice, room), ["early"]);
    assert.equal(storage.length, 0);
});

test("a refused message fails, and the next one is sent", async () => {
    const storage = new MemoryStorage();
    const { alice, room } = await pair(system, { storage });
    const bad = alice.send(room, "x".repeat(8001));
    const good = alice.send(room, "good");
    await assert.rejects(bad.done, { status: 400 });
    await good.done;
    assert.equal(bad.state, "failed");
    assert.ok(bad.error.fields.content);
    assert.deepEqual(alice.outbox.list(), [bad]);
    const next = await anotherClient(system, alice, { storage });
    const [left] = next.outbox.list();
    assert.deepEqual([left.state, left.content], ["failed", bad.content]);
    await assert.rejects(left.done);
    next.outbox.discard(left.client_id);
    assert.equal(storage.length, 0);
});

test("a failed message can be retried", async () => {
    const { alice, bob, room } = await pair(system);
    await alice.removeMember(room, bob.user.user_id);
    const outgoing = bob.send(room, "let me in");
    await assert.rejects(outgoing.done, { status: 404 });
    await inviteBack(system, alice, bob);
    bob.outbox.retry(outgoing.client_id);
    assert.equal((await outgoing.done).content, "let me in");
    assert.deepEqual(bob.outbox.list(), []);
});

/** Makes a client's requests pass a firewall that refuses those whose body has the word. */
function behindFirewall({ net }, word, status) {
    net.firewall = ({ body }) =>
        body?.includes(word)
            ? new Response("<html><title>Forbidden</title></html>", {
                  status,
                  headers: { "Content-Type": "text/html" },
              })
            : null;
}

for (const status of [400, 401, 403, 404, 406, 412, 413, 501]) {
    test(`a message that a firewall refuses with ${status} fails, others are sent`, async () => {
        const { alice, room } = await pair(system);
        behindFirewall(alice, "UNION", status);
        const [bad, good] = ["UNION SELECT", "good"].map((content) => alice.send(room, content));
        await assert.rejects(bad.done, { status, foreign: true });
        await good.done;
        assert.match(bad.error.detail, status < 500 ? /firewall/ : /unavailable/);
        assert.equal(bad.state, "failed");
        assert.deepEqual(await contents(alice, room), ["good"]);
        assert.equal(alice.user?.user_id, (await alice.me()).user_id);
        alice.net.firewall = () => null;
        alice.outbox.retry(bad.client_id);
        await bad.done;
        assert.deepEqual(await contents(alice, room), ["good", "UNION SELECT"]);
    });
}

test("a firewall that answers 503 to one message does not stop the others", async () => {
    const { alice, room } = await pair(system, { pace: { backoffMax: 50 } });
    behindFirewall(alice, "UNION", 503);
    const [bad, good] = ["UNION SELECT", "good"].map((content) => alice.send(room, content));
    await assert.rejects(bad.done, { status: 503 });
    await good.done;
});

for (const [name, answer] of [
    ["a page", () => new Response("<h1>Blocked</h1>")],
    ["nothing", () => new Response("", { status: 201 })],
    ["no response", () => Promise.reject(new TypeError("reset"))],
]) {
    test(`a firewall that answers ${name} to one message does not stop the others`, async () => {
        const { alice, room } = await pair(system, { pace: { backoffMax: 50 } });
        alice.net.firewall = ({ body }) => (body?.includes("UNION") ? answer() : null);
        const [bad, good] = ["UNION SELECT", "good"].map((content) => alice.send(room, content));
        await assert.rejects(bad.done, { status: 0 });
        await good.done;
        assert.deepEqual(await contents(alice, room), ["good"]);
    });
}

test("while all requests are answered 503 in HTML, messages wait", async () => {
    const { alice, room } = await pair(system, { pace: { backoffMax: 50 } });
    let asked = 0;
    alice.net.firewall = () => {
        asked += 1;
        return new Response("<h1>Back soon</h1>", { status: 503 });
    };
    const outgoing = alice.send(room, "patient");
    await until(() => asked > 20);
    assert.ok(["queued", "sending"].includes(outgoing.state));
    alice.net.firewall = () => null;
    await outgoing.done;
});

test("a discarded message is not sent", async () => {
    const { alice, room } = await pair(system);
    alice.net.online = false;
    const [first, second] = ["1", "2"].map((content) => alice.send(room, content));
    alice.outbox.discard(first.client_id);
    await assert.rejects(first.done);
    alice.net.online = true;
    await second.done;
    assert.deepEqual(await contents(alice, room), ["2"]);
});

slow("after a 429 the outbox waits as long as the server says", async () => {
    const limited = await Instance.start({
        CONFAB_RATE_LIMITS: "on",
        CONFAB_RATE_MESSAGES: "1",
        CONFAB_RATE_MESSAGES_BURST: "5",
    });
    try {
        const alice = await userClient(limited);
        const { room_id: room } = await alice.createRoom({ name: "Kitchen" });
        const all = numbers(8).map((content) => alice.send(room, content));
        await Promise.all(all.map((one) => one.done));
        assert.deepEqual(await contents(alice, room), numbers(8));
        const posts = alice.asked.filter((one) => one.path.endsWith("/messages/"));
        assert.ok(posts.some((one) => one.status === 429));
        assert.ok(posts.length < 30, String(posts.length));
    } finally {
        await limited.close();
    }
});

test("after a 401 messages are sent once the user logs in", async () => {
    const { alice, room } = await pair(system);
    const name = alice.user.username;
    await (await anotherClient(system, alice)).logout();
    const outgoing = alice.send(room, "later");
    await until(() => outgoing.error?.status === 401);
    const before = alice.asked.length;
    assert.equal(outgoing.state, "queued");
    await alice.login(name, PASSWORD);
    await outgoing.done;
    assert.ok(alice.asked.length <= before + 3);
});
