// The words of the chat in each language: complete, and nothing left over.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import { ERRORS } from "../../web/chat/words/errors.js";
import { LANGUAGES, errorWords, languageTag, t, tn, useLanguage } from "../../web/chat/words.js";

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const TAGS = Object.keys(LANGUAGES).filter((tag) => tag !== "en");

// Codes to which no action of the page or element leads.
const UNSEEN = new Set([
    ...["parse_error", "bad_request", "method_not_allowed", "unsupported_media_type"],
    ...["uri_too_long", "headers_too_large", "gone", "token_required", "conflicting"],
    ...["not_shared", "open_list_off"],
    // By API keys.
    ...["key_needs_user", "key_required", "key_scope", "key_address", "not_a_bot", "not_a_member"],
]);
// Headings of the table under which there are only such codes.
const UNSEEN_PARTS = /API|hooks|[Ss]ockets|web server/u;

/** The texts that the modules give to t() and, in their form for many, tn(). */
function used() {
    const texts = new Map();
    const files = readdirSync(root("web/chat"), { recursive: true })
        .filter((name) => name.endsWith(".js") && !name.startsWith("words"))
        .map((name) => `web/chat/${name}`);
    for (const path of [...files, "web/confab-chat.js"]) {
        const source = ts.createSourceFile(
            path,
            readFileSync(root(path), "utf8"),
            ts.ScriptTarget.ES2022,
        );
        const visit = (node) => {
            if (ts.isCallExpression(node) && ["t", "tn"].includes(node.expression.text)) {
                const name = node.expression.text;
                const text = node.arguments[name === "tn" ? 2 : 0];
                assert.ok(text && ts.isStringLiteral(text), `${path}: ${node.getText(source)}`);
                texts.set(text.text, name);
            }
            ts.forEachChild(node, visit);
        };
        visit(source);
    }
    return texts;
}

const placeholders = (text) => [...text.matchAll(/\{\w+\}/gu)].map(String).sort();
const tableOf = async (tag) => (await import(`../../web/chat/words/${tag}.js`)).default;

for (const tag of TAGS) {
    test(`${tag} has each text of the chat, and no other`, async () => {
        const { texts } = await tableOf(tag);
        const wanted = used();
        assert.ok(wanted.size > 150);
        assert.deepEqual(Object.keys(texts).sort(), [...wanted.keys()].sort());
    });

    test(`${tag} has each form of a number, and the same values in each text`, async () => {
        const { texts } = await tableOf(tag);
        const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
        for (const [text, name] of used()) {
            const given = texts[text];
            assert.equal(typeof given, name === "tn" ? "object" : "string", text);
            if (name === "tn") {
                assert.deepEqual(Object.keys(given).sort(), [...categories].sort(), text);
                assert.deepEqual(placeholders(given.other), placeholders(text), text);
            } else {
                assert.deepEqual(placeholders(given), placeholders(text), text);
            }
        }
    });

    test(`${tag} has words for each code that users may see`, async () => {
        const { errors } = await tableOf(tag);
        const table = readFileSync(root("common/base/error_codes.def"), "utf8");
        const codes = [];
        const unseen = new Set(UNSEEN);
        for (const part of table.split("/* # ").slice(1)) {
            const heading = part.slice(0, part.indexOf("*/"));
            for (const [, code] of part.matchAll(/^ERROR_CODE\(\w+, "(\w+)"/gmu)) {
                codes.push(code);
                if (UNSEEN_PARTS.test(heading)) {
                    unseen.add(code);
                }
            }
        }
        const library = readFileSync(root("web/confab.d.ts"), "utf8");
        const [, list] = library.match(/where no chat server answered, ([^.]*)\./u);
        const own = [...list.matchAll(/`(\w+)`/gu)].map(([, code]) => code);
        assert.ok(codes.length > 50 && own.length > 8);
        const wanted = [...codes, ...own].filter((code) => !unseen.has(code));
        assert.deepEqual(
            wanted.filter((code) => !errors[code]),
            [],
        );
        const all = new Set([...codes, ...own]);
        assert.deepEqual(
            [...Object.keys(errors), ...Object.keys(ERRORS)].filter((code) => !all.has(code)),
            [],
        );
    });
}

test("texts, numbers and errors follow the language, and fall back to English", async () => {
    await useLanguage("xx", "de-DE", "en");
    assert.equal(languageTag(), "de-DE");
    assert.equal(t("Log out"), "Abmelden");
    assert.equal(tn(1, "{count} member", "{count} members"), "1 Mitglied");
    assert.equal(tn(1200, "{count} member", "{count} members"), "1.200 Mitglieder");
    assert.match(errorWords("refused_in_front", { status: 403 }), /Status 403/);
    assert.equal(t("Not in the table: {x}", { x: 1 }), "Not in the table: 1");
    await useLanguage("xx");
    await useLanguage("en");
    assert.equal(t("Log out"), "Log out");
    assert.equal(tn(1, "{count} member", "{count} members"), "1 member");
    for (const code of ["no such code", "constructor", null, undefined]) {
        assert.equal(errorWords(code), null);
    }
});
