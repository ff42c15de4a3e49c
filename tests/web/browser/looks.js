// What the page shows around messages, ways to a room or a day, and the installed page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, loggedInUser, openWindow, pair, world } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { sql } from "../support/sql.js";
import { until } from "../support/until.js";
import "./setup.js";

const quiet = ({ page }) => page.locator(".quiet").allTextContents();

slow("joining, leaving and renaming are quiet lines, also after a reload", async () => {
    const { alice, bob, room } = await pair();
    const [carol, dan] = [await account(), await account()];
    await alice.say("Before");
    await bob.sees("Before");
    const members = `chat/rooms/${room}/`;
    for (const { id } of [carol, dan]) {
        await alice.api("POST", `${members}invite/`, { user_id: id });
    }
    await alice.say("Between");
    await bob.sees("Between");
    await alice.api("POST", `${members}remove_member/`, { user_id: carol.id });
    await alice.api("PATCH", members, { name: "Garden" });
    const lines = [
        `${alice.name} invited ${carol.name} and ${dan.name}.`,
        `${alice.name} removed ${carol.name}.`,
    ];
    const renamed = `${alice.name} renamed the room to “Garden”.`;
    await until(async () => (await quiet(bob)).includes(renamed));
    assert.deepEqual((await quiet(bob)).slice(-3), [...lines, renamed]);
    const after = bob.page.locator(".item", { hasText: "Before" }).locator(".quiet");
    assert.deepEqual(await after.allTextContents(), [lines[0]]);
    await bob.page.reload();
    await bob.page.getByText(lines[1]).waitFor();
    assert.deepEqual(await after.allTextContents(), [lines[0]]);
    await alice.api("PATCH", members, { is_private: false });
    await carol.api("POST", `${members}join/`);
    await bob.page.getByText(`${carol.name} joined.`).waitFor();
    await carol.api("POST", `${members}remove_member/`, { user_id: carol.id });
    await bob.page.getByText(`${carol.name} left.`).waitFor();
});

slow("deleted messages of one sender in a row are one line", async () => {
    const [alice, bob] = [await account(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await bob.enter(room);
    await bob.settles();
    const ids = [];
    for (const text of ["One", "Two", "Three", "Four"]) {
        ids.push((await alice.post(room, text)).message_id);
    }
    await bob.sees("Four");
    // Else the line for new messages is between them after the reload.
    await until(async () => (await bob.api("GET", `chat/rooms/${room}/`)).unread_count === 0);
    const gone = bob.page.locator(".item:visible .gone");
    for (const id of ids.slice(0, 3)) {
        await alice.api("DELETE", `chat/rooms/${room}/messages/${id}/`);
    }
    await bob.page.getByText("3 messages were deleted.").waitFor();
    assert.equal(await gone.count(), 1);
    // The keys pass over what is folded.
    await bob.message("Four").focus();
    await bob.page.keyboard.press("ArrowUp");
    await bob.page.locator(".message:focus", { hasText: "3 messages were deleted." }).waitFor();
    await bob.page.reload();
    await bob.page.getByText("3 messages were deleted.").waitFor();
    assert.equal(await gone.count(), 1);
});

slow("a click on the day leads to the messages of another day", async () => {
    const person = await loggedInUser();
    const room = await person.room("Diary");
    const days = 90;
    await sql(`
        INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id,
                             content)
            SELECT ${room}, seq, ${person.id}, 1, '2024-01-01 12:00' + INTERVAL seq DIV 10 DAY,
                   CONCAT('s', seq), CONCAT('Entry ', seq)
            FROM seq_1_to_${days * 10};
        UPDATE room SET message_count = ${days * 10} WHERE room_id = ${room};
        UPDATE room SET created_at = '2024-01-01' WHERE room_id = ${room};
        UPDATE member SET last_read_position = ${days * 10} WHERE room_id = ${room}`);
    await person.enter(room);
    await person.sees(`Entry ${days * 10}`);
    const go = async (day) => {
        await person.page.locator(".separator.day button:visible").last().click();
        await person.page.getByLabel("Day", { exact: true }).fill(day);
        await person.button("Go to", person.dialog()).click();
        await person.dialog().waitFor({ state: "detached" });
    };
    // The first message of that day has the focus.
    await go("2024-01-15");
    await person.page.locator(".message:focus", { hasText: "Entry 140" }).waitFor();
    await go("2024-02-29");
    await person.page.locator(".message:focus", { hasText: "Entry 590" }).waitFor();
    await go("2024-01-01");
    await person.page.locator(".message:focus", { hasText: "Entry 1" }).first().waitFor();
});

test("Ctrl-K opens a room, or a direct message, by a name and Enter", async () => {
    const [person, other] = [await loggedInUser(), await account()];
    const [room, garden] = [await person.room("Kitchen"), await person.room("Our garden")];
    await person.enter(room);
    await person.page.locator(".room", { hasText: "garden" }).waitFor();
    const field = person.page.getByRole("combobox", { name: "Find a room or a person" });
    const chosen = person.page.locator('[role="option"][aria-selected="true"]');
    await person.page.keyboard.press("Control+k");
    await field.and(person.page.locator(":focus")).waitFor();
    await person.page.keyboard.type("gard");
    await chosen.filter({ hasText: "Our garden" }).waitFor();
    await person.page.keyboard.press("Enter");
    await person.page.getByRole("heading", { name: "Our garden", level: 2 }).first().waitFor();
    await person.field.and(person.page.locator(":focus")).waitFor();
    assert.ok(person.page.url().endsWith(`#/${garden}`));
    // At once: what is typed next would go to the message otherwise.
    const isOpen = await person.page.evaluate(() => {
        const press = { key: "k", ctrlKey: true, bubbles: true };
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", press));
        return document.querySelector("dialog.switcher[open]") !== null;
    });
    assert.equal(isOpen, true);
    await person.page.keyboard.type(other.name);
    await chosen.filter({ hasText: `${other.name}Direct message` }).waitFor();
    await person.page.keyboard.press("Enter");
    await person.page.getByRole("heading", { name: other.name, level: 2 }).first().waitFor();
    // Not over another dialog.
    await person.add("New room");
    await person.dialog().waitFor();
    await person.page.keyboard.press("Control+k");
    assert.equal(await person.dialog().count(), 1);
});

slow(
    "a search for people that fails is made again, and the rooms are there meanwhile",
    async () => {
        const [person, other] = [await loggedInUser(), await account()];
        await person.room(`Room of ${other.name}`);
        await person.page.locator(".room").waitFor();
        let failures = 0;
        await person.page.route("**/users/?search=*", async (route) => {
            failures += 1;
            await (failures === 1 ? route.abort() : route.continue());
        });
        await person.page.keyboard.press("Control+k");
        const dialog = person.dialog();
        await dialog.getByRole("combobox").fill(other.name);
        await dialog.getByRole("alert").getByText("cannot be reached").waitFor();
        assert.equal(await dialog.getByText("Room of").count(), 1);
        const found = dialog.getByRole("option").filter({ hasText: `${other.name}Direct message` });
        await found.waitFor();
        assert.equal(await dialog.getByRole("alert").count(), 0);
    },
);

test("a second visit asks the server for the page alone", async () => {
    const person = await loggedInUser();
    await person.settles();
    const page = await person.context.newPage();
    const asked = [];
    // A file that the browser takes from its cache without asking has no size.
    const session = await person.context.newCDPSession(page);
    await session.send("Network.enable");
    const names = new Map();
    session.on("Network.requestWillBeSent", ({ requestId, request }) =>
        names.set(requestId, new URL(request.url).pathname),
    );
    session.on("Network.requestServedFromCache", ({ requestId }) => names.delete(requestId));
    session.on("Network.responseReceived", ({ requestId, response }) => {
        if (!response.fromDiskCache && names.has(requestId)) {
            asked.push(names.get(requestId));
        }
    });
    await page.goto(world.system.url);
    await page.getByText("Online", { exact: true }).first().waitFor();
    const files = asked.filter((path) => !/^\/(api|ws)\//.test(path));
    assert.deepEqual(files, ["/"]);
});

slow("the page can be installed", async () => {
    const { page } = await openWindow();
    await page.goto(world.system.url);
    const manifest = await page.evaluate(async () => {
        const { href } = document.querySelector("link[rel=manifest]");
        const found = await (await fetch(href)).json();
        const size = async (src) => {
            const image = new Image();
            image.src = new URL(src, href).href;
            await image.decode();
            return `${image.naturalWidth}x${image.naturalHeight}`;
        };
        const icons = found.icons.filter(({ type }) => type === "image/png");
        const touch = document.querySelector("link[rel=apple-touch-icon]").href;
        return {
            start: new URL(found.start_url, href).href,
            scope: new URL(found.scope, href).href,
            icons: await Promise.all(icons.map(async ({ src, sizes }) => [sizes, await size(src)])),
            touch: await size(touch),
        };
    });
    assert.equal(manifest.start, `${world.system.url}/`);
    assert.equal(manifest.scope, `${world.system.url}/`);
    assert.ok(manifest.icons.length >= 2);
    manifest.icons.forEach(([said, is]) => assert.equal(is, said));
    assert.equal(manifest.touch, "180x180");
});
