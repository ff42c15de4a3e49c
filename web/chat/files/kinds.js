// The names, kinds and sizes of files, as they are shown.

import { visibleName } from "../ui/format.js";
import { errorText } from "../ui/controls.js";
import { formatTag, t } from "../words.js";

/** A longer pause than this (s) is that of the quota of a day. */
const LONG_WAIT = 120;
/** The most bytes of a name, and the longest extension that is kept of a longer one. */
const MOST_NAME = 255;
const MOST_EXTENSION = 20;

/** A longer name (characters) is shown without its middle, and with this number of its end. */
const LONG_NAME = 48;
const END_OF_NAME = 14;

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];
const SVG = /^image\/svg/u;

const bytesOf = (text) => new TextEncoder().encode(text).length;

const extensionOf = (name) => /[^.](\.[^.\s]+)$/u.exec(name)?.[1] ?? "";

/** A size as "1.2 MB", in the language in use. */
export function sizeText(bytes) {
    const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
    const amount = bytes / 1000 ** step;
    return new Intl.NumberFormat(formatTag(), {
        style: "unit",
        unit: UNITS[step],
        unitDisplay: step === 0 ? "long" : "short",
        maximumFractionDigits: amount < 10 && step > 0 ? 1 : 0,
    }).format(amount);
}

/** The kind of a file in a word or two: "PDF", "ZIP"; "" if it is not known. */
export function kindText({ name, media_type: type }) {
    const [, extension = ""] = /\.([a-z0-9]{1,8})$/iu.exec(name) ?? [];
    const [, subtype = ""] = /^[a-z]+\/(?:x-)?([a-z0-9]{1,8})$/u.exec(type) ?? [];
    return (extension || subtype).toUpperCase();
}

export const isVideo = ({ media_type: type }) => /^video\/(?:mp4|webm|ogg)$/u.test(type);

export const isAudio = ({ media_type: type }) =>
    /^audio\/(?:mpeg|ogg|opus|mp4|webm|x-m4a)$/u.test(type);

/** Videos whose size is known are shown in place, by a picture of them. */
export const isShownVideo = (file) => isVideo(file) && file.width > 0 && file.height > 0;

/** A length in seconds as "1:05" or "1:02:03"; "" if it is not known. */
export function lengthText({ duration }) {
    if (!duration) {
        return "";
    }
    const seconds = Math.max(1, Math.round(duration));
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    const two = (value) => String(value).padStart(2, "0");
    return (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(seconds % 60)}`;
}

/** A name as it is shown: nothing in it is invisible or turns the direction of what follows. */
export const shownName = ({ name }) => visibleName(name);

/** The same, short enough for a card: a long one with its beginning and its end. */
export function shortName(file) {
    const name = shownName(file);
    const characters = [...name];
    const part = (from, to) => characters.slice(from, to).join("");
    return characters.length > LONG_NAME
        ? `${part(0, LONG_NAME - END_OF_NAME)}…${part(-END_OF_NAME)}`
        : name;
}

/** A name that the server takes: without slashes and control characters, not too long. */
export function acceptableName(name) {
    const plain = name
        // eslint-disable-next-line no-control-regex -- these are what is taken out
        .replace(/[/\\\u0000-\u001f\u007f]/gu, "_")
        // Lone surrogates, as in names that were cut off.
        .replace(/\p{Surrogate}/gu, "\uFFFD")
        .trim();
    const known = /^\.{0,2}$/u.test(plain) ? "file" : plain;
    if (bytesOf(known) <= MOST_NAME) {
        return known;
    }
    const last = extensionOf(known);
    const extension = bytesOf(last) <= MOST_EXTENSION ? last : "";
    let start = "";
    for (const character of known.slice(0, known.length - extension.length)) {
        if (bytesOf(start + character + extension) > MOST_NAME) {
            break;
        }
        start += character;
    }
    return start + extension;
}

/** The same name with the extension of another type. */
export function renamed(name, extension) {
    const last = extensionOf(name);
    return acceptableName(name.slice(0, name.length - last.length) + extension);
}

export const isSvg = ({ type }) => SVG.test(type);

/** Describes to the user why a file was not sent. */
export function fileErrorText(error) {
    return error.status === 429 && error.retryAfter > LONG_WAIT
        ? t("You have sent as much as you may in a day. Try again tomorrow.")
        : errorText(error);
}
