/** Finds addresses in the texts of users: of the web, with or without https://, and of e-mail. */

// What ends an address: blanks, quotes, the punctuation of scripts that use no blanks, and
// characters that cannot be seen.
const ENDS = [
    "\\s<>\"'`\u2018-\u201f\u2039\u203a\u00ab\u00bb\u2026",
    "\u3000-\u3003\u3008-\u3020\u3030\u30fb\uff01\uff08\uff09\uff0c\uff0e",
    "\uff1a\uff1b\uff1f\uff3b\uff3d\uff5b-\uff65\u060c\u061b\u061f\u06d4\u0964\u0965",
    "\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff",
].join("");

// Bounded repetitions: a long text without an address must not be scanned again and again.
const ADDRESS = new RegExp(
    `\\b(?:https?://|www\\.)[^${ENDS}]+|` +
        "\\b[a-z0-9][a-z0-9._+-]{0,63}@(?:[a-z0-9-]{1,63}\\.){1,8}[a-z]{2,63}(?![a-z0-9-])",
    "giu",
);

/** Punctuation after an address is not part of it. */
const PUNCTUATION = ".,;:!?";
/** By closing bracket, its opening one. */
const BRACKETS = { ")": "(", "]": "[", "}": "{" };

const countOf = (text, character) => text.split(character).length - 1;

/**
 * Cuts the punctuation after an address, and closing brackets whose opening ones are not part of
 * the address.
 */
function trimAddress(address) {
    const excess = {};
    for (const [close, open] of Object.entries(BRACKETS)) {
        excess[close] = countOf(address, close) - countOf(address, open);
    }
    let end = address.length;
    for (; end > 0; end -= 1) {
        const last = address[end - 1];
        if (excess[last] > 0) {
            excess[last] -= 1;
        } else if (!PUNCTUATION.includes(last)) {
            break;
        }
    }
    return address.slice(0, end);
}

/** The target of a link, null if the text is not an address. */
function target(address) {
    if (address.includes("@") && !/^(https?:|www\.)/iu.test(address)) {
        return `mailto:${address}`;
    }
    const isShort = /^www\./iu.test(address);
    if (isShort && !/^www\.[^./]+\.[^./]/iu.test(address)) {
        return null;
    }
    try {
        return new URL(isShort ? `https://${address}` : address).href;
    } catch {
        return null;
    }
}

/** The addresses in a text, in order: {start, end, href}. */
export function findAddresses(text) {
    const found = [];
    for (const match of text.matchAll(ADDRESS)) {
        const address = trimAddress(match[0]);
        const href = target(address);
        const start = match.index;
        // The user's part of another kind of address, as in ssh://me@host, is not a mail address.
        if (href && !(href.startsWith("mailto:") && "/:@".includes(text[start - 1] ?? " "))) {
            found.push({ start, end: start + address.length, href });
        }
    }
    return found;
}
