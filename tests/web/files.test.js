// What the page reads of files before it sends them: heads of pictures, names.

import assert from "node:assert/strict";
import { test } from "node:test";

import { acceptableName, renamed, shownName, sizeText } from "../../web/chat/files/kinds.js";
import { fitted, pictureHead } from "../../web/chat/files/picture.js";

const bytes = (...parts) =>
    Uint8Array.from(
        parts.flatMap((part) =>
            typeof part === "string" ? [...part].map((letter) => letter.charCodeAt(0)) : part,
        ),
    );
const filled = (head) => Uint8Array.from({ length: 64 }, (_, at) => head[at] ?? 0);

const IHDR = bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 1, 0, 0, 0, 0, 2, 0]);
const PNG = bytes([...IHDR], [8, 2, 0, 0, 0, 1, 2, 3, 4]);

for (const [kind, head, expected] of [
    ["a PNG", bytes([...PNG], [0, 0, 0, 9], "IDAT"), { width: 65536, height: 512, moves: false }],
    [
        "an animated PNG",
        bytes([...PNG], [0, 0, 0, 8], "acTL"),
        { width: 65536, height: 512, moves: true },
    ],
    ["a GIF", bytes("GIF89a", [64, 1, 240, 0]), { width: 320, height: 240, moves: true }],
    [
        "a JPEG after other segments",
        bytes(
            [0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xc4, 0, 3, 1],
            [0xff, 0xc2, 0, 17, 8],
            [...[1, 0, 2, 0, 3]],
        ),
        { width: 512, height: 256, moves: false },
    ],
    [
        "an animated WebP",
        bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 2, 0, 0, 0, 255, 3, 0, 255, 1, 0]),
        { width: 1024, height: 512, moves: true },
    ],
    ["a video as AVIF", bytes([0, 0, 0, 28], "ftypavis"), { width: 0, height: 0, moves: true }],
    ["a JPEG without a frame", bytes([0xff, 0xd8, 0xff, 0xd9]), null],
    ["a text", bytes("GI"), null],
]) {
    test(`the head of ${kind}`, () => {
        assert.deepEqual(pictureHead(filled(head)), expected);
    });
}

test("no bytes keep the reader of heads from its end", () => {
    const starts = [PNG, bytes("GIF89a"), bytes([0xff, 0xd8, 0xff]), bytes("RIFF....WEBPVP8X")];
    for (let seed = 1; seed < 4000; seed += 1) {
        const start = starts[seed % starts.length];
        const random = Uint8Array.from({ length: 16 + (seed % 90) }, (_, at) =>
            at < start.length ? start[at] : (Math.imul(seed, 2654435761 + at * 40503) >>> 13) & 255,
        );
        const head = pictureHead(random);
        assert.ok(head === null || (head.width >= 0 && head.height >= 0));
    }
});

test("a picture fits into a square, and has at least a pixel", () => {
    assert.deepEqual(fitted({ width: 4000, height: 1000 }, 2048), { width: 2048, height: 512 });
    assert.deepEqual(fitted({ width: 9999, height: 1 }, 320), { width: 320, height: 1 });
    assert.deepEqual(fitted({ width: 10, height: 20 }, 320), { width: 10, height: 20 });
});

test("a name is one that the server takes, and keeps its extension", () => {
    assert.equal(acceptableName("a/b\\c\nd.txt"), "a_b_c_d.txt");
    assert.equal(acceptableName(".."), "file");
    assert.equal(acceptableName("  "), "file");
    assert.equal(acceptableName("\uD800.txt"), "\uFFFD.txt");
    for (const letter of ["a", "я", "猫", "\u{1F600}"]) {
        const name = acceptableName(`${letter.repeat(300)}.tar`);
        assert.ok(name.endsWith(`${letter}.tar`));
        assert.ok(Buffer.byteLength(name) <= 255 && Buffer.byteLength(name) > 250);
    }
    assert.equal(renamed("cat.heic", ".jpg"), "cat.jpg");
    assert.equal(renamed(".profile", ".jpg"), ".profile.jpg");
});

test("a name is shown without what turns its direction; sizes are as people read them", () => {
    assert.equal(shownName({ name: "a\u202Egnp.exe" }), "a\uFFFDgnp.exe");
    assert.equal(sizeText(1), "1 byte");
    assert.equal(sizeText(1536), "1.5 kB");
    assert.equal(sizeText(10 * 1024 * 1024), "10 MB");
});
