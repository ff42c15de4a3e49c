// The page of GET /api/docs/, under its policy: calls can be tried, a socket watched.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newUser } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

async function docsPage() {
    const person = await newUser();
    const wrong = [];
    person.page.on("console", (line) => line.type() === "error" && wrong.push(line.text()));
    person.page.on("pageerror", (error) => wrong.push(String(error)));
    await person.visit("/api/docs/");
    await person.page.getByRole("heading", { name: "WebSockets" }).waitFor();
    return { person, page: person.page, wrong };
}

/** Opens an operation and returns it. */
async function opened(page, id) {
    const operation = page.locator(`#${id}`);
    await operation.locator("summary").click();
    return operation;
}

test("a call is tried with the session of the browser", async () => {
    const { person, page, wrong } = await docsPage();
    const room = await person.room("Tried");
    const operation = await opened(page, "messages_post");
    await operation.locator("input[name=room_id]").fill(String(room));
    await operation.getByLabel("Body").fill('{"content": "from the docs"}');
    await operation.getByRole("button", { name: "Send" }).click();
    await operation.getByText("from the docs").last().waitFor();
    assert.match(await operation.locator(".answer").textContent(), /^201/);
    assert.deepEqual(wrong, []);
});

slow("an error is shown with its code", async () => {
    const { page } = await docsPage();
    const operation = await opened(page, "rooms_get");
    await operation.locator("input[name=room_id]").fill("4711000");
    await operation.getByRole("button", { name: "Send" }).click();
    await until(async () =>
        /^404[^]*not_found/.test(await operation.locator(".answer").textContent()),
    );
});

slow("a token counts in place of the session", async () => {
    const { page } = await docsPage();
    await page.getByLabel("Token").fill("0".repeat(40));
    const operation = await opened(page, "accounts_me");
    await operation.getByRole("button", { name: "Send" }).click();
    await until(async () =>
        /^401[^]*authentication_failed/.test(await operation.locator(".answer").textContent()),
    );
});

slow("a socket is watched, and takes frames", async () => {
    const { page, wrong } = await docsPage();
    const frames = page.getByLabel("Frames");
    await page.getByRole("button", { name: "Connect" }).click();
    await frames.getByText('"type":"connected"').waitFor();
    await page.getByLabel("Example").selectOption("Ping");
    await page.getByRole("button", { name: "Send frame" }).click();
    await frames.getByText('"type":"pong"').waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await frames.getByText(/closed: \d+/).waitFor();
    assert.deepEqual(wrong, []);
});
