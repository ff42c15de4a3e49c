// A walk through the chat by the keyboard alone, with three columns in the page, and in the element
// within a page of others: after each step the focus is in sight, and where it is expected.

import assert from "node:assert/strict";

import { account, loggedInUser, newUser, openWindow, SIZES, world } from "../support/browser.js";
import { visitSite } from "../support/site-page.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

/** More stops of the key Tab than there are on the way to anything. */
const MOST_STOPS = 50;

/** What has the focus: its name, and whether it can be seen that it has it. */
const focused = ({ page }) =>
    page.evaluate(() => {
        let element = document.activeElement;
        while (element.shadowRoot?.activeElement) {
            element = element.shadowRoot.activeElement;
        }
        const { outlineStyle } = getComputedStyle(element);
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const isInside =
            right > 0 && left < window.innerWidth && bottom > 0 && top < window.innerHeight;
        const isBody = element === document.body;
        const label = element.id && element.getRootNode().querySelector(`[for="${element.id}"]`);
        const words = (label || element).cloneNode(!isBody);
        words.querySelectorAll("[aria-hidden], [hidden]").forEach((one) => one.remove());
        const text = words.textContent.replace(/\s+/gu, " ").trim();
        const name = element.getAttribute("aria-label") ?? words.querySelector("[alt]")?.alt;
        return {
            name: name || text,
            isBody,
            isSeen: isInside && (outlineStyle !== "none" || element.id === "confab-write"),
        };
    });

/** Whether its name begins with this one, or matches this expression. */
const isNamed = (now, name) =>
    name instanceof RegExp ? name.test(now.name) : now.name.startsWith(name);

/** The keyboard of a person. */
class Keys {
    constructor(person) {
        this.person = person;
        this.keyboard = person.page.keyboard;
    }

    async press(...keys) {
        for (const key of keys) {
            await this.keyboard.press(key);
        }
    }

    async type(text) {
        await this.keyboard.type(text);
    }

    /** Presses Tab, or another key, until the control of this name has the focus. */
    async to(name, key = "Tab") {
        const way = [];
        for (let stop = 0; stop < MOST_STOPS; stop += 1) {
            await this.press(key);
            const now = await focused(this.person);
            way.push(now.name);
            assert.ok(now.isSeen || now.isBody, `no focus in sight: ${JSON.stringify(now)}`);
            if (isNamed(now, name)) {
                return;
            }
        }
        throw new Error(`${key} never came to ${name}: ${way.join(" | ")}`);
    }

    /** Waits until the control of this name has the focus. */
    async at(name) {
        let now = null;
        await until(async () => {
            now = await focused(this.person);
            return isNamed(now, name);
        }).catch(() => assert.fail(`the focus is at ${JSON.stringify(now)}, not at ${name}`));
    }
}

/** Opens a dialog, and closes it by Escape: the focus comes back. */
async function opensAndCloses(keys, name, title = name) {
    const { person } = keys;
    await keys.to(name);
    await keys.press("Enter");
    const dialog = person.page.getByRole("dialog", { name: title });
    await dialog.waitFor();
    await keys.press("Tab");
    await keys.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await keys.at(name);
}

async function writes(keys) {
    const { person } = keys;
    const { page } = person;
    await keys.to("Kitchen");
    await keys.press("Enter");
    await keys.at("Message to Kitchen");
    for (const text of ["A loaf of **rye**", "Two rolls", "Three cakes"]) {
        await keys.type(text);
        await keys.press("Enter");
        await page.locator(".items .message", { hasText: text.replaceAll("*", "") }).waitFor();
    }
    // The last one is edited; Escape brings back nothing.
    await keys.press("ArrowUp");
    await keys.type("!");
    await keys.press("Enter");
    await person.sees("Three cakes!");
    await keys.press("ArrowUp", "Escape");
    await until(async () => (await person.field.inputValue()) === "");
}

/** From the input to the message above, and to one of its actions. */
async function toAction(keys, message, action) {
    await keys.to(message, "Shift+Tab");
    await keys.press("Enter");
    await keys.at("React");
    // Some actions come once it is known whether they apply.
    const { page } = keys.person;
    await page.getByRole("toolbar").getByRole("button", { name: action, exact: true }).waitFor();
    await (action === "React" ? null : keys.to(action, "ArrowRight"));
}

async function acts(keys) {
    const { person } = keys;
    const { page } = person;
    const last = /: Three cakes!/u;
    await toAction(keys, last, "React");
    await keys.press("Enter");
    await page.getByRole("dialog", { name: "React" }).waitFor();
    await keys.press("Escape");
    await keys.at("React");
    await keys.press("Enter");
    await page.getByRole("dialog", { name: "React" }).waitFor();
    await keys.press("ArrowRight", "Enter");
    await person.message("Three cakes!").locator(".reactions button").waitFor();
    await keys.at(last);
    // From a button of the message to the message, and from there to the input.
    await keys.press("Enter");
    await keys.at("React");
    await keys.press("Escape");
    await keys.at(last);
    await keys.press("Escape");
    await keys.at("Message to Kitchen");
    await toAction(keys, last, "Reply");
    await keys.press("Enter");
    await keys.at("Message to Kitchen");
    await keys.press("Escape");
    assert.equal(await page.locator(".about:visible").count(), 0);
    await toAction(keys, last, "Pin");
    await keys.press("Enter");
    await page.getByText("The message is pinned.").waitFor();
    await keys.at("Unpin");
    await keys.press("Home", "End", "Enter");
    await page.getByRole("dialog", { name: "Delete this message?" }).waitFor();
    await keys.press("Escape");
    await keys.at("Delete");
    await keys.press("Enter");
    await keys.to("Delete");
    await keys.press("Enter");
    await page.getByText("This message was deleted.").waitFor();
    await keys.at(/: Message deleted/u);
    await keys.press("Escape");
}

async function searches(keys) {
    const { person } = keys;
    const dialog = person.page.getByRole("dialog", { name: "Search messages" });
    await world.system.confabctl("search", "rebuild");
    await keys.to("Search messages");
    await keys.press("Enter");
    await dialog.getByRole("searchbox").waitFor();
    await keys.type("rye");
    await dialog.getByText("1 message", { exact: true }).waitFor();
    assert.equal(await dialog.locator(".words").textContent(), "A loaf of rye");
    assert.equal(await dialog.locator("mark").textContent(), "rye");
    await keys.press("ArrowDown", "Enter");
    await keys.at(/: A loaf of rye/u);
    // The way back: the words are there, Escape takes them out, and then closes the search.
    await keys.to("Search messages");
    await keys.press("Enter");
    await dialog.getByText("1 message", { exact: true }).waitFor();
    await keys.press("Escape");
    await until(async () => (await dialog.getByRole("searchbox").inputValue()) === "");
    await dialog.getByText("In all of your rooms").waitFor();
    await keys.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await keys.at("Search messages");
    // The same in the field that finds rooms.
    await keys.to("Find a room");
    await keys.type("Kit");
    await keys.press("Escape");
    await keys.at("Find a room");
    await keys.press("Escape");
    await keys.at("New");
}

async function sendsFiles(keys) {
    const { person } = keys;
    const { page } = person;
    const picture = Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E" +
            "rkJggg==",
        "base64",
    );
    const attach = async (...names) => {
        await keys.to("Attach files");
        const chooser = page.waitForEvent("filechooser");
        await keys.press("Enter");
        const files = names.map((name) => ({ name, mimeType: "image/png", buffer: picture }));
        await (await chooser).setFiles(files);
        await keys.at("Message to Kitchen");
        await until(async () => (await page.getByRole("progressbar").count()) === 0);
    };
    await attach("one.png");
    await keys.to("Remove one.png", "Shift+Tab");
    await keys.press("Enter");
    await keys.at("Message to Kitchen");
    await attach("two.png", "three.png");
    await keys.press("Enter");
    await page.locator(".items .message .picture").nth(1).waitFor();
    await keys.to("Picture two.png", "Shift+Tab");
    await keys.press("Enter");
    const viewer = page.getByRole("dialog", { name: "two.png" });
    await viewer.waitFor();
    await keys.press("ArrowRight");
    await page.getByRole("dialog", { name: "three.png" }).waitFor();
    await keys.press("Escape");
    await keys.at("Picture three.png");
}

async function looksAtDetails(keys, other) {
    const { person } = keys;
    const { page } = person;
    await opensAndCloses(keys, "Pinned messages");
    await keys.to("Details");
    await keys.press("Enter");
    await keys.at("Close details");
    for (const name of ["Invite people", "Room settings"]) {
        await opensAndCloses(keys, name, name === "Invite people" ? /^Invite to/u : name);
    }
    await opensAndCloses(keys, "Go to a day");
    await keys.to("Invite links", "Shift+Tab");
    await keys.press("Enter");
    const links = page.getByRole("dialog", { name: /^Invite links/u });
    await links.waitFor();
    await keys.to("Make a link");
    await keys.press("Enter");
    await links.getByText("Member, used 0 times").waitFor();
    await keys.at("Make a link");
    await keys.to("Remove the link", "Shift+Tab");
    await keys.press("Enter");
    await links.getByText("Member, used 0 times").waitFor({ state: "detached" });
    await until(async () => !(await focused(person)).isBody);
    await keys.press("Escape");
    await keys.at("Invite links");

    // The menu is the topmost, then the panel.
    const actions = `Actions for ${other.name}`;
    await keys.to(actions);
    await keys.press("Enter");
    await keys.at(`Message ${other.name}`);
    await keys.press("Escape");
    await keys.at(actions);
    await keys.press("Enter");
    await keys.at(`Message ${other.name}`);
    await keys.to("Make a moderator", "ArrowDown");
    await keys.press("Enter");
    await page.locator(".details .badge", { hasText: "Moderator" }).waitFor();
    await keys.at(actions);
    await keys.press("Enter");
    await keys.at(`Message ${other.name}`);
    await keys.press("End", "Enter");
    await page.getByRole("dialog", { name: `Remove ${other.name}?` }).waitFor();
    await keys.press("Escape");
    await keys.at(actions);
    await keys.press("Escape");
    await page.locator(".details").waitFor({ state: "detached" });
    await keys.at("Details");
}

async function looksAtSettings(keys) {
    const { person } = keys;
    const { page } = person;
    const choose = async (opener, item) => {
        await keys.to(opener);
        await keys.press("Enter");
        await page.getByRole("menu").waitFor();
        await keys.at(item);
        await keys.press("Enter");
    };
    await choose("Your account", "Settings");
    await page.getByRole("dialog", { name: "Settings" }).waitFor();
    await keys.to("Save");
    await keys.press("Enter");
    await page.getByText("Saved.").waitFor();
    await keys.at("Save");
    await keys.press("Escape");
    await keys.at("Your account");
    await choose("New", "New room");
    await page.getByRole("dialog", { name: "New room" }).waitFor();
    await keys.press("Escape");
    await keys.at("New");
}

async function walk(person, other) {
    const keys = new Keys(person);
    // Playwright waits for choosers from now on: it may take a while to follow.
    person.page.on("filechooser", () => {});
    await writes(keys);
    await acts(keys);
    await searches(keys);
    await keys.to("Message to Kitchen");
    await sendsFiles(keys);
    await looksAtDetails(keys, other);
    await looksAtSettings(keys);
}

async function kitchen(person) {
    const other = await openWindow();
    await other.register();
    await other.context.close();
    await person.room("Kitchen", other);
    return other;
}

slow("three columns of the page are used by the keyboard alone", async () => {
    const person = await loggedInUser({ viewport: SIZES.wide });
    const other = await kitchen(person);
    await person.page.locator(".room", { hasText: "Kitchen" }).waitFor();
    await walk(person, other);
});

slow("the element in a page of others is used by the keyboard alone", async () => {
    const person = await openWindow({ viewport: SIZES.wide });
    await person.register();
    const other = await kitchen(person);
    await visitSite(
        person,
        `<main><h1>Bakery</h1><button>Order</button>
         <confab-chat token="${person.token}"></confab-chat><button>Leave</button></main>`,
        { head: "<style>confab-chat { height: 700px }</style>" },
    );
    await person.page.locator(".room", { hasText: "Kitchen" }).waitFor();
    await walk(person, other);
});

slow("what changes around the focus leaves it where it is, or near", async () => {
    const [person, other] = [await newUser(), await account()];
    const room = await other.room("Kitchen", person);
    const { message_id: id } = await person.post(room, "Three cakes");
    const { message_id: theirs } = await other.post(room, "For whom?");
    await person.enter(room);
    await person.settles();
    const { page } = person;
    const keys = new Keys(person);
    const messages = `chat/rooms/${room}/messages/`;
    const reaction = (emoji) => person.message("Three cakes").getByRole("button", { name: emoji });
    const react = async (emoji) => {
        await other.api("PUT", `${messages}${id}/reactions/`, { emoji });
        await reaction(emoji).waitFor();
    };
    const edit = async (content) => {
        await other.api("PATCH", `${messages}${theirs}/`, { content });
        await person.sees(content);
    };

    // The message is drawn again, also below a dialog.
    await person.message("Three cakes").focus();
    await keys.press("Enter");
    await keys.to("Reply", "ArrowRight");
    await react("🎉");
    await keys.at("Reply");
    await keys.press("End", "Enter");
    await page.getByRole("dialog", { name: "Delete this message?" }).waitFor();
    await react("👍");
    await keys.press("Escape");
    await keys.at("Delete");
    await keys.to(/👍/u, "Shift+Tab");
    await react("🔥");
    await keys.at(/👍/u);

    // So is a message that is not sent.
    await page.route("**/messages/", (route) =>
        route.request().method() === "POST"
            ? route.fulfill({ status: 400, json: { content: ["This is too rude."] } })
            : route.fallback(),
    );
    await person.say("Cakes!");
    await keys.to("Discard", "Shift+Tab");
    await edit("For me?");
    await keys.at("Discard");
    await keys.press("Enter");
    await page.locator(".outbox .message").waitFor({ state: "detached" });
    await keys.at("Message to Kitchen");

    // The input goes away.
    await other.api("PATCH", `chat/rooms/${room}/`, { post_policy: "moderators" });
    await page.getByText("Only moderators can write in this room.").waitFor();
    await until(async () => !(await focused(person)).isBody);
});
