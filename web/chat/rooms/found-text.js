// What a search has found in a message: its text without the signs of formatting, and where the
// words are in it.

import { parseMarkdown } from "../../confab/markdown.js";

/** Marks around each match while the text is parsed, which takes them for letters. */
const [BEGIN, END] = ["\ufdd0", "\ufdd1"];
const MARKS = /[\ufdd0\ufdd1]/gu;
/** The target of a link is not shown, and is not valid with a mark in it. */
const TARGET = /\]\([^\s)]*/gu;

const inlineText = (node) =>
    typeof node === "string" ? node : (node.text ?? node.children.map(inlineText).join(""));

/** The text of a block, its parts one below the other. */
function blockText({ type, text, children, ordered, start, items }) {
    const below = (blocks) => blocks.map(blockText).join("\n");
    switch (type) {
        case "fence":
            return text;
        case "quote":
            return below(children);
        case "list":
            return items
                .map((blocks, at) => `${ordered ? `${start + at}.` : "•"} ${below(blocks)}`)
                .join("\n");
        default:
            return inlineText({ children });
    }
}

/** The content with a mark before and after each match. */
function withMarks(content, matches) {
    const points = [...content.replace(MARKS, "\ufffd")];
    const parts = [];
    let done = 0;
    for (const [from, to] of matches) {
        parts.push(...points.slice(done, from), BEGIN, ...points.slice(from, to), END);
        done = to;
    }
    return [...parts, ...points.slice(done)].join("");
}

/**
 * `matches` are [start, end] in code points of the content, in order. Returns {text, matches}, of
 * the text that is shown: the content itself if only what is not shown was found, such as the
 * target of a link.
 */
export function foundText(content, matches) {
    const marked = withMarks(content, matches).replace(TARGET, (text) => text.replace(MARKS, ""));
    const points = [];
    const found = [];
    let from = 0;
    for (const point of parseMarkdown(marked).map(blockText).join("\n")) {
        if (point === BEGIN) {
            from = points.length;
        } else if (point === END) {
            found.push([from, points.length]);
        } else {
            points.push(point);
        }
    }
    return found.length > 0 || matches.length === 0
        ? { text: points.join(""), matches: found }
        : { text: content, matches };
}
