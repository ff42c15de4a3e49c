// Users with a window of Debian's headless Chromium each, against a private instance.

import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { Instance } from "./instance.js";
import { freshName, PASSWORD } from "./clients.js";
import { keysFile } from "./jwt.js";
import { freePort } from "./other-sites.js";
import { sql } from "./sql.js";
import { ONCE, until } from "./until.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const CHROMIUM = "/usr/bin/chromium-headless-shell";

/** The timeout (ms) for anything to appear, for a busy machine. */
export const PATIENCE = 40000;

/**
 * Options for requests by Playwright, which keeps connections open, and may take one that the
 * server is just closing.
 */
export const AGAIN = { maxRetries: 2 };

/** Where the screenshots of a run are kept. */
export const PICTURES = join(ROOT, "build/web");

/** The origin from which pictures of users may come. */
export const PICTURE = "https://pictures.example";

export const SIZES = {
    phone: { width: 390, height: 844 },
    tablet: { width: 1024, height: 768 },
    wide: { width: 1600, height: 1000 },
};

/** The instance and the browser; open() before the first test, close() after the last. */
export const world = {
    people: [],

    /** `start()` may start another server than an instance; it needs `url` and `close()`. */
    async open(start = () => this.instance()) {
        await mkdir(PICTURES, { recursive: true });
        this.system = await start();
        this.browser = await chromium.launch({
            executablePath: CHROMIUM,
            args: ["--no-sandbox", "--disable-dev-shm-usage"],
        });
    },

    async instance() {
        this.sitePort = await freePort();
        return Instance.start({
            CONFAB_PRESENCE_GRACE: "1",
            CONFAB_AVATAR_ORIGINS: PICTURE,
            CONFAB_JWT_KEYS: keysFile(),
            CONFAB_GUESTS: "on",
            CONFAB_FILTER_FILE: join(ROOT, "tests/web/support/words.txt"),
            // Mails are written, and not sent: no server has this port.
            CONFAB_MAIL_FROM: "Chat <chat@example.org>",
            CONFAB_MAIL_SERVER: "smtp://127.0.0.1:1",
            CONFAB_ALLOWED_ORIGINS: `http://127.0.0.1:${this.sitePort}`,
        });
    },

    /** Closes the windows of a test, and fails if there were errors in them. */
    async closeWindows() {
        const faults = this.people.flatMap(({ faults: own }) => own);
        await Promise.all(this.people.splice(0).map(({ context }) => context.close()));
        if (faults.length > 0) {
            throw new Error(`in the page: ${faults.join("\n")}`);
        }
    },

    async close() {
        await this.browser?.close();
        await this.system?.close();
    },
};

/** Opens a window without a user. */
export async function openWindow(options = {}) {
    const context = await world.browser.newContext({
        viewport: SIZES.tablet,
        locale: "en-GB",
        timezoneId: "UTC",
        reducedMotion: "reduce",
        ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const person = new Person(context, page);
    world.people.push(person);
    return person;
}

/** A new user without a window. */
export async function account() {
    const user = new Account();
    await user.register();
    return user;
}

/** Opens a window of a new user, logged in, where no page is open yet. */
export async function newUser(options) {
    const person = await openWindow(options);
    await person.register();
    return person;
}

/** Opens a window of a new user, logged in, at `path`. */
export async function loggedInUser({ path = "/", ...options } = {}) {
    const person = await newUser(options);
    await person.visit(path);
    return person;
}

/** Two users with the same room open, who receive at once what the other does. */
export async function pair() {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await alice.enter(room);
    await bob.enter(room);
    for (const { page } of [alice, bob]) {
        await page.getByText("2 members, 2 online").waitFor();
    }
    return { alice, bob, room };
}

/** A user without a window, who acts by the API alone: that costs a test the least. */
class Account {
    async register() {
        this.name = freshName();
        const login = { username: this.name, password: PASSWORD };
        const { user_id: id, token } = await this.api("POST", "auth/register/", login);
        Object.assign(this, { id, token });
    }

    async api(method, path, data) {
        const answer = await fetch(`${world.system.url}/api/${path}`, {
            method,
            body: data && JSON.stringify(data),
            headers: {
                ...ONCE,
                ...(data && { "Content-Type": "application/json" }),
                ...(this.token && { Authorization: `Token ${this.token}` }),
            },
        });
        if (!answer.ok) {
            throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
        }
        return answer.status === 204 ? null : answer.json();
    }

    /** Creates a room with the others as members. */
    async room(name, ...others) {
        const room = await this.api("POST", "chat/rooms/", { name });
        for (const other of others) {
            await this.api("POST", `chat/rooms/${room.room_id}/invite/`, { user_id: other.id });
        }
        return room.room_id;
    }

    post(room, content, more = {}) {
        return this.api("POST", `chat/rooms/${room}/messages/`, { content, ...more });
    }

    /**
     * Adds messages of this user from "Line 0" on to a room, of which no open page is notified;
     * `isRead`: by all members.
     */
    lines(room, count, { isRead = true } = {}) {
        return sql(`
            INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id,
                                 content)
                SELECT room_id, message_count + 1 + seq, ${this.id}, 1, NOW(6),
                       CONCAT('line-', room_id, '-', message_count + seq), CONCAT('Line ', seq)
                FROM room JOIN seq_0_to_${count - 1} WHERE room_id = ${room};
            UPDATE room SET message_count = message_count + ${count} WHERE room_id = ${room};
            UPDATE member JOIN room USING (room_id) SET last_read_position = message_count
                WHERE room_id = ${room} AND (${isRead} OR user_id = ${this.id})`);
    }
}

class Person extends Account {
    constructor(context, page) {
        super();
        Object.assign(this, { context, page, faults: [], requests: new Set(), requestedAt: 0 });
        page.on("request", (request) => {
            this.requests.add(request);
            this.requestedAt = performance.now();
        });
        ["requestfinished", "requestfailed"].forEach((name) =>
            page.on(name, (request) => this.requests.delete(request)),
        );
        page.on("pageerror", (error) => this.faults.push(error.stack));
        page.on("console", (line) => {
            // Network errors are part of the tests; violations of the policy are not.
            if (line.type() === "error" && !/Failed to load|WebSocket|net::/.test(line.text())) {
                this.faults.push(line.text());
            }
        });
    }

    /** Creates an account and a session, without the page. */
    async register() {
        await super.register();
        await this.logIn(this);
    }

    /** Begins a session of a user, without the page. */
    async logIn({ name, id, token }) {
        Object.assign(this, { name, id, token });
        await this.api("POST", "auth/login/", { username: name, password: PASSWORD });
    }

    visit(path = "/") {
        return this.page.goto(world.system.url + path);
    }

    /** Makes a request with the window's cookies. */
    async api(method, path, data) {
        const answer = await this.context.request.fetch(`${world.system.url}/api/${path}`, {
            method,
            data,
            headers: { Origin: world.system.url, Connection: "close" },
            ...AGAIN,
        });
        if (!answer.ok()) {
            throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
        }
        return answer.status() === 204 ? null : answer.json();
    }

    /**
     * Opens a room by its address, and waits until its messages are shown. (The room that was open
     * before stays until then.)
     */
    async enter(room) {
        await this.visit(`/#/${room}`);
        const conversation = this.page.locator(`.conversation[data-room="${room}"]`);
        await conversation.locator(".message, .beginning:visible").first().waitFor();
    }

    /** Waits until the page is live and no request has been under way for a moment. */
    async settles() {
        await this.page.getByText("Online", { exact: true }).first().waitFor();
        await until(() => this.requests.size === 0 && performance.now() - this.requestedAt > 500);
    }

    get field() {
        return this.page.getByRole("textbox", { name: /^Message to/ });
    }

    /** Types a message and sends it. */
    async say(text) {
        await this.field.fill(text);
        await this.field.press("Enter");
    }

    /** The message with this text in the room. */
    message(text) {
        return this.page.locator(".items .message", { hasText: text });
    }

    /** Waits until a message is shown in the room. */
    sees(text) {
        return this.message(text).waitFor();
    }

    button(name, within = this.page) {
        return within.getByRole("button", { name, exact: true });
    }

    /**
     * Opens a menu by its button, and chooses an action of it. A menu has what applied when it was
     * opened: it is opened again until it has the action.
     */
    async choose(opener, action) {
        const item = this.menuItem(action);
        await until(async () => {
            await this.page.getByRole("button", { name: opener }).click();
            const isThere = await item.waitFor({ timeout: 5000 }).then(
                () => true,
                () => false,
            );
            await (isThere ? item.click() : this.page.keyboard.press("Escape"));
            return isThere;
        });
    }

    menuItem(action) {
        return this.page.locator(".menu:visible").getByText(action, { exact: true });
    }

    /** Opens the menu of the user's own account, and chooses an action of it. */
    chooseOwn(action) {
        return this.choose(/^Your account/, action);
    }

    /** Chooses what the user wants to add: "New room" and the like. */
    add(what) {
        return this.choose(/^New$/, what);
    }

    dialog() {
        return this.page.getByRole("dialog");
    }

    picture(name) {
        return this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
    }
}
