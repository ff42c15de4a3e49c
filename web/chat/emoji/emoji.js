// All emoji by name, for the picker and for :name: in the input, and the skin tone of the user.

import { storageOf } from "../ui/dom.js";
import { GROUPS } from "./emoji-data.js";

const TONE_KEY = "confab:skin-tone";
const LIGHTEST = "\u{1f3fb}";
export const TONES = ["", ...["\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"]];

function parse(line) {
    const [emoji, name, words, toned] = line.split("|");
    return { emoji, name, words: words.split(","), toned };
}

/** By group: {emoji, name, words, toned}, where toned is "" if it has no skin tones. */
export const groups = GROUPS.map((lines) => lines.split("\n").map(parse));
const all = groups.flat();

/** The number of the skin tone of the user: 0 is none. */
export function skinTone() {
    const kept = Number(storageOf("localStorage")?.getItem(TONE_KEY) ?? 0);
    return TONES[kept] ? kept : 0;
}

export function setSkinTone(tone) {
    try {
        storageOf("localStorage")?.setItem(TONE_KEY, String(tone));
    } catch {
        // The storage is full: the tone lasts as long as the picker.
    }
}

/** An emoji in a skin tone, if it has any. */
export const withTone = ({ emoji, toned }, tone) =>
    tone && toned ? toned.replaceAll(LIGHTEST, TONES[tone]) : emoji;

/** The emoji with this name, or undefined. */
export const byName = (name) => all.find((one) => one.name === name);

const simple = (text) =>
    text
        .toLowerCase()
        .replace(/[\s_-]+/gu, " ")
        .trim();

/** How well an emoji fits: its name, its beginning, that of one of its words, not at all (-1). */
function fit(one, wanted) {
    const name = simple(one.name);
    if (name === wanted) {
        return 0;
    }
    if (name.startsWith(wanted)) {
        return 1;
    }
    const begins = (text) => text.startsWith(wanted) || text.includes(` ${wanted}`);
    return begins(name) || one.words.some((word) => begins(simple(word))) ? 2 : -1;
}

/** The emoji that fit best, at most `most`. */
export function findEmoji(text, most) {
    const wanted = simple(text);
    return all
        .map((one) => ({ one, fit: fit(one, wanted) }))
        .filter((found) => found.fit >= 0)
        .sort((a, b) => a.fit - b.fit)
        .slice(0, most)
        .map(({ one }) => one);
}
