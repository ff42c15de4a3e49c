// How times, names and texts are written for people.

import { h } from "./dom.js";

/** One format for times. The first one that a browser makes takes as long as the rest of the page
 * together, so none is made before it is needed. */
function times(options) {
    let made = null;
    return () => (made ??= new Intl.DateTimeFormat(undefined, options));
}

const clock = times({ hour: "2-digit", minute: "2-digit" });
const weekday = times({ weekday: "long" });
const shortDay = times({ day: "numeric", month: "short" });
const longDay = times({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const moment = times({ dateStyle: "full", timeStyle: "short" });

const DAY = 24 * 60 * 60 * 1000;

function midnight(date) {
    return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** How many days ago, by the calendar. */
function daysAgo(date) {
    return Math.round((midnight(new Date()) - midnight(date)) / DAY);
}

/** 14:05 */
export const timeOfDay = (iso) => clock().format(new Date(iso));

/** The same where there is little room: without AM and PM. */
export const hourAndMinute = (iso) =>
    clock()
        .formatToParts(new Date(iso))
        .filter(({ type }) => type !== "dayPeriod")
        .map(({ value }) => value)
        .join("")
        .trim();

/** All of it, for who points at a time. */
export const fullTime = (iso) => moment().format(new Date(iso));

/** A word that is the same for two times of one day. */
export const dayKey = (iso) => midnight(new Date(iso));

/** Today, Yesterday, or the day in full. */
export function dayName(iso) {
    const date = new Date(iso);
    const ago = daysAgo(date);
    return ago === 0 ? "Today" : ago === 1 ? "Yesterday" : longDay().format(date);
}

/** As short as the list of rooms needs it. */
export function shortTime(iso) {
    const date = new Date(iso);
    const ago = daysAgo(date);
    if (ago <= 0) {
        return clock().format(date);
    }
    return ago === 1 ? "Yesterday" : ago < 7 ? weekday().format(date) : shortDay().format(date);
}

/** "ann, bob and carol"; more than three are counted. */
export function listOfNames(names) {
    if (names.length > 3) {
        return `${names.slice(0, 2).join(", ")} and ${names.length - 2} others`;
    }
    return names.length < 2
        ? names.join("")
        : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** "1 member", "3 members" */
export const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

const HUES = 8;

/** A round picture with the first letters of a name; its colour is the name's. */
export function avatar(name, size = "") {
    const words = name
        .trim()
        .split(/[\s._-]+/u)
        .filter(Boolean);
    const letters = words
        .slice(0, 2)
        .map((word) => [...word][0])
        .join("")
        .toUpperCase();
    let hue = 0;
    for (const character of name) {
        hue = (hue * 31 + character.codePointAt(0)) % 9973;
    }
    return h(
        "span",
        { class: `avatar hue${hue % HUES} ${size}`, "aria-hidden": "true" },
        letters || "?",
    );
}

// What follows a web address in a sentence is not part of it.
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/giu;
const TRAILING = ".,;:!?)]}…";

/** The end of an address found in a text: without the full stop behind it, but with a bracket
 * that was opened inside. */
function trimmed(address) {
    let end = address.length;
    while (TRAILING.includes(address[end - 1])) {
        if (address[end - 1] === ")" && address.slice(0, end).includes("(")) {
            break;
        }
        end -= 1;
    }
    return address.slice(0, end);
}

/** A text as nodes: web addresses are links, all else is text. */
export function linked(text) {
    const nodes = [];
    let done = 0;
    for (const match of text.matchAll(ADDRESS)) {
        const address = trimmed(match[0]);
        if (!URL.canParse(address)) {
            continue;
        }
        nodes.push(
            text.slice(done, match.index),
            h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address),
        );
        done = match.index + address.length;
    }
    nodes.push(text.slice(done));
    return nodes.filter((node) => node !== "");
}
