// Formatting for display: times, lists of names, counts, and links in texts.

import { h } from "./dom.js";

/**
 * Returns a function that gives one time format, created at its first use: the first one costs a
 * browser as much as the rest of the page.
 */
function lazyFormat(options) {
    let format = null;
    return () => (format ??= new Intl.DateTimeFormat(undefined, options));
}

const clock = lazyFormat({ hour: "2-digit", minute: "2-digit" });
const weekday = lazyFormat({ weekday: "long" });
const shortDay = lazyFormat({ day: "numeric", month: "short" });
const longDay = lazyFormat({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const moment = lazyFormat({ dateStyle: "full", timeStyle: "short" });

const DAY = 24 * 60 * 60 * 1000;

function midnight(date) {
    return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** The number of calendar days since a date. */
function daysAgo(date) {
    return Math.round((midnight(new Date()) - midnight(date)) / DAY);
}

/** 14:05 */
export const timeOfDay = (iso) => clock().format(new Date(iso));

/** The same without AM and PM, for narrow places. */
export const hourAndMinute = (iso) =>
    clock()
        .formatToParts(new Date(iso))
        .filter(({ type }) => type !== "dayPeriod")
        .map(({ value }) => value)
        .join("")
        .trim();

/** Date and time in full, for tooltips. */
export const fullTime = (iso) => moment().format(new Date(iso));

/** A key that is equal for two times of the same day. */
export const dayKey = (iso) => midnight(new Date(iso));

/** Today, Yesterday, or the day in full. */
export function dayName(iso) {
    const date = new Date(iso);
    const ago = daysAgo(date);
    return ago === 0 ? "Today" : ago === 1 ? "Yesterday" : longDay().format(date);
}

/** A short form for the list of rooms. */
export function shortTime(iso) {
    const date = new Date(iso);
    const ago = daysAgo(date);
    if (ago <= 0) {
        return clock().format(date);
    }
    return ago === 1 ? "Yesterday" : ago < 7 ? weekday().format(date) : shortDay().format(date);
}

/** "ann, bob and carol"; with more than three, "ann, bob and 2 others". */
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

// Punctuation after a web address is not part of it.
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/giu;
const TRAILING = ".,;:!?)]}…";

/**
 * Cuts the punctuation after an address found in a text, but keeps a closing bracket whose opening
 * one is part of the address.
 */
function trimAddress(address) {
    let end = address.length;
    while (TRAILING.includes(address[end - 1])) {
        if (address[end - 1] === ")" && address.slice(0, end).includes("(")) {
            break;
        }
        end -= 1;
    }
    return address.slice(0, end);
}

/** Whether a text is an address. URL.canParse is newer than the browsers supported. */
function isAddress(text) {
    try {
        return Boolean(new URL(text));
    } catch {
        return false;
    }
}

/** Splits a text into nodes: links for web addresses, text for the rest. */
export function linked(text) {
    const nodes = [];
    let done = 0;
    for (const match of text.matchAll(ADDRESS)) {
        const address = trimAddress(match[0]);
        if (!isAddress(address)) {
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
