import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import * as library from "../../web/confab.js";

// What the library's own parts say to each other, and no application.
const INSIDE = {
    Confab: ["exchange"],
    Emitter: ["emit"],
    Channel: ["take", "start", "lost", "send", "wake", "sleep", "hurry"],
    RoomChannel: ["path", "accept", "settle", "poll"],
    NotificationsChannel: ["path", "accept", "settle", "poll"],
    Outbox: ["add", "setUser", "clear", "wake", "stop", "arrived"],
};
// Unknown names, unknown exports, unknown files, and names that nothing uses.
const SLIPS = [2304, 2305, 2307, 2552, 6133, 6192, 6196];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What confab.d.ts declares: the names of classes, each with those of its members. */
function declared() {
    const path = here("../../web/confab.d.ts");
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022);
    const classes = source.statements.filter(ts.isClassDeclaration);
    return new Map(
        classes.map((one) => [
            one.name.text,
            one.members.filter((member) => member.name).map((member) => member.name.text),
        ]),
    );
}

/** One of each, to look what is there. */
function made() {
    const confab = new library.Confab({
        url: "http://localhost",
        token: "0",
        WebSocket: null,
        fetch: () => new Promise(() => {}),
    });
    const room = confab.openRoom(1);
    const all = {
        Confab: confab,
        Emitter: confab,
        RoomChannel: room,
        Channel: room,
        NotificationsChannel: confab.openNotifications(),
        Outbox: confab.outbox,
        ChatManager: new library.ChatManager(1),
        ConfabError: new library.ConfabError(400, "No."),
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
    for (const [name, members] of declared()) {
        for (const member of members) {
            assert.ok(member in objects[name], `${name}.${member}`);
        }
    }
});

test("every method that an application may call is declared", () => {
    for (const [name, members] of declared()) {
        const there = Object.getOwnPropertyNames(library[name].prototype).filter(
            (member) => member !== "constructor",
        );
        assert.deepEqual(
            there.filter((member) => !members.includes(member)),
            INSIDE[name] ?? [],
        );
    }
});

test("no module of page or library uses what it has not, or has what it never uses", () => {
    const files = readdirSync(here("../../web"), { recursive: true })
        .filter((name) => name.endsWith(".js"))
        .map((name) => here(`../../web/${name}`));
    const program = ts.createProgram(files, {
        allowJs: true,
        checkJs: true,
        noEmit: true,
        noUnusedLocals: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        types: [],
        lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    });
    const slips = ts
        .getPreEmitDiagnostics(program)
        .filter(({ code }) => SLIPS.includes(code))
        .map(({ file, messageText }) => `${file?.fileName}: ${messageText}`);
    assert.ok(files.length > 20);
    assert.deepEqual(slips, []);
});
