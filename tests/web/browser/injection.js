// Whatever users write is shown as text, never run as markup.

import assert from "node:assert/strict";
import { test } from "node:test";

import { loggedInUser, world } from "../support/browser.js";
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
    const person = await loggedInUser();
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

test("addresses become links, without the punctuation after them", async () => {
    const person = await loggedInUser();
    const room = await person.room("Kitchen");
    await person.post(room, "See https://example.org/a_(b)?q=1. (http://example.org/c) or not.");
    await person.enter(room);
    const links = person.page.locator(".items a");
    await links.first().waitFor();
    assert.deepEqual(await links.evaluateAll((all) => all.map((link) => link.href)), [
        "https://example.org/a_(b)?q=1",
        "http://example.org/c",
    ]);
    assert.equal(await links.first().getAttribute("rel"), "noopener noreferrer");
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
