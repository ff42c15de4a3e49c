// The page and the element in a browser without the functions that browsers gained since 2023.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, newUser, openWindow } from "../support/browser.js";
import { freshName, PASSWORD } from "../support/clients.js";
import "./setup.js";

/**
 * Functions that Chrome, Firefox and Safari did not all have at the beginning of 2023, by the
 * object that has them. docs/clients.md says which browsers are supported.
 */
const NEWER = {
    globalThis: [
        "AsyncDisposableStack",
        "CloseWatcher",
        "CommandEvent",
        "DisposableStack",
        "Float16Array",
        "Iterator",
        "Temporal",
        "ToggleEvent",
        "URLPattern",
        "cookieStore",
        "navigation",
        "requestIdleCallback",
        "scheduler",
        "trustedTypes",
    ],
    URL: ["canParse", "parse"],
    "URLSearchParams.prototype": ["size"],
    Object: ["groupBy"],
    Map: ["groupBy"],
    "Map.prototype": ["getOrInsert", "getOrInsertComputed"],
    Array: ["fromAsync"],
    "Array.prototype": ["toReversed", "toSorted", "toSpliced", "with"],
    Promise: ["withResolvers", "try"],
    RegExp: ["escape"],
    Error: ["isError"],
    Math: ["f16round", "sumPrecise"],
    JSON: ["rawJSON", "isRawJSON"],
    Intl: ["DurationFormat", "Segmenter"],
    Response: ["json"],
    AbortSignal: ["any", "timeout"],
    ReadableStream: ["from"],
    "String.prototype": ["isWellFormed", "toWellFormed"],
    "Set.prototype": [
        "difference",
        "intersection",
        "isDisjointFrom",
        "isSubsetOf",
        "isSupersetOf",
        "symmetricDifference",
        "union",
    ],
    "ArrayBuffer.prototype": ["resize", "transfer", "transferToFixedLength"],
    Uint8Array: ["fromBase64", "fromHex"],
    "Uint8Array.prototype": ["setFromBase64", "toBase64", "toHex"],
    "Headers.prototype": ["getSetCookie"],
    "Document.prototype": ["caretPositionFromPoint", "startViewTransition"],
    "Element.prototype": ["checkVisibility", "getHTML", "moveBefore", "setHTML", "setHTMLUnsafe"],
    "HTMLElement.prototype": ["hidePopover", "showPopover", "togglePopover"],
    "HTMLDialogElement.prototype": ["requestClose"],
    "Navigator.prototype": ["clearAppBadge", "setAppBadge", "userActivation", "userAgentData"],
    CSS: ["highlights"],
};

/** Removes these functions before the page's own scripts run. */
async function makeOld(person) {
    await person.context.addInitScript((newer) => {
        for (const [path, names] of Object.entries(newer)) {
            const owner =
                path === "globalThis"
                    ? globalThis
                    : path.split(".").reduce((object, name) => object?.[name], globalThis);
            names.forEach((name) => owner && delete owner[name]);
        }
    }, NEWER);
    return person;
}

/** Checks that the functions are really missing, so that the test can fail. */
async function isOld({ page }) {
    const kinds = await page.evaluate(() => [typeof URL.canParse, typeof Object.groupBy]);
    assert.deepEqual(kinds, ["undefined", "undefined"]);
}

test("an old browser shows a room with links, and all that happens in it", async () => {
    const [alice, bob] = [await account(), await makeOld(await newUser())];
    const room = await alice.room("Old phones", bob);
    await alice.post(room, "before the link");
    const { message_id: id } = await alice.post(room, "see https://example.org/a?b=(c) please");
    await alice.post(room, "a reply", { reply_to_id: id });
    await bob.enter(room);
    await isOld(bob);
    await bob.message("see https").getByRole("link", { name: "example.org" }).waitFor();
    await bob.say("From an old phone");
    await bob.sees("From an old phone");
    await alice.post(room, "after the link");
    await bob.sees("after the link");
    await alice.api("PATCH", `chat/rooms/${room}/messages/${id}/`, { content: "edited: http://[" });
    await bob.page.locator(".items .text", { hasText: "edited: http://[" }).waitFor();
    await alice.api("DELETE", `chat/rooms/${room}/messages/${id}/`);
    await bob.page.getByText("This message was deleted.").waitFor();
    await bob.button("Details").click();
    await bob.page.getByText(alice.name, { exact: true }).first().waitFor();
    await bob.page.reload();
    await bob.sees("after the link");
});

test("in an old browser one can register, make a room and log out", async () => {
    const person = await makeOld(await openWindow());
    await person.visit("/");
    await isOld(person);
    await person.button("Create an account").click();
    await person.page.getByLabel("Username").fill(freshName());
    await person.page.getByLabel("Password").fill(PASSWORD);
    await person.button("Create account").click();
    await person.add("New room");
    await person.page.getByLabel("Name").fill("Attic");
    await person.button("Create room").click();
    await person.say("https://example.org/");
    await person.page.getByRole("link", { name: "example.org" }).first().waitFor();
    await person.add("Public rooms");
    await person.dialog().waitFor();
    await person.page.keyboard.press("Escape");
    await person.chooseOwn("Log out");
    await person.button("Log in").waitFor();
});

test("in an old browser the element shows a room", async () => {
    const person = await makeOld(await newUser());
    const room = await person.room("Counter");
    await person.post(room, "https://example.org/");
    await person.visit("/embed.html");
    await isOld(person);
    await person.page
        .locator("confab-chat")
        .evaluate((element, id) => element.setAttribute("room", id), room);
    await person.page.getByRole("link", { name: "https://example.org/" }).waitFor();
    await person.say("And rolls?");
    await person.sees("And rolls?");
});
