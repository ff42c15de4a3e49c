/**
 * A safe part of CommonMark, as the page and the element show it: emphasis, strong, deleted, code,
 * fenced code, quotes, lists, links. Everything else is text, including HTML. Line breaks are kept.
 *
 * parseMarkdown() makes a tree, renderMarkdown() elements of it; neither makes markup. The time
 * they take is linear in the length of the text, for any text.
 */

import { findAddresses } from "./addresses.js";

/** Quotes and lists within each other; deeper ones are text. */
const DEEPEST = 8;
/** Emphasis within emphasis, which browsers lay out in the square of its depth. */
const DEEPEST_EMPHASIS = 8;

// ---- inlines ----

const ESCAPABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const PLAIN = /[^\\`*_~[\]<]+/y;
const RUN = /([`*_~])\1*/y;
// An address in brackets, and the target of a link with its title, all bounded.
const BRACKETED = /<(https?:\/\/[^\s<>]{1,2000}|mailto:[^\s<>]{1,300})>/iy;
const INSIDE = "[^\\s<>()]{0,500}";
const TARGET = new RegExp(
    `\\((?:<([^<>\\n]{0,2000})>|([^\\s<>()]{0,2000}(?:\\(${INSIDE}\\)${INSIDE}){0,4}))` +
        '(?:\\s{1,5}"[^"\\n]{0,500}")?\\)',
    "y",
);

const isBlank = (char) => char === undefined || /\s/u.test(char);
const isPunctuation = (char) => char !== undefined && /[\p{P}\p{S}]/u.test(char);

const matchAt = (pattern, text, at) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
};

/** A target that can only open a page or write a mail; null for all others. */
function safeTarget(target) {
    try {
        const { protocol, href } = new URL(target);
        return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
    } catch {
        return null;
    }
}

/** The character before a place, and the one at it, as whole code points. */
function charBefore(text, at) {
    const low = text.charCodeAt(at - 1);
    return at === 0 ? undefined : text.slice(at - (low >= 0xdc00 && low < 0xe000 ? 2 : 1), at);
}

function charAt(text, at) {
    const point = text.codePointAt(at);
    return point === undefined ? undefined : String.fromCodePoint(point);
}

/** Whether a run of * _ or ~ can begin and end emphasis: by what is on both sides of it. */
function flanking(text, start, end) {
    const [before, after] = [charBefore(text, start), charAt(text, end)];
    const left =
        !isBlank(after) && (!isPunctuation(after) || isBlank(before) || isPunctuation(before));
    const right =
        !isBlank(before) && (!isPunctuation(before) || isBlank(after) || isPunctuation(after));
    return text[start] === "_"
        ? {
              opens: left && (!right || isPunctuation(before)),
              closes: right && (!left || isPunctuation(after)),
          }
        : { opens: left, closes: right };
}

class Inlines {
    constructor(text) {
        this.text = text;
        this.at = 0;
        /** Finished nodes, and runs that may become emphasis: {run, count, ...}. */
        this.nodes = [];
        /** Places in `nodes` of brackets that may begin a link. */
        this.brackets = [];
        this.addresses = findAddresses(text);
        /** By length, the places of all runs of ` in the text. */
        this.ticks = new Map();
        for (const { 0: run, index } of text.matchAll(/`+/g)) {
            const places = this.ticks.get(run.length) ?? [];
            places.push(index);
            this.ticks.set(run.length, places);
        }
    }

    parse() {
        const { text } = this;
        while (this.at < text.length) {
            this.#skipAddresses();
            if (!this.#address()) {
                const char = text[this.at];
                const read = {
                    "\\": () => this.#escape(),
                    "`": () => this.#code(),
                    "[": () => this.#open(),
                    "]": () => this.#close(),
                    "<": () => this.#bracketed(),
                }[char];
                if (read) {
                    read();
                } else if ("*_~".includes(char)) {
                    this.#run();
                } else {
                    this.#plain();
                }
            }
        }
        return join(emphasize(this.nodes));
    }

    #take(end) {
        this.nodes.push(this.text.slice(this.at, end));
        this.at = end;
    }

    /** Addresses in parts that were read as something else, such as code. */
    #skipAddresses() {
        while (this.addresses.length > 0 && this.addresses[0].start < this.at) {
            this.addresses.shift();
        }
    }

    /** An address is a link, whatever characters it has. */
    #address() {
        const next = this.addresses[0];
        if (next?.start !== this.at) {
            return false;
        }
        this.nodes.push({
            type: "link",
            href: next.href,
            children: [this.text.slice(next.start, next.end)],
        });
        this.at = next.end;
        return true;
    }

    #plain() {
        const end = this.at + matchAt(PLAIN, this.text, this.at)[0].length;
        this.#take(Math.min(end, this.addresses[0]?.start ?? end));
    }

    #escape() {
        const next = this.text[this.at + 1];
        if (next && ESCAPABLE.includes(next)) {
            this.at += 1;
        }
        this.#take(this.at + 1);
    }

    #code() {
        const { length } = matchAt(RUN, this.text, this.at)[0];
        const start = this.at + length;
        const places = this.ticks.get(length) ?? [];
        while (places.length > 0 && places[0] < start) {
            places.shift();
        }
        if (places.length === 0) {
            this.#take(start);
            return;
        }
        const inside = this.text.slice(start, places[0]).replace(/\n/g, " ");
        const isPadded = /^ .*[^ ].* $/u.test(inside);
        this.nodes.push({ type: "code", text: isPadded ? inside.slice(1, -1) : inside });
        this.at = places[0] + length;
    }

    #run() {
        const run = matchAt(RUN, this.text, this.at)[0];
        const end = this.at + run.length;
        const sides = flanking(this.text, this.at, end);
        if ((run[0] === "~" && run.length !== 2) || !(sides.opens || sides.closes)) {
            this.#take(end);
            return;
        }
        this.nodes.push({ run: run[0], count: run.length, length: run.length, ...sides });
        this.at = end;
    }

    #bracketed() {
        const match = matchAt(BRACKETED, this.text, this.at);
        const href = match && safeTarget(match[1]);
        if (!href) {
            this.#take(this.at + 1);
            return;
        }
        this.nodes.push({ type: "link", href, children: [match[1]] });
        this.at += match[0].length;
    }

    #open() {
        this.brackets.push(this.nodes.length);
        this.#take(this.at + 1);
    }

    #close() {
        const opening = this.brackets.pop();
        const match = opening === undefined ? null : matchAt(TARGET, this.text, this.at + 1);
        const href = match && safeTarget(match[1] ?? match[2]);
        if (!href) {
            this.#take(this.at + 1);
            return;
        }
        const inside = join(emphasize(this.nodes.splice(opening).slice(1)));
        // A link has no links within it.
        this.brackets = [];
        this.nodes.push({ type: "link", href, children: withoutLinks(inside) });
        this.at += 1 + match[0].length;
    }
}

const withoutLinks = (nodes) =>
    nodes.flatMap((node) => {
        if (node.type === "link") {
            return withoutLinks(node.children);
        }
        return node.children ? [{ ...node, children: withoutLinks(node.children) }] : [node];
    });

const textOf = (node) => (node.run ? node.run.repeat(node.count) : node);

/** Joins neighbouring texts. */
function join(nodes) {
    const joined = [];
    for (const node of nodes.map(textOf)) {
        if (typeof node === "string" && typeof joined.at(-1) === "string") {
            joined[joined.length - 1] += node;
        } else if (node !== "") {
            joined.push(node);
        }
    }
    return joined;
}

/** Whether two runs may belong together: the rule of three of CommonMark. */
const fits = (opener, closer) =>
    opener.run === closer.run &&
    !(
        (opener.closes || closer.opens) &&
        (opener.length + closer.length) % 3 === 0 &&
        (opener.length % 3 !== 0 || closer.length % 3 !== 0)
    );

/** By a node of emphasis, how many are within each other there, with it. */
const depths = new WeakMap();
const deepest = (nodes) => Math.max(0, ...nodes.map((node) => depths.get(node) ?? 0));

/**
 * Makes emphasis of runs that belong together. `open` has the runs that may still begin one; those
 * of which it is known that none fits are not looked at again (`bottom`).
 */
function emphasize(nodes) {
    const out = [];
    const open = [];
    const bottom = new Map();
    for (const node of nodes) {
        const closer = node.run ? node : null;
        while (closer?.closes && closer.count > 0) {
            const kind = `${closer.run}${closer.opens}${closer.length % 3}`;
            const lowest = bottom.get(kind) ?? -1;
            let at = open.length - 1;
            while (at >= 0 && open[at].place > lowest && !fits(open[at].node, closer)) {
                at -= 1;
            }
            if (at < 0 || open[at].place <= lowest) {
                bottom.set(kind, out.length - 1);
                break;
            }
            const { node: opener, place } = open[at];
            const size = closer.count >= 2 && opener.count >= 2 ? 2 : 1;
            const type = closer.run === "~" ? "deleted" : size === 2 ? "strong" : "emphasis";
            const children = join(out.splice(place + 1));
            opener.count -= size;
            closer.count -= size;
            open.length = opener.count > 0 ? at + 1 : at;
            const depth = 1 + deepest(children);
            if (depth <= DEEPEST_EMPHASIS) {
                const made = { type, children };
                depths.set(made, depth);
                out.push(made);
            } else {
                const sign = closer.run.repeat(size);
                out.push(...join([sign, ...children, sign]));
            }
            bottom.forEach((value, key) => bottom.set(key, Math.min(value, place)));
        }
        if (closer?.opens && closer.count > 0) {
            open.push({ node: closer, place: out.length });
        }
        out.push(node);
    }
    return out;
}

// ---- blocks ----

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/u;
const QUOTE = /^ {0,3}> ?/u;
const ITEM = /^ {0,3}([-*+]|\d{1,9}[.)]) +(?=\S)/u;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/u;

const isBlankLine = (line) => line.trim() === "";

/** The first line of an item of a list: {ordered, mark, start, width}; null if it is none. */
function itemOf(line) {
    const match = RULE.test(line) ? null : ITEM.exec(line);
    if (!match) {
        return null;
    }
    const [whole, mark] = match;
    const ordered = mark.length > 1;
    return {
        ordered,
        mark: mark.at(-1),
        start: ordered ? Number.parseInt(mark, 10) : 1,
        width: whole.length,
    };
}

class Blocks {
    constructor(lines, depth) {
        Object.assign(this, { lines, depth, at: 0 });
    }

    parse() {
        const blocks = [];
        while (this.at < this.lines.length) {
            const line = this.lines[this.at];
            if (isBlankLine(line)) {
                this.at += 1;
            } else if (FENCE.test(line)) {
                blocks.push(this.#fence());
            } else if (this.depth < DEEPEST && QUOTE.test(line)) {
                blocks.push(this.#quote());
            } else if (this.depth < DEEPEST && itemOf(line)) {
                blocks.push(this.#list());
            } else {
                blocks.push(this.#paragraph());
            }
        }
        return blocks;
    }

    #inside(lines) {
        return new Blocks(lines, this.depth + 1).parse();
    }

    #fence() {
        const [, mark, language] = FENCE.exec(this.lines[this.at]);
        const isEnd = (line) => {
            const end = /^ {0,3}(`{3,}|~{3,})\s*$/u.exec(line);
            return end && end[1][0] === mark[0] && end[1].length >= mark.length;
        };
        const start = this.at + 1;
        let end = start;
        while (end < this.lines.length && !isEnd(this.lines[end])) {
            end += 1;
        }
        this.at = end + 1;
        return { type: "fence", language, text: this.lines.slice(start, end).join("\n") };
    }

    #quote() {
        const start = this.at;
        while (this.at < this.lines.length && QUOTE.test(this.lines[this.at])) {
            this.at += 1;
        }
        const lines = this.lines.slice(start, this.at).map((line) => line.replace(QUOTE, ""));
        return { type: "quote", children: this.#inside(lines) };
    }

    #list() {
        const first = itemOf(this.lines[this.at]);
        const items = [];
        for (;;) {
            const item = this.at < this.lines.length ? itemOf(this.lines[this.at]) : null;
            if (!item || item.ordered !== first.ordered || item.mark !== first.mark) {
                break;
            }
            items.push(this.#item(item.width));
        }
        const { ordered, start } = first;
        return { type: "list", ordered, start, items };
    }

    /** The lines of an item: the rest of the first one, and those that are indented below it. */
    #item(width) {
        const lines = [this.lines[this.at].slice(width)];
        this.at += 1;
        const isIndented = (line) => /^\s{2,}/u.test(line ?? "") && !isBlankLine(line);
        while (this.at < this.lines.length) {
            const line = this.lines[this.at];
            const goesOn = isBlankLine(line) && isIndented(this.lines[this.at + 1]);
            if (!goesOn && !isIndented(line)) {
                break;
            }
            const indent = Math.min(line.length - line.trimStart().length, width);
            lines.push(line.slice(indent));
            this.at += 1;
        }
        // One blank line between two items.
        const next = this.lines[this.at + 1];
        if (isBlankLine(this.lines[this.at] ?? "x") && next !== undefined && itemOf(next)) {
            this.at += 1;
        }
        return this.#inside(lines);
    }

    #paragraph() {
        const start = this.at;
        this.at += 1;
        while (this.at < this.lines.length && !this.#interrupts(this.lines[this.at])) {
            this.at += 1;
        }
        const text = this.lines.slice(start, this.at).join("\n");
        return { type: "paragraph", children: new Inlines(text).parse() };
    }

    /** Whether a line ends the paragraph above it. */
    #interrupts(line) {
        if (isBlankLine(line) || FENCE.test(line)) {
            return true;
        }
        const item = itemOf(line);
        return this.depth < DEEPEST && (QUOTE.test(line) || item?.start === 1);
    }
}

/** The blocks of a text; see confab.d.ts for the tree. */
export function parseMarkdown(text) {
    return new Blocks(text.split("\n"), 0).parse();
}

// ---- elements ----

const TAGS = { emphasis: "em", strong: "strong", deleted: "del" };

const element = (tag, children, attributes = {}) => {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
};

function inlineNode(node) {
    if (typeof node === "string") {
        return node;
    }
    if (node.type === "code") {
        return element("code", [node.text]);
    }
    const children = node.children.map(inlineNode);
    return node.type === "link"
        ? element("a", children, {
              href: node.href,
              target: "_blank",
              rel: "noopener noreferrer",
          })
        : element(TAGS[node.type], children);
}

function blockNode(block) {
    if (block.type === "fence") {
        return element("pre", [element("code", [block.text])], { tabindex: "0", dir: "ltr" });
    }
    if (block.type === "quote") {
        return element("blockquote", block.children.map(blockNode));
    }
    if (block.type === "list") {
        const items = block.items.map((blocks) => element("li", blocks.map(blockNode)));
        const attributes = block.ordered && block.start !== 1 ? { start: block.start } : {};
        return element(block.ordered ? "ol" : "ul", items, attributes);
    }
    return element("p", block.children.map(inlineNode), { dir: "auto" });
}

/** The elements of a text, in a fragment. */
export function renderMarkdown(text) {
    const fragment = document.createDocumentFragment();
    fragment.append(...parseMarkdown(text).map(blockNode));
    return fragment;
}
