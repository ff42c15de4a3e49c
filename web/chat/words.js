// The words of the chat in the user's language. Texts are written in English where they are used,
// as t("Log out"); a table in words/ has them in another language. Errors have words by code. A
// further language is such a file and a row in TABLES; a test fails if a text is missing.

import { ERRORS } from "./words/errors.js";

/** The tables, each loaded when its language is used. Bundlers need each name in its place. */
const TABLES = {
    de: () => import("./words/de.js"),
};

/** The languages of the chat by tag, each under its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

// Node, which imports this for tests, has no navigator.
const browserTags = () => globalThis.navigator?.languages ?? [];

const primary = (tag) => String(tag).toLowerCase().split(/[-_]/u)[0];

const ENGLISH = { tag: "en", texts: {}, errors: {} };
let current = ENGLISH;
let lastRequest = 0;
let rules = null;

/**
 * Uses the first of these language tags, or of the browser's languages, that the chat knows; else
 * English. A page has one language at a time: all elements in it share it.
 */
export async function useLanguage(...wanted) {
    lastRequest += 1;
    const own = lastRequest;
    const tags = [...wanted.filter(Boolean), ...browserTags()];
    const tag = tags.find((one) => primary(one) in LANGUAGES) ?? "en";
    let table = {};
    try {
        table = (await TABLES[primary(tag)]?.())?.default ?? {};
    } catch {
        // The table cannot be loaded: English is better than nothing.
    }
    if (own === lastRequest && tag !== current.tag) {
        current = { ...ENGLISH, tag, ...table };
        rules = null;
    }
}

/** The tag of the language in use, such as "de-AT". */
export const languageTag = () => current.tag;

/** The tag for dates and numbers: the browser's own one, if it is of the same language. */
export function formatTag() {
    const own = browserTags().find((tag) => primary(tag) === primary(current.tag));
    return own ?? current.tag;
}

const filled = (text, values) =>
    text.replace(/\{(\w+)\}/gu, (whole, name) => (name in values ? values[name] : whole));

/** A text in the user's language; values take the places of {names} in it. */
export const t = (text, values = {}) => filled(current.texts[text] ?? text, values);

/**
 * A text that depends on a number, which takes the place of {count}. The table has it under its
 * form for many, with a form for each plural category of the language (Intl.PluralRules).
 */
export function tn(count, one, many, values = {}) {
    const forms = current.texts[many];
    rules ??= new Intl.PluralRules(current.tag);
    const text = forms ? (forms[rules.select(count)] ?? forms.other) : count === 1 ? one : many;
    return filled(text, { count: count.toLocaleString(formatTag()), ...values });
}

/** The words for a code of the API or of the client library, null if there are none. */
export function errorWords(code, values = {}) {
    const table = [current.errors, ERRORS].find((one) => Object.hasOwn(one, code));
    return table ? filled(table[code], values) : null;
}

/** Whether the words of the server, which are English, are in the user's language. */
export const isEnglish = () => primary(current.tag) === "en";
