// The texts of messages: which part of CommonMark is understood, and that whatever is typed neither
// breaks nor delays it. How it is shown is tested in browser/writing.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import { foundText } from "../../web/chat/rooms/found-text.js";
import { messageSummary } from "../../web/chat/timeline/message.js";
import { parseMarkdown } from "../../web/confab/markdown.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;" };
const escape = (text) => text.replace(/[&<]/g, (char) => ESCAPES[char]);

/** A short form of the tree, as HTML. */
function inline(node) {
    if (typeof node === "string") {
        return escape(node);
    }
    if (node.type === "code") {
        return `<code>${escape(node.text)}</code>`;
    }
    const tag = { emphasis: "em", strong: "strong", deleted: "del", link: "a" }[node.type];
    const href = node.href ? ` ${node.href}` : "";
    return `<${tag}${href}>${node.children.map(inline).join("")}</${tag}>`;
}

function block(node) {
    switch (node.type) {
        case "fence":
            return `<pre ${node.language}>${escape(node.text)}</pre>`;
        case "quote":
            return `<q>${node.children.map(block).join("")}</q>`;
        case "list": {
            const tag = node.ordered ? `ol ${node.start}` : "ul";
            const items = node.items.map((item) => `<li>${item.map(block).join("")}</li>`);
            return `<${tag}>${items.join("")}</${tag.slice(0, 2)}>`;
        }
        default:
            return `<p>${node.children.map(inline).join("")}</p>`;
    }
}

const shown = (text) => parseMarkdown(text).map(block).join("");

const INLINE = [
    ["plain text", "plain text"],
    [
        "*a* _b_ **c** __d__ ~~e~~",
        "<em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <del>e</del>",
    ],
    ["***a***", "<em><strong>a</strong></em>"],
    ["**a *b* c**", "<strong>a <em>b</em> c</strong>"],
    ["*a **b** c*", "<em>a <strong>b</strong> c</em>"],
    ["*a **b*", "*a *<em>b</em>"],
    ["snake_case_name and 2*3*4 = 24", "snake_case_name and 2<em>3</em>4 = 24"],
    ["a * b * c", "a * b * c"],
    ["~a~ ~~~b~~~", "~a~ ~~~b~~~"],
    // No more than eight within each other; those outside are text.
    [
        `${"*a ".repeat(10)}b${" a*".repeat(10)}`,
        `*a *a ${"<em>a ".repeat(8)}b${" a</em>".repeat(8)} a* a*`,
    ],
    ["\\*a\\* \\a \\\\", "*a* \\a \\"],
    ["`a *b* <i>` ``c ` d`` ` `", "<code>a *b* &lt;i></code> <code>c ` d</code> <code> </code>"],
    ["`open *a*", "`open <em>a</em>"],
    ["[a *b*](https://x.example/y_z_)", "<a https://x.example/y_z_>a <em>b</em></a>"],
    ['[a](https://x.example/(b) "title")', "<a https://x.example/(b)>a</a>"],
    ["[a](<https://x.example/b c>)", "<a https://x.example/b%20c>a</a>"],
    ["[a](javascript:alert(1))", "[a](javascript:alert(1))"],
    ["[a](data:text/html,x) [b](/path)", "[a](data:text/html,x) [b](/path)"],
    ["<https://x.example/> <b>", "<a https://x.example/>https://x.example/</a> &lt;b>"],
    [
        "see https://x.example/a_b_*c*.",
        "see <a https://x.example/a_b_*c*>https://x.example/a_b_*c*</a>.",
    ],
    ["me@x.example", "<a mailto:me@x.example>me@x.example</a>"],
    ["[https://a.example](https://b.example)", "<a https://b.example/>https://a.example</a>"],
    ["![a](https://x.example/i.png)", "!<a https://x.example/i.png>a</a>"],
    ["*日本*語 **🎉**", "<em>日本</em>語 <strong>🎉</strong>"],
    ["<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"],
    ["a\nb", "a\nb"],
];

for (const [text, wanted] of INLINE) {
    test(`inline: ${JSON.stringify(text)}`, () => assert.equal(shown(text), `<p>${wanted}</p>`));
}

const BLOCKS = [
    ["a\n\nb", "<p>a</p><p>b</p>"],
    ["- a\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"],
    ["- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"],
    ["1. a\n2. b", "<ol 1><li><p>a</p></li><li><p>b</p></li></ol>"],
    ["7) a", "<ol 7><li><p>a</p></li></ol>"],
    [
        "- a\n  - b\n  - c\n- d",
        "<ul><li><p>a</p><ul><li><p>b</p></li><li><p>c</p></li></ul></li><li><p>d</p></li></ul>",
    ],
    [
        "- a\n  ```js\n  x\n    y\n  ```\n- b",
        "<ul><li><p>a</p><pre js>x\n  y</pre></li><li><p>b</p></li></ul>",
    ],
    ["* a\n- b", "<ul><li><p>a</p></li></ul><ul><li><p>b</p></li></ul>"],
    ["-", "<p>-</p>"],
    ["-5 degrees", "<p>-5 degrees</p>"],
    ["---", "<p>---</p>"],
    ["a\n- b", "<p>a</p><ul><li><p>b</p></li></ul>"],
    ["in\n1945. b", "<p>in\n1945. b</p>"],
    ["> a\n> *b*\nc", "<q><p>a\n<em>b</em></p></q><p>c</p>"],
    ["> > a\n> b", "<q><q><p>a</p></q><p>b</p></q>"],
    ["```\n*a*\n<b>\n```\nc", "<pre >*a*\n&lt;b></pre><p>c</p>"],
    ["~~~ py\na\n```\n~~~", "<pre py>a\n```</pre>"],
    ["```\nopen", "<pre >open</pre>"],
    ["# no heading", "<p># no heading</p>"],
    ["", ""],
];

for (const [text, wanted] of BLOCKS) {
    test(`block: ${JSON.stringify(text)}`, () => assert.equal(shown(text), wanted));
}

/** All texts of a tree, in order. */
const textOf = (node) =>
    typeof node === "string"
        ? node
        : (node.text ?? (node.items?.flat() ?? node.children).map(textOf).join(""));

/** Numbers that are the same in each run (mulberry32). */
function numbers(seed) {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

const PARTS = ["*", "**", "_", "~~", "`", "[", "](https://x.example/)", "](javascript:1)", "<", ">"]
    .concat(["\\", "\n", "\n\n", " ", "  ", "- ", "1. ", "> ", "a", "b", "é", "🎉", "![", '"', "&"])
    .concat(["https://x.example/", "\t", "```\n"]);

test("random texts lose no letter, and their links are safe", () => {
    const random = numbers(1);
    const letters = (text) => [...text].filter((char) => "bé🎉".includes(char)).join("");
    for (let turn = 0; turn < 3000; turn += 1) {
        const length = 1 + random() * 40;
        const text = Array.from({ length }, () => PARTS[Math.floor(random() * PARTS.length)]).join(
            "",
        );
        const tree = parseMarkdown(text);
        // What follows the mark of fenced code on its line is its language.
        if (!/`{3}|~{3}/.test(text)) {
            assert.equal(letters(tree.map(textOf).join("")), letters(text), JSON.stringify(text));
        }
        for (const [, scheme] of JSON.stringify(tree).matchAll(/"href":"([a-z]+):/g)) {
            assert.ok(["http", "https", "mailto"].includes(scheme), JSON.stringify(text));
        }
    }
});

test("texts made to be slow take no longer than others", () => {
    const slow = [
        "*",
        "**a",
        "_a ",
        "*a_ ",
        "`",
        "`a``",
        "[",
        "[a](",
        "[](",
        "<",
        "> ",
        "- ",
        "\\",
        "~~",
        "a**b~~c_",
        "* ",
        "1. ",
        "https://",
        "(",
        "[a](https://x.example/(",
        "  - a\n",
        "*a **a ",
        "`".repeat(20).concat("a"),
        "\n> ",
        "<https://",
    ];
    for (const part of slow) {
        const text = part.repeat(Math.ceil(8000 / part.length)).slice(0, 8000);
        const began = process.cpuUsage();
        parseMarkdown(text);
        assert.ok(
            process.cpuUsage(began).user < 300_000,
            `${JSON.stringify(part)} again and again`,
        );
    }
});

const SUMMARIES = [
    ["a **b** *c* _d_ `e` ~~f~~", "a b c d e f"],
    ["- one\n* two\n> three\n```sh\nfour\n```", "one two three four"],
    ["snake_case_name, 2*3*4, ** and __init__", "snake_case_name, 2*3*4, ** and __init__"],
];

for (const [content, wanted] of SUMMARIES) {
    test(`in one line: ${JSON.stringify(content)}`, () =>
        assert.equal(messageSummary({ content, message_type: "text" }), wanted));
}

/** What is shown of a search result, with [] around what was found. */
function found(content, word) {
    const matches = [...content.matchAll(new RegExp(word, "gu"))].map(({ index }) => {
        const from = [...content.slice(0, index)].length;
        return [from, from + [...word].length];
    });
    const result = foundText(content, matches);
    const points = [...result.text];
    result.matches.reverse().forEach(([from, to]) => {
        points.splice(to, 0, "]");
        points.splice(from, 0, "[");
    });
    return points.join("");
}

const FOUND = [
    ["**rye** is `out`, and *rye bread*, too", "rye", "[rye] is out, and [rye] bread, too"],
    ["**rye** is `out`", "out", "rye is [out]"],
    [
        "- rye\n- wheat\n  - spelt\n\n3. one\n4. rye",
        "rye",
        "• [rye]\n• wheat\n• spelt\n3. one\n4. [rye]",
    ],
    ["> 🍞 rye\n\n```js\nrye(1);\n```", "rye", "🍞 [rye]\n[rye](1);"],
    ["[the plan](https://example.org/plan)", "plan", "the [plan]"],
    ["snake_rye_case \\*rye\\* ***rye***", "rye", "snake_[rye]_case *[rye]* [rye]"],
    ["https://rye.example/a_b_c", "rye", "https://[rye].example/a_b_c"],
    ["nothing **here**", "rye", "nothing here"],
    // Only what is not shown was found: the text is as it was written.
    ["[docs](https://example.org/plan)", "plan", "[docs](https://example.org/[plan])"],
];

for (const [content, word, wanted] of FOUND) {
    test(`found: ${JSON.stringify(content)}`, () => assert.equal(found(content, word), wanted));
}
