// The folder web/ as a package: bundlers, frameworks, pages rendered on a server.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { reactive, ref } from "@vue/reactivity";

import { Confab } from "../../web/confab.js";
import { ConfabChatElement } from "../../web/confab-chat.js";

const web = (path) => fileURLToPath(new URL(`../../web/${path}`, import.meta.url));

test("the element can be imported where there is no document", () => {
    assert.equal(typeof globalThis.document, "undefined");
    assert.equal(typeof ConfabChatElement, "function");
});

test("each entry of the package exists, with its types", () => {
    const { exports } = JSON.parse(readFileSync(web("package.json"), "utf8"));
    for (const name of [".", "./confab-chat", "./confab-chat.js", "./confab-chat-jsx"]) {
        assert.ok(existsSync(web(exports[name].default)), name);
        assert.ok(existsSync(web(exports[name].types)), name);
    }
});

test("no module has the pattern that bundlers take for the name of a file", () => {
    const files = readdirSync(web("."), { recursive: true }).filter((name) => name.endsWith(".js"));
    assert.ok(files.length > 20);
    for (const name of files) {
        const text = readFileSync(web(name), "utf8");
        assert.doesNotMatch(text, /new\s+URL\s*\([^()]*import\.meta\.url/, name);
        assert.doesNotMatch(text, /import\(\s*`/, name);
    }
});

test("a bundled library uses the page's own site", () => {
    const source = `
        globalThis.location = { origin: "https://shop.example", href: "https://shop.example/a" };
        const { Confab } = await import(${JSON.stringify(web("confab.js"))});
        const confab = new Confab({ WebSocket: null });
        console.log(confab.url, confab.auth);`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", source]);
    assert.equal(String(out).trim(), "https://shop.example cookie");
});

test("clients, channels and messages can be kept in reactive objects of Vue", async () => {
    const fetch = async () => new Response(JSON.stringify({ detail: "No." }), { status: 403 });
    const options = { url: "http://localhost", token: "0", WebSocket: null, fetch };
    const confab = reactive(new Confab(options));
    const state = reactive({ confab, room: null, sent: [] });
    state.room = state.confab.openRoom(1);
    state.room.typing();
    state.sent.push(state.confab.send(1, "x"));
    await assert.rejects(state.sent[0].done, { status: 403 });
    assert.equal(ref(state.sent[0]).value.state, "failed");
    assert.deepEqual(state.confab.outbox.list().length, 1);
    state.confab.outbox.discard(state.sent[0].client_id);
    state.confab.close();
    assert.equal(state.room.state, "closed");
});
