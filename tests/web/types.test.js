// The library, its declared types and the page's modules agree.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import * as library from "../../web/confab.js";
import { slow } from "./support/slow.js";

// Methods that only the library itself calls.
const INSIDE = {
    Confab: ["exchange"],
    Emitter: ["__v_skip", "emit"],
    Channel: [
        ...["take", "start", "lost", "openSocket", "divert", "socketEnded", "carrierPolls"],
        ...["send", "probe", "wake", "sleep", "hurry"],
    ],
    RoomChannel: ["path", "openSocket", "carrierPolls", "accept", "settle", "poll", "pollMore"],
    NotificationsChannel: [
        ...["path", "isOwn", "take", "passed", "accept", "settle", "poll", "watch", "unwatch"],
        ...["divert", "refuse", "socketEnded"],
    ],
    Outbox: ["add", "setUser", "clear", "release", "wake", "start", "close", "stop", "arrived"],
    Profiles: ["known", "named", "put", "clear"],
};
// Diagnostics for undefined names, exports and files, for unused names, and for functions of the
// language newer than `lib` below.
const SLIPS = [2304, 2305, 2307, 2550, 2552, 2583, 6133, 6192, 6196];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The classes declared in confab.d.ts, with the names of their members. */
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

/** One object of each class. */
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
        Profiles: confab.profiles,
        ChatManager: new library.ChatManager(1),
        ConfabError: new library.ConfabError(400, "No."),
    };
    confab.close();
    return all;
}

slow("correct uses of the types compile, wrong ones do not", () => {
    const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
    try {
        execFileSync(process.execPath, [tsc, "-p", here(".")], { encoding: "utf8" });
    } catch (error) {
        assert.fail(error.stdout);
    }
});

test("the library exports exactly what is declared", () => {
    assert.deepEqual(Object.keys(library).sort(), [...declared().keys()].sort());
});

test("every declared member exists", () => {
    const objects = made();
    for (const [name, members] of declared()) {
        for (const member of members) {
            assert.ok(member in objects[name], `${name}.${member}`);
        }
    }
});

test("every public method is declared", () => {
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

slow("no module of page or library has undefined or unused names", () => {
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
