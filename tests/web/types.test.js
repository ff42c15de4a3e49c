import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import * as library from "../../web/confab.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What confab.d.ts declares: the names of classes, each with those of its members. */
function declared() {
    const path = here("../../web/confab.d.ts");
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022);
    const classes = source.statements.filter(ts.isClassDeclaration);
    return new Map(classes.map((one) => [one.name.text, one.members
        .filter((member) => member.name).map((member) => member.name.text)]));
}

/** One of each, to look what is there. */
function made() {
    const confab = new library.Confab({ url: "http://localhost", token: "0", WebSocket: null,
        fetch: () => new Promise(() => {}) });
    const room = confab.openRoom(1);
    const all = {
        Confab: confab, Emitter: confab, RoomChannel: room, Channel: room,
        NotificationsChannel: confab.openNotifications(), Outbox: confab.outbox,
        ChatManager: new library.ChatManager(1), ConfabError: new library.ConfabError(400, "No."),
    };
    confab.close();
    return all;
}

test("what uses the types as it should compiles, and what does not is refused", () => {
    const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
    try {
        execFileSync(process.execPath, [tsc, "-p", here(".")], { encoding: "utf8" });
    } catch (error) {
        assert.fail(error.stdout);
    }
});

test("the library exports what is declared, and nothing else", () => {
    assert.deepEqual(Object.keys(library).sort(), [...declared().keys()].sort());
});

test("every member that is declared exists", () => {
    const objects = made();
    for (const [name, members] of declared())
        for (const member of members)
            assert.ok(member in objects[name], `${name}.${member}`);
});
