// Names and pictures of users, and the dialog in which they are set.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import {
    account,
    loggedInUser,
    newUser,
    openWindow,
    pair,
    PICTURE,
    world,
} from "../support/browser.js";
import { PASSWORD } from "../support/clients.js";
import { Instance } from "../support/instance.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

const PIXEL = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6" +
        "kgAAAABJRU5ErkJggg==",
    "base64",
);

/** Answers requests for pictures; `asked` has their addresses. */
async function servePictures({ context }, answer = { contentType: "image/png", body: PIXEL }) {
    const asked = [];
    await context.route(`${PICTURE}/**`, (route) => {
        asked.push(route.request().url());
        return route.fulfill(answer);
    });
    return asked;
}

const profile = (person, change) => person.api("PATCH", "auth/me/", change);

test("a display name is shown wherever the user is", async () => {
    const { alice, bob, room } = await pair();
    await profile(bob, { display_name: "Bob Ross" });
    await bob.post(room, "Happy little trees");
    const direct = await bob.api("POST", "chat/rooms/direct/", { user_id: alice.id });
    const asked = [];
    alice.page.on("request", (request) => {
        if (request.url().includes("/users/?ids=")) {
            asked.push(request.url());
        }
    });
    await alice.page.reload();
    await alice.sees("Happy little trees");
    const { page } = alice;
    // In a message, for screen readers, in the list of rooms, and as the name of a direct room.
    await alice.message("Happy little trees").locator(".sender", { hasText: "Bob Ross" }).waitFor();
    await page.getByRole("article", { name: /^Bob Ross, .*Happy little trees$/ }).waitFor();
    await page.locator(".room", { hasText: "Bob Ross: Happy little trees" }).waitFor();
    await page.locator(".room .name", { hasText: "Bob Ross" }).waitFor();
    // While typing, in a quote, in what was seen. Windows opened later are not sent what was
    // typed before, so Bob types until it is seen.
    await until(async () => {
        await bob.field.press("a");
        return page.getByText("Bob Ross is typing…").isVisible();
    });
    await alice.message("Happy little trees").hover();
    await alice.button("Reply").click();
    await page.locator(".about", { hasText: "Replying to Bob Ross: Happy" }).waitFor();
    await alice.say("And clouds?");
    await alice.message("And clouds?").locator(".quote", { hasText: "Bob Ross" }).waitFor();
    await page.getByText("Seen by Bob Ross").waitFor();
    // Among the members, with the user name below, and in a search for people.
    await alice.button("Details").click();
    const member = page.locator("li.person", { hasText: "Bob Ross" });
    await member.getByText(bob.name, { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await alice.add("New direct message");
    await page.getByLabel("Find a person by name").fill("bob ros");
    await alice.button("Message Bob Ross").first().click();
    await page.locator("header").getByRole("heading", { name: "Bob Ross" }).waitFor();
    assert.ok(page.url().endsWith(`#/${direct.room_id}`));
    // All at once, and not again and again.
    assert.ok(asked.length <= 3, asked.join());
    await alice.picture("people");
});

slow("a new name is shown in messages that are in the page already", async () => {
    const [alice, bob] = [await loggedInUser(), await account()];
    const room = await alice.room("Kitchen", bob);
    await alice.enter(room);
    await bob.post(room, "Before");
    await alice.message("Before").locator(".sender", { hasText: bob.name }).waitFor();
    await profile(bob, { display_name: "Robert" });
    // Remembered for a minute; here a list that has the name comes before.
    await alice.button("Details").click();
    await alice.message("Before").locator(".sender", { hasText: "Robert" }).waitFor();
});

slow("pictures are shown, and initials where there is none or it fails", async () => {
    const [alice, bob] = [await newUser(), await account()];
    const room = await alice.room("Kitchen", bob);
    await profile(bob, { display_name: "Bob Ross", avatar_url: `${PICTURE}/bob.png` });
    await profile(alice, { avatar_url: `${PICTURE}/alice.png` });
    await bob.post(room, "Happy little trees");
    const asked = await servePictures(alice);
    await alice.enter(room);
    const tile = () => alice.message("Happy little trees").locator(".avatar");
    await alice.page.locator(".message .avatar.pictured").first().waitFor();
    await alice.page.locator(".account .avatar.pictured").waitFor();
    assert.ok(asked.includes(`${PICTURE}/bob.png`));
    const { width, height } = await tile().locator("img").boundingBox();
    assert.deepEqual([width, height], [36, 36]);
    await alice.context.unroute(`${PICTURE}/**`);
    const failed = await servePictures(alice, { status: 404, body: "" });
    await alice.page.reload();
    await tile().getByText("BR", { exact: true }).waitFor();
    await until(async () => (await alice.page.locator(".avatar img").count()) === 0);
    const count = failed.length;
    // A picture that has failed is not requested for each message again.
    await bob.post(room, "And clouds");
    await alice.sees("And clouds");
    assert.equal(failed.length, count);
});

slow("a picture of an origin that is not allowed is not requested", async () => {
    const [alice, bob] = [await loggedInUser(), await account()];
    const room = await alice.room("Kitchen", bob);
    await bob.post(room, "Trees");
    await alice.enter(room);
    // As an older row may have it.
    const served = [];
    await alice.context.route("https://elsewhere.example/**", (route) => {
        served.push(route.request().url());
        return route.fulfill({ contentType: "image/png", body: PIXEL });
    });
    await alice.page.route("**/users/?ids=*", (route) =>
        route.fulfill({
            json: {
                count: 1,
                results: [
                    {
                        user_id: bob.id,
                        username: bob.name,
                        display_name: "Bob Ross",
                        avatar_url: "https://elsewhere.example/bob.png",
                        is_bot: false,
                    },
                ],
            },
        }),
    );
    await alice.page.reload();
    await alice.message("Trees").locator(".avatar", { hasText: "BR" }).waitFor();
    await until(async () => (await alice.message("Trees").locator("img").count()) === 0);
    assert.deepEqual(served, []);
    // The policy's refusal is the point of this test.
    assert.match(alice.faults.splice(0).join(), /Content Security Policy/);
});

slow("a bot looks different from a person", async () => {
    const [alice, bob] = [await loggedInUser(), await account()];
    const room = await alice.room("Kitchen", bob);
    await world.system.confabctl("user", "bot", bob.name, "on");
    await bob.post(room, "The build is green");
    await alice.post(room, "Good");
    await alice.enter(room);
    await alice.message("The build is green").getByText("Bot", { exact: true }).waitFor();
    assert.equal(await alice.message("Good").getByText("Bot", { exact: true }).isVisible(), false);
});

test("the settings change name, picture and language", async () => {
    const person = await loggedInUser();
    await servePictures(person);
    const room = await person.room("Kitchen");
    await person.enter(room);
    await person.field.fill("A draft");
    await person.chooseOwn("Settings");
    const dialog = person.dialog();
    await dialog.getByLabel("Display name").fill("Ann of Green Gables");
    await dialog.getByLabel("Address of your picture").fill("http://pictures.example/a.png");
    await person.button("Save", dialog).click();
    await dialog.locator(".wrong:not(:empty)").first().waitFor();
    await dialog.getByLabel("Address of your picture").fill(`${PICTURE}/a.png`);
    await person.button("Save", dialog).click();
    await dialog.getByText("Saved.").waitFor();
    await person.picture("settings");
    await person.page.locator(".account", { hasText: "Ann of Green Gables" }).waitFor();
    await person.page.locator(".account .avatar.pictured").waitFor();
    const me = await person.api("GET", "auth/me/");
    assert.equal(me.display_name, "Ann of Green Gables");
    assert.equal(me.avatar_url, `${PICTURE}/a.png`);
    await dialog.getByLabel("Language").selectOption("Deutsch");
    await person.button("Save", dialog).click();
    const field = person.page.getByPlaceholder("Nachricht schreiben");
    await field.waitFor();
    assert.equal(await field.inputValue(), "A draft");
    await person.page.reload();
    await field.waitFor();
    await person.choose(/^Dein Konto/, "Einstellungen");
    await dialog.getByLabel("Sprache").selectOption("");
    await person.button("Speichern", dialog).click();
    await person.page.getByPlaceholder("Write a message").waitFor();
});

slow("the settings list the sessions, and log out everywhere else", async () => {
    const person = await loggedInUser();
    const phone = await openWindow();
    await phone.api("POST", "auth/login/", { username: person.name, password: PASSWORD });
    await phone.visit();
    await phone.page.getByText("Online", { exact: true }).waitFor();
    await person.chooseOwn("Settings");
    const rows = person.dialog().locator(".sessions li");
    await rows.filter({ hasText: "This one" }).waitFor();
    // The two windows, and the token of register().
    assert.equal(await rows.count(), 3);
    await rows
        .filter({ hasText: "App" })
        .getByRole("button", { name: /^Log out/ })
        .click();
    await until(async () => (await rows.count()) === 2);
    await person.button("Log out everywhere else", person.dialog()).click();
    await until(async () => (await rows.count()) === 1);
    await phone.page.getByText("You were logged out.").waitFor();
    await person.page.keyboard.press("Escape");
    await person.page.getByText("Online", { exact: true }).waitFor();
});

slow("the settings change the password", async () => {
    const person = await loggedInUser();
    await person.chooseOwn("Settings");
    await person.page.getByLabel("Current password").fill("wrong password");
    await person.page.getByLabel("New password").fill("another password");
    await person.button("Change password").click();
    await person.page.locator(".field:has(input[name=old_password]) .wrong:not(:empty)").waitFor();
    await person.page.getByLabel("Current password").fill(PASSWORD);
    await person.button("Change password").click();
    await person.page.getByText("Your password has been changed.").waitFor();
    await person.api("POST", "auth/login/", {
        username: person.name,
        password: "another password",
    });
});

slow("the settings ask for no password where the server takes none", async () => {
    const person = await loggedInUser();
    const info = { version: "1", features: ["profiles"] };
    await person.page.route(/\/api\/$/u, (route) => route.fulfill({ json: info }));
    const answered = person.page.waitForResponse(/\/api\/$/u);
    await person.chooseOwn("Settings");
    await answered;
    await person.dialog().locator(".sessions li", { hasText: "This one" }).waitFor();
    assert.equal(await person.page.getByLabel("Current password").isVisible(), false);
});

/** What an authenticator app shows for a secret, some steps of 30 seconds from now (RFC 6238). */
function appCode(secret, steps = 0) {
    const bits = [...secret]
        .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2))
        .map((group) => group.padStart(5, "0"))
        .join("");
    const key = Buffer.from(bits.match(/.{8}/gu).map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeUInt32BE(Math.floor(Date.now() / 30_000) + steps, 4);
    const mac = createHmac("sha1", key).update(counter).digest();
    const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, "0");
}

slow("with two-factor login the page asks for the code of the app", async () => {
    const person = await loggedInUser();
    const { page } = person;
    await person.chooseOwn("Settings");
    const dialog = person.dialog();
    await person.button("Turn on two-factor login", dialog).click();
    const secret = await dialog.locator("code.secret").textContent();
    await dialog.getByLabel("Code of your authenticator app").fill(appCode(secret));
    await person.button("Turn on", dialog).click();
    const codes = dialog.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
    await codes.first().waitFor();
    assert.equal(await codes.count(), 10);
    const recovery = await codes.first().textContent();
    await person.button("Done", dialog).click();
    await dialog.getByText("Recovery codes left: 10").waitFor();
    await page.keyboard.press("Escape");
    await person.chooseOwn("Log out");
    const logIn = async () => {
        await page.getByLabel("Username").fill(person.name);
        await page.getByLabel("Password").fill(PASSWORD);
        await person.button("Log in").click();
        await page.getByText("Enter the code of your authenticator app as well.").waitFor();
    };
    await logIn();
    await page.getByLabel("Code of your authenticator app").fill("000000");
    await person.button("Log in").click();
    await page.getByText("The code is wrong, or was used already.").waitFor();
    // The next code, since each is taken once. Both are still valid if this takes long.
    await page.getByLabel("Code of your authenticator app").fill(appCode(secret, 1));
    await person.button("Log in").click();
    await person.chooseOwn("Settings");
    await dialog.getByLabel("Code of your authenticator app").fill(recovery);
    await person.button("Turn off", dialog).click();
    await person.button("Turn on two-factor login", dialog).waitFor();
});

slow("where profiles come from the site, the settings say so", async () => {
    const system = await Instance.start({ CONFAB_PROFILE_EDIT: "off" });
    try {
        const person = await openWindow();
        const { page } = person;
        await page.goto(system.url);
        await person.button("Create an account").click();
        await page.getByLabel("Username").fill("ann");
        await page.getByLabel("Password").fill(PASSWORD);
        await person.button("Create account").click();
        await person.chooseOwn("Settings");
        await page.getByLabel("Display name").fill("Ann");
        await person.button("Save").click();
        await person.dialog().getByText("Your name and picture come from the site.").waitFor();
    } finally {
        await system.close();
    }
});

slow("the name and the menu of a member open a direct room", async () => {
    const { alice, bob, room } = await pair();
    const heading = alice.page.locator("header").getByRole("heading", { name: bob.name });
    await alice.button("Details").click();
    await alice.button(bob.name, alice.page.locator(".details")).click();
    await heading.waitFor();
    await alice.enter(room);
    await heading.waitFor({ state: "detached" });
    await alice.button("Details").click();
    await alice.choose(`Actions for ${bob.name}`, `Message ${bob.name}`);
    await heading.waitFor();
    await alice.say("Just for you.");
    await bob.page.locator(".room", { hasText: "Just for you." }).waitFor();
    // Direct rooms are below the others.
    const headings = await alice.page.locator(".rooms .section:visible").allTextContents();
    assert.deepEqual(headings, ["Rooms", "Direct messages"]);
});

slow("what is said beside a person stays when the search is answered after it", async () => {
    const person = await loggedInUser();
    const { page } = person;
    await account();
    let give;
    const given = new Promise((resolve) => {
        give = resolve;
    });
    await page.route("**/users/?search=nobody*", async (route) => {
        await given;
        await route.continue();
    });
    await page.route("**/rooms/direct/", (route) =>
        route.fulfill({ status: 403, json: { detail: "Not by you." } }),
    );
    await person.add("New direct message");
    const dialog = person.dialog();
    const beside = dialog.locator(".person").first();
    await beside.waitFor();
    const asked = page.waitForRequest("**/users/?search=nobody*");
    await dialog.getByRole("searchbox").fill("nobody");
    await asked;
    await beside.getByRole("button").click();
    await beside.getByText("Not by you.").waitFor();
    give();
    await person.settles();
    assert.ok(await beside.getByText("Not by you.").isVisible());
});

slow("on a touch screen a long press opens the actions on a message", async () => {
    const person = await loggedInUser({ hasTouch: true, isMobile: true });
    const room = await person.room("Kitchen");
    await person.post(room, "Tea at fuor");
    await person.enter(room);
    await person.message("Tea at fuor").tap();
    assert.equal(await person.page.locator(".tools").count(), 0);
    const press = (ms) =>
        person.message("Tea at fuor").evaluate(async (node, time) => {
            const fire = (name) =>
                node.dispatchEvent(
                    new PointerEvent(name, { pointerType: "touch", bubbles: true, clientX: 9 }),
                );
            fire("pointerdown");
            await new Promise((resolve) => setTimeout(resolve, time));
            fire("pointerup");
        }, ms);
    await press(100);
    assert.equal(await person.dialog().count(), 0);
    await press(700);
    await person.dialog().waitFor();
    assert.deepEqual(await person.dialog().getByRole("button").allTextContents(), [
        "",
        ...["React", "Reply", "Mark as unread", "Edit", "Pin"],
        ...["Copy the link", "Copy the text", "Delete"],
    ]);
    await person.picture("press");
    await person.button("Edit", person.dialog()).tap();
    assert.equal(await person.field.inputValue(), "Tea at fuor");
});
