// Whatever users write is shown as text, never run as markup.

import assert from "node:assert/strict";
import { test } from "node:test";

import { loggedInUser, newUser, world } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

const HOSTILE = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    '"><svg onload=window.hit=1>',
    "javascript:window.hit=1",
    '<a href="javascript:window.hit=1">click</a>',
    'https://example.org/"onmouseover="window.hit=1',
    "{{constructor.constructor('window.hit=1')()}}",
    "</textarea></title><script>window.hit = 1</script>",
    "<iframe srcdoc='<script>parent.hit=1</script>'>",
    "<style>*{display:none}</style>",
    "&lt;b&gt;not bold&lt;/b&gt;",
    "\u202Eright to left <b>",
];

test("hostile names and messages are shown as text", async () => {
    const person = await newUser();
    let room;
    for (const name of HOSTILE) {
        room = await person.room(name);
    }
    for (const words of HOSTILE) {
        await person.post(room, words);
    }
    await person.enter(room);
    await person.sees(HOSTILE.at(-1));
    const said = await person.page.locator(".items .text").allTextContents();
    assert.deepEqual(said, HOSTILE);
    const names = await person.page.locator(".room .name").allTextContents();
    // What changes the direction of a name, and is not seen itself, is replaced by a sign.
    const shown = HOSTILE.map((name) => name.replace("\u202E", "\uFFFD"));
    assert.deepEqual(new Set(names), new Set(shown));
    await person.message("javascript:").first().hover();
    const addresses = await person.page
        .locator(".items a")
        .evaluateAll((links) => links.map((link) => link.protocol));
    assert.deepEqual(new Set(addresses), new Set(["https:"]));
    assert.equal(await person.page.evaluate(() => window.hit), undefined);
    const foreign = person.page.locator(".confab").locator("img, script, iframe");
    assert.equal(await foreign.count(), 0);
});

test("addresses become links, without what follows them, and need no https://", async () => {
    const person = await newUser();
    const room = await person.room("Kitchen");
    const texts = {
        "See https://example.org/a_(b)?q=1. (http://example.org/c) or not.": [
            "https://example.org/a_(b)?q=1",
            "http://example.org/c",
        ],
        "「https://example.org/x」。": ["https://example.org/x"],
        "“https://example.org/“": ["https://example.org/"],
        "www.example.org, www. and www.x": ["https://www.example.org/"],
        "ask bob.x@example.co.uk.": ["mailto:bob.x@example.co.uk"],
        "ssh://me@example.org": [],
        "https://example.org/日本語、次": ["https://example.org/%E6%97%A5%E6%9C%AC%E8%AA%9E"],
    };
    for (const text of Object.keys(texts)) {
        await person.post(room, text);
    }
    await person.enter(room);
    await person.sees("日本語");
    const found = await person.page
        .locator(".items .text")
        .evaluateAll((all) =>
            all.map((text) => [...text.querySelectorAll("a")].map((link) => link.href)),
        );
    assert.deepEqual(found, Object.values(texts));
    const first = person.page.locator(".items a").first();
    assert.equal(await first.getAttribute("rel"), "noopener noreferrer");
});

slow("a text made to be slow is shown in little time", async () => {
    const person = await loggedInUser();
    await person.page.getByText("No rooms yet").waitFor();
    const times = await person.page.evaluate(async () => {
        const { linked } = await import("/chat/ui/links.js");
        const texts = [
            `http://a${")".repeat(7990)}`,
            "a".repeat(8000),
            "a.".repeat(4000),
            "a@".repeat(4000),
            "http://".repeat(1140),
            `${"(".repeat(4000)}http://x${")".repeat(3990)}`,
            `x@${`${"a".repeat(63)}.`.repeat(120)}`,
        ];
        return texts.map((text) => {
            const runs = [0, 1, 2].map(() => {
                const began = performance.now();
                linked(text);
                return performance.now() - began;
            });
            return Math.min(...runs);
        });
    });
    // Far below a frame; what grows with the square of the length takes a multiple of this.
    assert.ok(Math.max(...times) < 8, times.join());
});

slow("names show what cannot be seen in them", async () => {
    const person = await loggedInUser();
    const names = {
        "ali\u200bce": "ali\uFFFDce",
        "\u202Eecila": "\uFFFDecila",
        "\u200b\u2060\u200b": "\uFFFD",
        "alice\u200e": "alice\uFFFD",
        "👨\u200d👩\u200d👧 می\u200cخواهم 1\ufe0f\u20e3":
            "👨\u200d👩\u200d👧 می\u200cخواهم 1\ufe0f\u20e3",
    };
    const rooms = [];
    for (const name of Object.keys(names)) {
        rooms.push(await person.room(name));
    }
    await person.enter(rooms[0]);
    const shown = person.page.locator(".room .name");
    await until(async () => (await shown.count()) === rooms.length);
    const expected = Object.values(names);
    assert.deepEqual(new Set(await shown.allTextContents()), new Set(expected));
    for (const [i, room] of rooms.entries()) {
        await person.visit(`/#/${room}`);
        await until(async () => (await person.page.title()).startsWith(`${expected[i]} –`));
        await until(
            async () => (await person.page.locator(".bar h2").textContent()) === expected[i],
        );
    }
    await person.api("PATCH", `chat/rooms/${rooms.at(-1)}/`, { name: "\u202Eecila" });
    await person.page.getByText("renamed the room to “\uFFFDecila”.").waitFor();
    await until(
        async () => (await person.page.locator(".beginning h2").textContent()) === "\uFFFDecila",
    );
});

slow("marks stacked on letters stay within their message, previews end whole", async () => {
    const person = await loggedInUser();
    const room = await person.room("Kitchen");
    const family = "👨‍👩‍👧‍👦";
    await person.post(room, "Before");
    const marked = await person.post(room, `m${"\u0300\u0316".repeat(40)}`);
    await person.post(room, "After", { reply_to_id: marked.message_id });
    await person.enter(room);
    await person.sees("After");
    const picture = async (text) => (await person.message(text).screenshot()).toString("base64");
    const pictures = async () => `${await picture("Before")} ${await picture("After")}`;
    // Once two in succession are the same, nothing fades or moves any more.
    let before = await pictures();
    await until(async () => before === (before = await pictures()));
    await person.page.evaluate(() => {
        const text = [...document.querySelectorAll(".items .text")].find((one) =>
            one.textContent.startsWith("m"),
        );
        text.style.visibility = "hidden";
    });
    // On a slow machine something else may still fade.
    await until(async () => (await pictures()) === before);
    // Cut at 100 units, within an emoji.
    await person.post(room, family.repeat(40));
    await person.page.locator(".room .last", { hasText: family }).waitFor();
    const last = await person.page.locator(".room .last").textContent();
    assert.match(last, new RegExp(`^You: (${family})+…$`, "u"));
    // The server quotes 140 code points.
    const long = await person.post(room, `${"x".repeat(138)}${family}`);
    await person.post(room, "Quoted", { reply_to_id: long.message_id });
    const quote = person.message("Quoted").locator(".quoted bdi").last();
    await quote.getByText("xxx").waitFor();
    assert.match(await quote.textContent(), /x…$/);
});

test("the page runs only its own scripts and styles", async () => {
    const answer = await fetch(`${world.system.url}/`);
    const policy = answer.headers.get("content-security-policy");
    assert.match(policy, /script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    const person = await loggedInUser();
    await person.page.getByText("No rooms yet").waitFor();
    const ran = await person.page.evaluate(() => {
        const script = document.createElement("script");
        try {
            script.textContent = "window.hit = 1";
        } catch {
            return "refused";
        }
        document.body.append(script);
        return window.hit;
    });
    assert.equal(ran, "refused");
    assert.match(person.faults.splice(0).join(), /TrustedScript/);
});
