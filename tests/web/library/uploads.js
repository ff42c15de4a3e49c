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

test("an upload goes on where the server stands, as after a reload", async () => {
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
