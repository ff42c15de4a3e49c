// The schemas are valid, their examples too, and the types of the library are those of the schemas.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Parser } from "@asyncapi/parser";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020.js";
import ts from "typescript";

import { typesOf } from "./support/schema-types.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const program = join(here("../.."), process.env.BUILD ?? "build/release", "fcgi-api");
const made = (option) => execFileSync(program, [option], { encoding: "utf8" });
const [api, events] = ["--schema", "--schema-events"].map((option) => JSON.parse(made(option)));
const schemas = { ...events.components.schemas, ...api.components.schemas };

// Types of the library that have no name there, or another one.
const ELSEWHERE = {
    Events: 'Awaited<ReturnType<D.Confab["events"]>>',
    File: "D.FileInfo",
    FileLink: 'Awaited<ReturnType<D.Confab["fileLink"]>>',
    MemberPage: "D.Page<D.Member>",
    MentionPage: 'Awaited<ReturnType<D.Confab["mentions"]>>',
    MessagePage: "D.Page<D.Message>",
    MessagePost: 'Parameters<D.Confab["postMessage"]>[1]',
    Presence: 'Awaited<ReturnType<D.Confab["presence"]>>',
    ReactionPage: "D.Page<D.Reaction>",
    Reactions: 'Awaited<ReturnType<D.Confab["react"]>>',
    ReadMark: 'Awaited<ReturnType<D.Confab["markUnread"]>>',
    ProfileChange: 'Parameters<D.Confab["updateProfile"]>[0]',
    BlockPage: "D.Page<D.Block>",
    BanAdd: "D.BanOptions & { user_id: number }",
    BanPage: "D.Page<D.Ban>",
    OpenRoomPage: 'Awaited<ReturnType<D.Confab["openRooms"]>>',
    SilencePage: "D.Page<D.SilencedMember>",
    LinkAdd: "D.LinkOptions",
    LinkPage: "D.Page<D.Link>",
    ReportAdd: 'Parameters<D.Confab["report"]>[2]',
    ReportPage: "D.Page<D.Report>",
    Posted: "D.Message | D.HeldMessage",
    HeldPage: "D.Page<D.HeldMessage>",
    Silenced: 'Awaited<ReturnType<D.Confab["silence"]>>',
    RoomCreate: 'Parameters<D.Confab["createRoom"]>[0]',
    ReceiptPage: "D.Page<D.Receipt>",
    RoomPage: "D.Page<D.Room>",
    RoomUpdate: 'Parameters<D.Confab["updateRoom"]>[1]',
    RoomView: 'Awaited<ReturnType<D.Confab["hideRoom"]>>',
    Sync: "D.Known",
    SyncChanges: "D.News",
    SyncRoom: "D.RoomNews",
    UserPage: 'Awaited<ReturnType<D.Confab["users"]>>',
};
// Objects that the library sends or reads without showing them.
const INSIDE = `
    Credentials Jwt Login ExpiringToken PasswordByJwt NewPassword Registration
    Registered Token PasswordChange UserChoice Role RoleChoice AdminChoice
    GuestAdd Guest LinkChoice Silence ReportChange MessageEdit MessageRead ReactionAdd
    Done EmailAdd EmailConfirm EmailReset PasswordReset EraseByPassword EraseByJwt SiteEraseQuery
    Code RecoveryCodes Error ErrorCode FieldErrors Health Session SessionPage Info
    Document Html Ping Pong Typing Watch Unwatch
    UserEvents SyncUser SyncNewRoom SyncEntry
    Bytes FileAnnounce FileDone Upload UploadOffset
    SyncUnchanged SyncAnswer SearchMatch AllRead RoomViewChange MentionsChoice
`.split(/\s+/);

/** The names of all components that a part of a document refers to. */
function referred(part, found = new Set()) {
    for (const ref of JSON.stringify(part).match(/(?<="#\/components\/schemas\/)\w+/g) ?? []) {
        if (!found.has(ref)) {
            found.add(ref);
            referred(schemas[ref] ?? {}, found);
        }
    }
    return found;
}

/** Objects of clients: all but those of the site's own programs alone. */
const ofClients = referred([
    events.components.messages,
    Object.entries(api.paths).filter(([path]) => !/^\/api\/(site|hooks)\//.test(path)),
]);
// Declared types that are parts of others, or of requests.
const PARTS = [
    "Timestamp",
    "MessageType",
    "PostedType",
    "PostPolicy",
    "RoomChange",
    "BanOptions",
    "LinkOptions",
    "GuestOptions",
    "ReportReason",
    "Page",
    "PageOptions",
    "MessagePageOptions",
    "SearchOptions",
    "FileInfo",
    "UploadDetails",
    "UploadEvents",
    "Known",
    "RoomNews",
    "News",
];

test("the schema of the API is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate(structuredClone(api));
    assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
    assert.equal(api.openapi, "3.1.0");
});

test("the schema of the WebSockets is valid AsyncAPI 3.0", async () => {
    const found = await new Parser().validate(made("--schema-events"));
    // Severity 0 is an error, 1 a warning.
    assert.deepEqual(
        found.filter(({ severity }) => severity <= 1),
        [],
    );
    assert.equal(events.asyncapi, "3.0.0");
});

test("every example is what its schema says", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [at, document] of [api, events].entries()) {
        const $id = `https://chat.example/${at}`;
        ajv.addSchema({ $id, components: document.components });
        for (const [name, { examples = [] }] of Object.entries(document.components.schemas)) {
            const check = ajv.compile({ $ref: `${$id}#/components/schemas/${name}` });
            for (const example of examples) {
                assert.ok(check(example), `${name}: ${ajv.errorsText(check.errors)}`);
            }
        }
    }
    const contents = JSON.stringify(api).match(/"application\/json":/g);
    assert.ok(contents.length > 40);
});

test("every operation and every message has an example", () => {
    for (const [path, methods] of Object.entries(api.paths)) {
        for (const [method, { requestBody, responses }] of Object.entries(methods)) {
            const all = [requestBody, ...Object.values(responses)].flatMap((one) =>
                Object.values(one?.content ?? {}),
            );
            assert.ok(
                all.every(({ example }) => example !== undefined),
                `${method} ${path}`,
            );
        }
    }
    for (const [name, { examples }] of Object.entries(events.components.messages)) {
        assert.equal(examples[0].payload.type !== undefined, true, name);
    }
});

/** The names that confab.d.ts exports before the part about errors: objects and events. */
function declaredObjects() {
    const path = here("../../web/confab.d.ts");
    const [text] = readFileSync(path, "utf8").split("// ---- errors");
    return ts
        .createSourceFile(path, text, ts.ScriptTarget.ES2022)
        .statements.filter(({ modifiers }) =>
            modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
        )
        .map(({ name }) => name.text);
}

/** The objects whose types are compared. */
function compared(objects) {
    return Object.keys(objects).filter((name) => ofClients.has(name) && !INSIDE.includes(name));
}

/** Compiles that each type of the schemas equals that of the library; returns what differs. */
function differences(objects) {
    const library = JSON.stringify(here("../../web/confab.js"));
    // Interfaces that extend others are equal to those that list all fields.
    const source = [
        `import type * as D from ${library};`,
        'import type * as S from "./schema.js";',
        "type Flat<T> = T extends (infer U)[] ? Flat<U>[] : T extends object",
        "    ? { [K in keyof T]: Flat<T[K]> } : T;",
        "type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)",
        "    ? true : false;",
        ...compared(objects).map((name) => {
            const type = ELSEWHERE[name] ?? `D.${name}`;
            return `export const the_${name}: Same<Flat<S.${name}>, Flat<${type}>> = true;`;
        }),
    ].join("\n");
    const folder = here("../../build/types");
    mkdirSync(folder, { recursive: true });
    try {
        writeFileSync(join(folder, "schema.ts"), typesOf(objects));
        writeFileSync(join(folder, "compare.ts"), source);
        const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
        const options = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext"];
        execFileSync(
            process.execPath,
            [tsc, ...options, "--lib", "es2022,dom", join(folder, "compare.ts")],
            { encoding: "utf8" },
        );
        return "";
    } catch (error) {
        return error.stdout;
    }
}

test("the types of the library are those of the schemas", () => {
    const declared = declaredObjects();
    assert.deepEqual(
        declared.filter((name) => !(name in schemas) && !PARTS.includes(name)),
        [],
        "in confab.d.ts, but neither in objects.def nor in PARTS of this test",
    );
    assert.deepEqual(
        compared(schemas).filter((name) => !(name in ELSEWHERE) && !declared.includes(name)),
        [],
        "in objects.def, but neither in confab.d.ts nor in ELSEWHERE or INSIDE of this test",
    );
    assert.equal(differences(schemas), "");
});

test("a type that differs in one field is found", () => {
    const changed = structuredClone(schemas);
    changed.Message.properties.reply_to_id.type = "integer";
    changed.MessageReadEvent.required.pop();
    const found = differences(changed).match(/error TS2322/g);
    // Those that contain a message, too.
    assert.ok(found.length > 5, String(found));
});
