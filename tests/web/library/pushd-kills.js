// pushd is killed repeatedly under load.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
    anotherClient,
    MemoryStorage,
    pair,
    receivedTexts,
    recordLive,
} from "../support/clients.js";
import { pause, until } from "../support/until.js";
import { system } from "./setup.js";

const KILLS = 10;

/** All events of the room in the database, oldest first. */
async function recorded(client, room) {
    const events = [];
    for (;;) {
        const page = await client.events(room, { after: events.length, limit: 1000 });
        events.push(...page.events);
        if (events.length === page.last_seq) {
            return events;
        }
    }
}

test(`pushd killed ${KILLS} times: every client gets each event once and in order`, async (t) => {
    const { alice, bob, room } = await pair(system);
    const phone = await anotherClient(system, bob, { storage: new MemoryStorage() });
    const { last_seq: since } = await bob.room(room);
    const channels = [alice, bob, phone].map((one) => one.openRoom(room, { since }));
    const all = [];
    for (const channel of channels) {
        all.push(await recordLive(channel));
    }
    const sent = [];
    let writing = true;
    const write = async (client, name) => {
        for (let i = 0; writing; i += 1) {
            sent.push(client.send(room, `${name} ${i}`));
            await pause(15);
        }
    };
    const writers = [write(alice, "a"), write(bob, "b")];

    for (let kill = 0; kill < KILLS; kill += 1) {
        const { length } = sent;
        await until(() => sent.length > length + 5);
        await system.end("push", "SIGKILL");
        await system.start();
        await until(() => channels.every((channel) => channel.state === "live"), 60);
    }
    writing = false;
    await Promise.all(writers);
    await Promise.all(sent.map((one) => one.done));

    const truth = (await recorded(alice, room)).slice(since);
    const last = truth.at(-1).seq;
    await until(() => channels.every((channel) => channel.seq === last), 60);
    const seqs = truth.map((event) => event.seq);
    for (const received of all) {
        assert.deepEqual(
            received.events.map((event) => event.seq),
            seqs,
        );
        assert.deepEqual(
            receivedTexts(received),
            truth.map((event) => event.message.content),
        );
        assert.deepEqual(received.resyncs, []);
    }
    for (const name of ["a", "b"]) {
        const own = receivedTexts(all[0]).filter((content) => content.startsWith(name));
        assert.deepEqual(
            own,
            own.map((_, index) => `${name} ${index}`),
        );
    }
    assert.equal(truth.length, sent.length);
    const sockets = [alice, bob, phone].map((one) => one.sockets.opened.length);
    t.diagnostic(`${truth.length} messages to ${all.length} listeners; sockets: ${sockets}`);
    assert.ok(sockets.every((count) => count > KILLS));
});
