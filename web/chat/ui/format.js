// Formatting for display: times, lists of names, and shortened texts.

import { formatTag, t, tn } from "../words.js";

/**
 * Returns a function that gives one time format in the language in use, created at its first use:
 * the first one costs a browser as much as the rest of the page.
 */
function lazyFormat(options) {
    let format = null;
    let tag = null;
    return () => {
        if (tag !== formatTag()) {
            tag = formatTag();
            format = new Intl.DateTimeFormat(tag, options);
        }
        return format;
    };
}

const clock = lazyFormat({ hour: "2-digit", minute: "2-digit" });
const weekday = lazyFormat({ weekday: "long" });
const shortDay = lazyFormat({ day: "numeric", month: "short" });
const shortDate = lazyFormat({ day: "numeric", month: "short", year: "numeric" });
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
    return ago === 0 ? t("Today") : ago === 1 ? t("Yesterday") : longDay().format(date);
}

/** A short form for the list of rooms; days of another year show the year. */
export function shortTime(iso) {
    const date = new Date(iso);
    const ago = daysAgo(date);
    if (ago <= 0) {
        return clock().format(date);
    }
    if (ago < 7) {
        return ago === 1 ? t("Yesterday") : weekday().format(date);
    }
    const isThisYear = date.getFullYear() === new Date().getFullYear();
    return isThisYear ? shortDay().format(date) : shortDate().format(date);
}

/**
 * Calls `changed()` after midnight, and after a sleep or a change of the time zone: whatever says
 * "Today" has to be drawn again. Returns a function that ends it.
 */
export function watchDay(changed) {
    let day = dayKey(Date.now());
    const check = () => {
        const today = dayKey(Date.now());
        if (today !== day) {
            day = today;
            changed();
        }
    };
    const timer = setInterval(check, 60 * 1000);
    window.addEventListener("focus", check);
    document.addEventListener("visibilitychange", check);
    return () => {
        clearInterval(timer);
        window.removeEventListener("focus", check);
        document.removeEventListener("visibilitychange", check);
    };
}

/** "ann, bob and carol"; with more than three, "ann, bob and 2 others". */
export function listOfNames(names) {
    if (names.length > 3) {
        const some = names.slice(0, 2).join(", ");
        return tn(names.length - 2, "{some} and 1 other", "{some} and {count} others", { some });
    }
    return names.length < 2
        ? names.join("")
        : t("{some} and {last}", { some: names.slice(0, -1).join(", "), last: names.at(-1) });
}

/** How far (in units of UTF-16) to look past the limit for the end of a character. */
const LOOK_AHEAD = 64;
let segmenter = null;

/** The first characters of a text as people count them: an emoji may be several code points. */
function* characters(text) {
    if (Intl.Segmenter) {
        segmenter ??= new Intl.Segmenter();
        for (const { segment } of segmenter.segment(text)) {
            yield segment;
        }
    } else {
        yield* text;
    }
}

/** The start of a text that is longer than `limit`, with "…", else the text. */
export function shorten(text, limit) {
    if (text.length <= limit) {
        return text;
    }
    let end = 0;
    for (const character of characters(text.slice(0, limit + LOOK_AHEAD))) {
        if (end + character.length > limit) {
            break;
        }
        end += character.length;
    }
    return `${text.slice(0, end)}…`;
}

/** How many code points of a message are in its quotes. */
export const EXCERPT = 140;

/** A quote as the server has cut it, without what it may have left of a character, and with "…". */
export function endWhole(excerpt) {
    if ([...excerpt].length < EXCERPT) {
        return excerpt;
    }
    const last = [...characters(excerpt)].at(-1);
    const isWhole = /^[ -~]$/u.test(last);
    return `${isWhole ? excerpt : excerpt.slice(0, -last.length)}…`;
}

// Pictures that browsers show in place.
const PICTURE = /^image\/(?:png|jpeg|webp|gif|avif)$/u;

export const isPicture = ({ media_type: type }) => PICTURE.test(type);

/** The files of a message in a few words: "Picture", "3 pictures", a name, "2 files"; or "". */
export function filesInWords(files) {
    const count = files?.length ?? 0;
    if (count === 0) {
        return "";
    }
    if (files.every(isPicture)) {
        return count === 1 ? t("Picture") : tn(count, "{count} picture", "{count} pictures");
    }
    return count === 1 ? visibleName(files[0].name) : tn(count, "{count} file", "{count} files");
}

export const firstCharacter = (text) => characters(text.slice(0, LOOK_AHEAD)).next().value ?? "";

// Characters without a shape, and those that change the direction of what follows.
const INVISIBLE = new RegExp(
    // eslint-disable-next-line no-misleading-character-class -- each counts by itself
    [
        "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180b-\\u180f",
        "\\u200b\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb]+",
    ].join(""),
    "gu",
);
// Those that belong to some scripts and to emoji; beside ASCII characters they have no use, except
// in the emoji of digits.
const JOINING = new RegExp(
    [
        "(^|[\\u0000-\\u007f])(?:[\\u200c-\\u200f]|[\\ufe00-\\ufe0f](?!\\u20e3))+",
        "[\\u200c-\\u200f]+(?=$|[\\u0000-\\u007f])",
    ].join("|"),
    "gu",
);

/**
 * A room's name as it is shown. Users choose it: a sign takes the place of what cannot be seen in
 * it, which makes one name look like another, or like none.
 */
export const visibleName = (name) => name.replace(INVISIBLE, "\uFFFD").replace(JOINING, "$1\uFFFD");
