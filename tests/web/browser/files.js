// Files and pictures: pasted, dropped and chosen, broken off and resumed, shown without a jump,
// looked at by keyboard; in the element; on a phone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { faults } from "../support/axe.js";
import { loggedInUser, newUser, openWindow, pair, SIZES, world } from "../support/browser.js";
import { visitSite } from "../support/site-page.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

/** What a camera might write into a picture. */
const PLACE = "Exif\0\0 48.2082N 16.3738E";

/**
 * Dispatches `kind` ("paste", "drop") with files in the field: { name, type, text } each, or a
 * picture { name, type, width, height }, a JPEG with PLACE in it.
 */
const give = (person, kind, files) =>
    person.field.evaluate(
        async (target, [type, wanted, place]) => {
            const data = new DataTransfer();
            for (const { name, type: media, text, width, height } of wanted) {
                let parts = [text];
                if (width) {
                    const canvas = new OffscreenCanvas(width, height);
                    const context = canvas.getContext("2d");
                    const colours = context.createLinearGradient(0, 0, width, height);
                    colours.addColorStop(0, "teal");
                    colours.addColorStop(1, "orange");
                    context.fillStyle = colours;
                    context.fillRect(0, 0, width, height);
                    const blob = await canvas.convertToBlob({ type: media });
                    const length = place.length + 2;
                    const segment = [0xff, 0xe1, 0, length].concat(
                        [...place].map((letter) => letter.charCodeAt(0)),
                    );
                    parts =
                        media === "image/jpeg"
                            ? [blob.slice(0, 2), new Uint8Array(segment), blob.slice(2)]
                            : [blob];
                }
                data.items.add(new File(parts, name, { type: media }));
            }
            const options = { bubbles: true, cancelable: true };
            const event =
                type === "paste"
                    ? new ClipboardEvent(type, { ...options, clipboardData: data })
                    : new DragEvent(type, { ...options, dataTransfer: data });
            target.dispatchEvent(event);
        },
        [kind, files, PLACE],
    );

/** Records a video of this width and height (px) and drops it on the field. */
const giveVideo = (person, name, width, height) =>
    person.field.evaluate(
        async (target, [called, across, down]) => {
            const canvas = document.createElement("canvas");
            Object.assign(canvas, { width: across, height: down });
            const context = canvas.getContext("2d");
            const recorder = new MediaRecorder(canvas.captureStream(25), {
                mimeType: "video/webm;codecs=vp8",
            });
            const parts = [];
            recorder.ondataavailable = ({ data }) => parts.push(data);
            const stopped = new Promise((resolve) => {
                recorder.onstop = resolve;
            });
            recorder.start();
            for (let frame = 0; frame < 20; frame += 1) {
                context.fillStyle = `hsl(${frame * 18} 70% 50%)`;
                context.fillRect(0, 0, across, down);
                await new Promise((resolve) => {
                    setTimeout(resolve, 40);
                });
            }
            recorder.stop();
            await stopped;
            const data = new DataTransfer();
            data.items.add(new File(parts, called, { type: "video/webm" }));
            const options = { bubbles: true, cancelable: true, dataTransfer: data };
            target.dispatchEvent(new DragEvent("drop", options));
        },
        [name, width, height],
    );

/** Starts to add up how far things move without a cause. */
const watchShifts = ({ page }) =>
    page.evaluate(() => {
        window.moved = 0;
        new PerformanceObserver((list) =>
            list.getEntries().forEach(({ value }) => {
                window.moved += value;
            }),
        ).observe({ type: "layout-shift" });
    });

/** Waits until the pictures in the room are loaded. */
const loaded = (person, count) =>
    person.page.waitForFunction((wanted) => {
        const roots = [document, document.querySelector("confab-chat")?.shadowRoot];
        const all = roots.flatMap((root) => [...(root?.querySelectorAll(".items img") ?? [])]);
        const pictures = all.filter((image) => !image.closest(".avatar"));
        return pictures.length === wanted && pictures.every(({ naturalWidth: width }) => width > 0);
    }, count);

/** How many files the browser keeps; runs in the page. */
const countKept = () =>
    new Promise((resolve, reject) => {
        const opening = indexedDB.open("confab-files");
        opening.onerror = reject;
        opening.onsuccess = () => {
            const database = opening.result;
            const counting = database.transaction("files").objectStore("files").count();
            counting.onsuccess = () => {
                database.close();
                resolve(counting.result);
            };
        };
    });

const chips = (person) => person.page.locator(".attachment");

test("a file is sent, shown to the other, and downloaded as it was", async () => {
    const { alice, bob } = await pair();
    await alice.button("Attach files").waitFor();
    await alice.page.locator("input[type=file]").setInputFiles({
        name: "recipe.txt",
        mimeType: "text/plain",
        buffer: Buffer.from("Butter and flour"),
    });
    await chips(alice).getByText("16 bytes").waitFor();
    await alice.say("For tonight");
    await bob.message("For tonight").locator(".file-card", { hasText: "recipe.txt" }).waitFor();
    const download = bob.page.waitForEvent("download");
    await bob.page.getByRole("button", { name: /^Download recipe\.txt/u }).click();
    assert.equal(await readFile(await (await download).path(), "utf8"), "Butter and flour");
});

slow("a video has a picture and its size before it is played", async () => {
    const { alice, bob, room } = await pair();
    await alice.button("Attach files").waitFor();
    await giveVideo(alice, "walk.webm", 640, 360);
    await chips(alice).locator("canvas").waitFor();
    await alice.field.press("Enter");
    const opener = bob.page.getByRole("button", { name: /^Play walk\.webm/ });
    await opener.locator("img").waitFor();
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    const [{ files, message_type: type }] = results;
    const [{ width, height, has_thumbnail: hasThumbnail }] = files;
    assert.deepEqual([type, width, height, hasThumbnail], ["image", 640, 360, true]);
    const { width: shown, height: high } = await opener.boundingBox();
    assert.deepEqual([Math.round(shown), Math.round(high)], [320, 180]);
    assert.deepEqual(await faults(bob), []);
    await opener.click();
    // Its place does not depend on what is loaded.
    const video = bob.dialog().locator("video");
    const sizes = await video.evaluate((element) => {
        const size = () => [element.clientWidth, element.clientHeight];
        const before = size();
        return new Promise((resolve) => {
            const done = () => resolve([before, size()]);
            element.addEventListener("loadeddata", done);
            if (element.readyState >= 2) {
                done();
            }
        });
    });
    assert.deepEqual(sizes, [
        [640, 360],
        [640, 360],
    ]);
});

slow("a pasted picture is shown to both without a jump, and looked at by keyboard", async () => {
    const [alice, bob] = [await newUser(), await newUser()];
    const room = await alice.room("Kitchen", bob);
    await alice.lines(room, 20);
    for (const one of [alice, bob]) {
        await one.enter(room);
        await one.button("Attach files").waitFor();
        await one.sees("Line 19");
        await one.settles();
    }
    await give(alice, "paste", [
        { name: "image.jpg", type: "image/jpeg", width: 2600, height: 1300 },
        { name: "small.png", type: "image/png", width: 300, height: 500 },
    ]);
    await chips(alice).nth(1).locator("canvas").waitFor();
    await alice.field.fill("Our garden");
    await watchShifts(bob);
    await alice.field.press("Enter");
    await loaded(bob, 2);
    await loaded(alice, 2);
    await bob.sees("Our garden");
    assert.ok((await bob.page.evaluate(() => window.moved)) < 0.01);

    // Smaller, and without what the camera had written into it.
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    const [{ files, message_id: id }] = results;
    assert.deepEqual(
        files.map(({ name, width, height, has_thumbnail: small, media_type: type }) => [
            ...[name, width, height, small, type],
        ]),
        [
            ["image.jpg", 2048, 1024, true, "image/jpeg"],
            ["small.png", 300, 500, true, "image/png"],
        ],
    );
    const sent = await alice.context.request.get(world.system.url + files[0].url);
    assert.ok(!(await sent.body()).includes("Exif"));

    // By keys alone: from the message to its pictures, through them, and back.
    await bob.message("Our garden").focus();
    const first = bob.page.getByRole("button", { name: "Picture image.jpg" });
    await first.focus();
    await bob.page.keyboard.press("Enter");
    const shown = (name) =>
        bob.dialog().getByRole("img", { name: `Picture ${name} from ${alice.name}` });
    await shown("image.jpg").waitFor();
    await until(() => shown("image.jpg").evaluate(({ naturalWidth: width }) => width === 2048));
    assert.deepEqual(await faults(bob), []);
    await bob.picture("viewer");
    await bob.page.keyboard.press("ArrowRight");
    await shown("small.png").waitFor();
    const download = bob.page.waitForEvent("download");
    await bob.button("Download", bob.dialog()).click();
    assert.equal((await download).suggestedFilename(), "small.png");
    await bob.page.keyboard.press("ArrowLeft");
    await shown("image.jpg").waitFor();
    await bob.page.keyboard.press("Escape");
    await until(() => first.evaluate((it) => it.matches(":focus")));

    // Quotes and lists name what they cannot show.
    await alice.api("PATCH", `chat/rooms/${room}/messages/${id}/`, { content: "Our garden!" });
    await bob.sees("Our garden!");
    await bob.page.locator(".room", { hasText: "2 pictures: Our garden" }).waitFor();
    await bob.message("Our garden!").hover();
    await bob.button("Reply").click();
    await bob.page.locator(".about", { hasText: "2 pictures: Our garden" }).waitFor();
    await bob.page.keyboard.press("Escape");
    await alice.api("DELETE", `chat/rooms/${room}/messages/${id}/`);
    await bob.sees("This message was deleted.");
    assert.equal(await bob.page.locator(".items .picture").count(), 0);
});

slow("of the dropped files two break off, and all are sent after a reload", async () => {
    const alice = await newUser();
    const room = await alice.room("Kitchen");
    await alice.enter(room);
    await alice.button("Attach files").waitFor();
    const text = "recipe ".repeat(60_000);
    let isBroken = true;
    let arrived = 0;
    await alice.page.route(/\/files\/\d+\/\?offset=\d+$/u, async (route) => {
        const offset = Number(new URL(route.request().url()).searchParams.get("offset"));
        if (isBroken && offset > 0) {
            await route.abort("connectionreset");
            return;
        }
        arrived += offset > 0 ? 1 : 0;
        await route.continue();
    });
    await give(alice, "dragover", [{ name: "a", type: "", text: "a" }]);
    await alice.page.getByText("Drop files here to attach them").waitFor();
    await give(alice, "drop", [
        { name: "recipe.txt", type: "text/plain", text },
        { name: "<b>\u202Egnp.exe", type: "text/plain", text: "harmless" },
        { name: "empty.txt", type: "text/plain", text: "" },
        { name: "more.txt", type: "text/plain", text },
        // Two are sent at a time, so it waits for one of those that break off.
        { name: "last.txt", type: "text/plain", text: "Salt" },
    ]);
    await chips(alice).nth(1).getByText("8 bytes").waitFor();
    await chips(alice).nth(4).getByText("4 bytes").waitFor();
    await chips(alice).nth(2).getByText("The file is empty.").waitFor();
    // What has failed is decided on before the message is sent.
    await alice.field.fill("For tonight");
    assert.equal(await alice.button("Send").isDisabled(), true);
    assert.deepEqual(await faults(alice), []);
    await alice.button("Remove empty.txt").click();
    await alice.picture("attachments");
    await alice.field.press("Enter");
    const pending = alice.page.locator(".outbox .message", { hasText: "For tonight" });
    await pending.getByRole("progressbar").first().waitFor();
    // Messages after it do not wait.
    await alice.say("And bread");
    await alice.sees("And bread");
    await alice.page.reload();
    await pending.getByText("recipe.txt").waitFor();
    isBroken = false;
    await alice.sees("For tonight");
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    const [{ files }] = results;
    assert.deepEqual(
        files.map(({ name, size }) => [name, size]),
        [
            ["recipe.txt", text.length],
            ["<b>\u202Egnp.exe", 8],
            ["more.txt", text.length],
            ["last.txt", 4],
        ],
    );
    const got = await alice.context.request.get(world.system.url + files[0].url);
    assert.equal(await got.text(), text);
    // What was kept in the browser for the reload is gone.
    await until(() => alice.page.evaluate(countKept).then((count) => count === 0));
    assert.ok(arrived >= 2);
    // The name is shown as it is, and turns nothing around.
    await alice.page.locator(".items .file-card .name", { hasText: "<b>\uFFFDgnp.exe" }).waitFor();
    const download = alice.page.waitForEvent("download");
    await alice.page.getByRole("button", { name: /^Download recipe\.txt/u }).click();
    assert.equal((await download).suggestedFilename(), "recipe.txt");
    // A file that is gone says so where it is.
    await alice.page.route(/\/files\/\d+\/link\/$/u, (route) =>
        route.fulfill({ status: 404, json: { detail: "Not found.", code: "not_found" } }),
    );
    await alice.page.getByRole("button", { name: /^Download recipe\.txt/u }).click();
    await alice.page.getByText("This file is no longer there.").waitFor();
});

slow("a refused message is edited, with its files, also after a reload", async () => {
    const alice = await loggedInUser();
    const room = await alice.room("Kitchen");
    await alice.enter(room);
    await alice.button("Attach files").waitFor();
    const refused = alice.page.locator(".outbox .message", { hasText: "refusedword" });
    await give(alice, "drop", [{ name: "recipe.txt", type: "text/plain", text: "Eggs" }]);
    await chips(alice).getByText("4 bytes").waitFor();
    await alice.say("A refusedword");
    await alice.button("Edit", refused).click();
    await refused.waitFor({ state: "detached" });
    assert.equal(await alice.field.inputValue(), "A refusedword");
    await chips(alice).getByText("recipe.txt").waitFor();
    await alice.field.press("Enter");
    await alice.button("Discard", refused).waitFor();
    await alice.page.reload();
    await alice.button("Edit", refused).waitFor();
    assert.doesNotMatch(await refused.textContent(), /content:/u);
    await alice.button("Edit", refused).click();
    await chips(alice).getByText("recipe.txt").waitFor();
    await alice.say("A better word");
    await alice.sees("A better word");
    const { results } = await alice.api("GET", `chat/rooms/${room}/messages/`);
    assert.deepEqual(
        results.map(({ content, files }) => [content, files.map(({ name }) => name)]),
        [["A better word", ["recipe.txt"]]],
    );
});

slow("the element shows and sends files by a token, on a phone, from right to left", async () => {
    const alice = await newUser();
    const room = await alice.room("Counter");
    await alice.enter(room);
    await alice.button("Attach files").waitFor();
    const size = { type: "image/png", width: 320, height: 240 };
    await give(alice, "paste", [
        { name: "one.png", ...size },
        { name: "two.png", ...size },
        { name: "three.png", ...size },
        { name: "menu.txt", type: "text/plain", text: "Rye" },
    ]);
    await chips(alice).nth(3).getByText("3 bytes").waitFor();
    await alice.field.press("Enter");
    await loaded(alice, 3);

    const guest = await openWindow({ viewport: SIZES.phone });
    const { page } = guest;
    await visitSite(guest, `<confab-chat dir="rtl" room="${room}" token="${alice.token}">`, {
        head: `<style>
            body { margin: 0; color-scheme: light dark }
            confab-chat { height: 100vh }
        </style>`,
    });
    await loaded(guest, 3);
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        const found = await faults(guest);
        // The site around it has no landmarks, and the element leaves them to it.
        const own = found.filter(
            (fault) => !/^(region|page-has-heading-one|landmark-one-main)/u.test(fault),
        );
        assert.deepEqual(own, []);
        await guest.picture(`files-element-${colorScheme}`);
    }
    await page.getByRole("button", { name: "Picture two.png" }).click();
    await guest.dialog().getByRole("img").waitFor();
    await page.keyboard.press("ArrowLeft");
    await guest.dialog().getByText("3 of 3").waitFor();
    await guest.picture("files-element-viewer");
    await page.keyboard.press("Escape");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Download menu\.txt/u }).click();
    assert.equal((await download).suggestedFilename(), "menu.txt");
    await page.locator("input[type=file]").setInputFiles({
        name: "order.txt",
        mimeType: "text/plain",
        buffer: Buffer.from("Two rolls"),
    });
    await chips(guest).getByText("9 bytes").waitFor();
    await guest.picture("files-element-attached");
    await guest.button("Send").click();
    await page.locator(".items .file-card", { hasText: "order.txt" }).waitFor();
});
