// What a user types is not lost: drafts, edits, long texts, what is unsent at a logout. And what
// was deleted or edited is not shown any more.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, loggedInUser, pair } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

/** Opens a room of one's own with a message in it. */
async function alone(text = "Tea at fuor") {
    const person = await loggedInUser();
    const room = await person.room("Kitchen");
    const message = await person.post(room, text);
    await person.enter(room);
    await person.sees(text);
    return { person, room, message };
}

async function beginEdit(person, text) {
    await person.message(text).hover();
    await person.button("Edit").click();
}

const value = (person) => person.field.inputValue();

/** Selects another room and comes back. */
async function leaveAndReturn(person, room) {
    const other = await person.room("Elsewhere");
    await person.enter(other);
    await person.enter(room);
}

test("a draft and the message it replies to survive another room and a reload", async () => {
    const { person, room } = await alone();
    await person.message("Tea at fuor").hover();
    await person.button("Reply").click();
    await person.field.fill("Half a thought");
    await leaveAndReturn(person, room);
    for (const again of [() => {}, () => person.page.reload()]) {
        await again();
        await person.page.locator(".about", { hasText: "Tea at fuor" }).waitFor();
        assert.equal(await value(person), "Half a thought");
    }
    await person.field.press("Enter");
    await person.message("Half a thought").locator(".quote").waitFor();
    await person.page.reload();
    await person.sees("Half a thought");
    assert.equal(await value(person), "");
});

slow("a draft is set aside while a message is edited", async () => {
    const { person, message, room } = await alone();
    await person.field.fill("Half a thought");
    await beginEdit(person, "Tea at fuor");
    assert.equal(await value(person), "Tea at fuor");
    await person.field.press("Escape");
    assert.equal(await value(person), "Half a thought");
    await beginEdit(person, "Tea at fuor");
    await person.say("Tea at four");
    await person.sees("Tea at four");
    await until(async () => (await value(person)) === "Half a thought");
    const saved = await person.api("GET", `chat/rooms/${room}/messages/${message.message_id}/`);
    assert.equal(saved.content, "Tea at four");
});

slow("an edit survives another room, a reload, and an edit of another message", async () => {
    const { person, room } = await alone();
    await person.post(room, "Scones too");
    await person.sees("Scones too");
    await beginEdit(person, "Tea at fuor");
    await person.field.fill("Tea at four");
    await leaveAndReturn(person, room);
    assert.equal(await value(person), "Tea at four");
    await person.page.reload();
    await person.page.getByText("Editing").waitFor();
    assert.equal(await value(person), "Tea at four");
    await beginEdit(person, "Scones too");
    assert.equal(await value(person), "Scones too");
    await beginEdit(person, "Tea at fuor");
    assert.equal(await value(person), "Tea at four");
});

slow("an edit that cannot be saved stays in the input and can be tried again", async () => {
    const { person } = await alone();
    await beginEdit(person, "Tea at fuor");
    await person.context.setOffline(true);
    await person.say("Tea at four");
    await person.page.locator(".composer", { hasText: "Not saved:" }).waitFor();
    assert.equal(await value(person), "Tea at four");
    await person.context.setOffline(false);
    await person.button("Try again", person.page.locator(".composer")).click();
    await person.sees("Tea at four");
    await person.page.getByText("Not saved:").waitFor({ state: "hidden" });
    assert.equal(await value(person), "");
});

slow("a text over the limit is kept, counted in characters, and not sent", async () => {
    const { person, room } = await alone();
    await person.field.fill("x".repeat(8120));
    assert.equal((await value(person)).length, 8120);
    await person.page.getByText("8,120 of 8,000 characters: too long by 120.").waitFor();
    assert.ok(await person.button("Send").isDisabled());
    await person.field.press("Enter");
    assert.equal((await value(person)).length, 8120);
    // Each emoji is one character for the server, and two units for a browser.
    await person.field.fill("🫖".repeat(8000));
    await person.field.press("Enter");
    await until(async () => {
        const { results } = await person.api("GET", `chat/rooms/${room}/messages/`);
        return results[0].content === "🫖".repeat(8000);
    });
});

slow("a name of a room and its topic are never cut", async () => {
    const person = await loggedInUser();
    await person.add("New room");
    await person.page.getByLabel("Name").fill("🫖".repeat(128));
    await person.button("Create room").click();
    await person.page
        .getByRole("heading", { name: "🫖".repeat(128), level: 2 })
        .first()
        .waitFor();
    const rooms = await person.api("GET", "chat/rooms/");
    assert.equal(rooms.results[0].name, "🫖".repeat(128));

    await person.button("Details").click();
    await person.button("Room settings").click();
    const topic = person.page.getByLabel("Topic");
    await topic.fill("🫖".repeat(501));
    await person.button("Save").click();
    await person.dialog().getByText("no more than 500 characters").waitFor();
    assert.ok(await topic.evaluate((input) => input.matches(":focus[aria-invalid=true]")));
    await topic.fill("🫖".repeat(500));
    await person.button("Save").click();
    await person.dialog().waitFor({ state: "detached" });
    const { room_id: room } = rooms.results[0];
    const { topic: saved } = await person.api("GET", `chat/rooms/${room}/`);
    assert.equal(saved, "🫖".repeat(500));
});

slow("a logout without a connection ends nothing, and is offered again", async () => {
    const { person } = await alone();
    await person.page.getByText("Online", { exact: true }).waitFor();
    await person.context.setOffline(true);
    await person.say("Unsent");
    await person.page.getByText("Waiting to send").waitFor();
    await person.chooseOwn("Log out");
    await person.dialog().getByText("1 message not sent yet will be discarded.").waitFor();
    await person.button("Log out", person.dialog()).click();
    await person.dialog().getByRole("alert").getByText("cannot be reached").waitFor();
    await person.button("Cancel", person.dialog()).click();
    await person.page.locator(".outbox .message", { hasText: "Unsent" }).waitFor();
    await person.context.setOffline(false);
    await person.sees("Unsent");
    await person.page.getByText("Online", { exact: true }).waitFor();

    await person.context.setOffline(true);
    await person.chooseOwn("Log out");
    await person.page.locator(".notice", { hasText: "You are still logged in." }).waitFor();
    await person.context.setOffline(false);
    await person.button("Try again", person.page.locator(".notice")).click();
    await person.page.getByRole("heading", { name: "Log in" }).waitFor();
    const stored = await person.page.evaluate(() =>
        Object.keys(localStorage).filter((key) => /^confab-(draft|reads)/.test(key)),
    );
    assert.deepEqual(stored, []);
});

slow("after a forced logout the name is filled in", async () => {
    const { person } = await alone();
    await person.page.getByText("Online", { exact: true }).waitFor();
    await person.field.fill("Half a thought");
    await person.api("POST", "auth/logout/");
    await person.page.getByText("You were logged out.").waitFor();
    assert.equal(await person.page.getByLabel("Username").inputValue(), person.name);
    assert.equal(await person.page.evaluate(() => document.activeElement.name), "password");
});

/** A room where the first message is quoted by the last, with many between them. */
async function farQuote() {
    const [alice, bob] = [await account(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    const secret = await alice.post(room, "The password is swordfish");
    await bob.lines(room, 120);
    await alice.post(room, "As I said", { reply_to_id: secret.message_id });
    // Of the first message only the quote is in bob's page.
    await bob.enter(room);
    await bob.settles();
    const quote = bob.message("As I said").locator(".quoted");
    await quote.getByText("swordfish").waitFor();
    assert.equal(await bob.message("The password").count(), 1);
    return { alice, bob, quote, path: `chat/rooms/${room}/messages/${secret.message_id}/` };
}

const pageHas = (person, text) =>
    person.page.evaluate((words) => document.documentElement.outerHTML.includes(words), text);

slow("a quote of a message that is not in the page loses deleted words", async () => {
    const { alice, bob, quote, path } = await farQuote();
    await bob.message("As I said").hover();
    await alice.api("DELETE", path);
    await quote.getByText("Message deleted").waitFor();
    await until(async () => !(await pageHas(bob, "swordfish")));
});

slow("a quote of a message that is not in the page shows its new words", async () => {
    const { alice, bob, quote, path } = await farQuote();
    await alice.api("PATCH", path, { content: "Never mind" });
    await quote.getByText("Never mind").waitFor();
    await until(async () => !(await pageHas(bob, "swordfish")));
});

slow("the quotes above the input and of a message being sent lose deleted words", async () => {
    const { alice, bob, room } = await pair();
    const secret = await alice.post(room, "The password is swordfish");
    await bob.sees("swordfish");
    await bob.page.route("**/messages/", (route) =>
        route.request().method() === "POST"
            ? route.abort("internetdisconnected")
            : route.continue(),
    );
    for (const text of ["Waiting", null]) {
        await bob.message("The password").hover();
        await bob.button("Reply").click();
        await bob.page.locator(".about", { hasText: "swordfish" }).waitFor();
        if (text) {
            await bob.say(text);
            await bob.page.locator(".outbox .quoted", { hasText: "swordfish" }).waitFor();
        }
    }
    await alice.api("DELETE", `chat/rooms/${room}/messages/${secret.message_id}/`);
    await bob.page.locator(".about", { hasText: "Message deleted" }).waitFor();
    await bob.page.locator(".outbox .quoted", { hasText: "Message deleted" }).waitFor();
    await until(async () => !(await pageHas(bob, "swordfish")));
});
