// Sending files in parts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { roomOf, userClient } from "../support/clients.js";
import { system } from "./setup.js";

const TEXT = new Blob([new Uint8Array(300_000).fill(65)], { type: "image/png" });

test("a file is sent in parts, whatever its type is called, and can be posted", async () => {
    const alice = await userClient(system);
    const room = await roomOf(alice);
    const upload = await alice.upload(room, TEXT, { name: "a.txt" });
    const places = [];
    upload.on("progress", ({ offset }) => places.push(offset));
    const file = await upload.done;
    assert.equal(upload.state, "done");
    assert.equal(places.at(-1), TEXT.size);
    assert.equal(file.media_type, "text/plain");
    const message = await alice.postMessage(room, { files: [file.file_id] });
    assert.deepEqual(message.files, [file]);
    const { url } = await alice.fileLink(file.file_id);
    assert.equal((await (await fetch(url)).text()).length, TEXT.size);
    assert.equal(alice.fileUrl(file), alice.url + file.url);
});

test("an upload that was cancelled is rejected", async () => {
    const alice = await userClient(system);
    const room = await roomOf(alice);
    const upload = await alice.upload(room, TEXT, { name: "a.txt" });
    upload.cancel();
    await assert.rejects(upload.done, { code: "upload_cancelled" });
    assert.equal(upload.state, "cancelled");
});

test("an upload continues at the offset of the server, as after a reload", async () => {
    const alice = await userClient(system);
    const room = await roomOf(alice);
    const first = await alice.upload(room, TEXT, {
        name: "a.txt",
        media_type: "text/plain",
    });
    await new Promise((resolve) => {
        first.on("progress", ({ offset }) => offset > 0 && resolve());
    });
    first.cancel();
    const second = await alice.upload(room, TEXT, { file_id: first.file_id });
    const offsets = [];
    second.on("progress", ({ offset }) => offsets.push(offset));
    const file = await second.done;
    assert.equal(file.file_id, first.file_id);
    assert.ok(offsets[0] > 0);
});

test("a message with files is sent once they are; those after it do not wait", async () => {
    const alice = await userClient(system);
    const room = await roomOf(alice);
    // A proxy in front is broken.
    alice.net.firewall = ({ method }) =>
        method === "PUT" ? new Response("busy", { status: 503 }) : null;
    const one = alice.send(room, "one", { files: [TEXT, TEXT] });
    const two = alice.send(room, "two");
    await two.done;
    assert.deepEqual(alice.outbox.list(room), [one]);
    // In the end it fails in its place, for its own reason.
    await assert.rejects(one.done, { code: "unavailable_in_front" });
    assert.equal(one.state, "failed");
    alice.net.firewall = () => null;
    alice.outbox.retry(one.client_id);
    const message = await one.done;
    assert.deepEqual(
        message.files.map(({ size }) => size),
        [TEXT.size, TEXT.size],
    );
    const { results } = await alice.messages(room);
    assert.deepEqual(
        results.map(({ content }) => content),
        ["one", "two"],
    );
    const blob = await alice.fileBlob(message.files[0]);
    assert.equal(blob.size, TEXT.size);
    assert.ok((await alice.features()).includes("files"));
});

test("what the server refuses is not sent again and again", async () => {
    const alice = await userClient(system);
    const room = await roomOf(alice);
    const large = new Blob([new Uint8Array(10 * 1024 * 1024 + 1)]);
    const outgoing = alice.send(room, "", { files: [large] });
    await assert.rejects(outgoing.done, { status: 413, code: "file_too_large" });
    assert.equal(alice.asked.filter(({ path }) => path.endsWith("/files/")).length, 1);
    alice.outbox.discard(outgoing.client_id);
    assert.deepEqual(alice.outbox.list(), []);
    assert.equal(await alice.keptUpload("none"), null);
});

test("a web server in front that takes less at once gets smaller parts", async () => {
    const alice = await userClient(system);
    const room = await roomOf(alice);
    alice.net.firewall = ({ method, body }) =>
        method === "PUT" && body.byteLength > 30_000 ? new Response("", { status: 413 }) : null;
    const upload = await alice.upload(room, TEXT, { name: "a.txt" });
    assert.equal((await upload.done).size, TEXT.size);
});
