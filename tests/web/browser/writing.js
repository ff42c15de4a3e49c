// Writing and finding: formatted texts, emoji by picker and by name, searching messages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newUser, pair, world } from "../support/browser.js";
import { slow } from "../support/slow.js";
import "./setup.js";

/** A user in a room without others. */
async function alone() {
    const person = await newUser();
    await person.enter(await person.room("Kitchen"));
    return person;
}

test("a list with code in it is shown formatted to both, and stored as typed", async () => {
    const { alice, bob, room } = await pair();
    const text = "Buy:\n- *tea*\n- `<b>milk</b>` and\n  ```\n  a  b\n  ```\n> said **Bob**";
    await alice.say(text);
    for (const { page } of [alice, bob]) {
        const words = page.locator(".items .formatted");
        await words.locator("li em", { hasText: "tea" }).waitFor();
        assert.equal(await words.locator("li code").first().textContent(), "<b>milk</b>");
        assert.equal(await words.locator("li pre").textContent(), "a  b");
        assert.equal(await words.locator("blockquote strong").textContent(), "Bob");
        assert.equal(await words.locator("b").count(), 0);
        const style = await words.locator("ul").evaluate((it) => getComputedStyle(it).listStyle);
        assert.match(style, /disc/);
    }
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    assert.equal(results[0].content, text);
});

slow("an emoji is chosen by its name and in a skin tone, by keyboard alone", async () => {
    const alice = await alone();
    await alice.field.fill("Yes ");
    await alice.field.press("Tab");
    await alice.page.keyboard.press("Enter");
    const dialog = alice.page.getByRole("dialog", { name: "Emoji" });
    await dialog.waitFor();
    // Down to the emoji, by rows, and back to the field.
    const focused = () => alice.page.evaluate(() => document.activeElement.title);
    await alice.page.keyboard.press("ArrowDown");
    await alice.page.keyboard.press("ArrowDown");
    const second = await focused();
    assert.notEqual(second, ":grinning:");
    await alice.page.keyboard.press("ArrowUp");
    assert.equal(await focused(), ":grinning:");
    await alice.page.keyboard.press("ArrowUp");
    await dialog.getByRole("combobox", { name: "Skin tone" }).selectOption("3");
    await dialog.getByRole("searchbox").fill("thumbs up");
    await dialog.getByRole("button", { name: "thumbs up", exact: true }).waitFor();
    // A key of an input method chooses nothing.
    await dialog.getByRole("searchbox").evaluate((input) => {
        const key = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
        input.dispatchEvent(new KeyboardEvent("keydown", key));
    });
    assert.ok(await dialog.isVisible());
    await dialog.getByRole("searchbox").press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await alice.field.inputValue(), "Yes 👍🏽");
});

slow("a name after a colon is completed, and a whole one becomes its emoji", async () => {
    const alice = await alone();
    await alice.field.pressSequentially("Party :tad");
    await alice.page.getByRole("option", { name: ":tada:" }).waitFor();
    await alice.field.press("Enter");
    assert.equal(await alice.field.inputValue(), "Party 🎉 ");
    await alice.field.pressSequentially(":heart:");
    await alice.page.waitForFunction(() => document.activeElement.value.startsWith("Party 🎉 ❤"));
    await alice.field.fill("10:30 is not one");
    assert.equal(await alice.page.getByRole("option").count(), 0);
});

test("a message is found by words, which are marked, and opens at its place", async () => {
    const user = await newUser();
    const [kitchen, garden] = [await user.room("Kitchen"), await user.room("Garden")];
    await user.post(kitchen, "Καλημέρα κόσμε");
    await user.lines(kitchen, 60);
    await user.post(garden, "東京で会いましょう");
    await world.system.confabctl("search", "rebuild");
    await user.enter(garden);
    await user.page.keyboard.press("Control+k");
    await user.page.getByRole("combobox").fill("東京");
    await user.page.getByRole("option", { name: "Search messages for “東京”" }).waitFor();
    await user.page.getByRole("combobox").press("Enter");
    const dialog = user.page.getByRole("dialog", { name: "Search messages" });
    const field = dialog.getByRole("searchbox");
    assert.equal(await dialog.locator("mark").textContent(), "東京");
    await field.fill("ΚΑΛΗΜΕΡΑ κοσ");
    await dialog.getByText("Kitchen").waitFor();
    assert.deepEqual(await dialog.locator("mark").allTextContents(), ["Καλημέρα", "κόσ"]);
    await field.fill("-x");
    await dialog.getByText("Type a word to search for.").waitFor();
    await field.fill("nowhere");
    await dialog.getByText("No message has these words.").waitFor();
    await field.fill("καλημέρα");
    await dialog.getByText("1 message", { exact: true }).waitFor();
    await field.press("Enter");
    await user.page.waitForFunction(
        () =>
            document.activeElement.textContent.includes("Καλημέρα κόσμε") &&
            document.activeElement.getBoundingClientRect().top > 0,
    );
    assert.equal(await user.page.locator(".conversation").getAttribute("data-room"), `${kitchen}`);
});
