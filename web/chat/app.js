// The way in: who is known goes straight to the chat, everybody else logs in or registers.

import { Confab } from "../confab/client.js";
import { fill, h } from "./ui/dom.js";
import { form, inWords, mainButton, textField } from "./ui/form.js";
import { icon } from "./ui/icons.js";

const LOGGED_OUT = "You were logged out. Please log in again.";
const NO_MORE = "The chat does not know you any more. Loading the page again may help.";
const NOT_LOADED = "A part of this page could not be loaded.";

/** The chat itself, for which nobody has to wait before logging in: its module, and after it those
 * that it needs, so that the browser asks for all at once. A test finds what is missing here. */
const CHAT = [
    "chat",
    "conversation/composer",
    "conversation/conversation",
    "conversation/details",
    "conversation/message",
    "conversation/pending-messages",
    "conversation/timeline",
    "rooms/dialogs",
    "rooms/room-list",
    "rooms/sidebar",
    "ui/format",
    "ui/notifications",
];

async function chatItself() {
    const [chat] = await Promise.all(CHAT.map((name) => import(`./${name}.js`)));
    return chat;
}

const LOGIN = {
    title: "Log in",
    action: "Log in",
    password: "current-password",
    question: "New here?",
    other: "Create an account",
};
const REGISTER = {
    title: "Create an account",
    action: "Create account",
    password: "new-password",
    question: "You have an account?",
    other: "Log in",
};

/** The screen for who is not logged in. `words` says why it is there, if there is a reason;
 * `done()`, a promise, shows the chat. */
class SignIn {
    constructor(confab, words, done) {
        Object.assign(this, { confab, words, done });
        this.element = h("main", { class: "welcome" });
        this.#show(LOGIN);
    }

    #show(way) {
        const kept = this.username?.input.value ?? "";
        this.username = textField(
            "username",
            "Username",
            {
                autocomplete: "username",
                value: kept,
                autocapitalize: "none",
                spellcheck: "false",
                required: true,
            },
            way === REGISTER ? "3 to 32 letters, digits and _ . -" : null,
        );
        const password = textField(
            "password",
            "Password",
            { type: "password", autocomplete: way.password, required: true },
            way === REGISTER ? "At least 8 characters" : null,
        );
        const submit = async () => {
            const { value } = this.username.input;
            await (way === REGISTER
                ? this.confab.register(value, password.input.value)
                : this.confab.login(value, password.input.value));
            await this.done();
        };
        fill(
            this.element,
            h(
                "div",
                { class: "card" },
                h("div", { class: "brand" }, icon("chat"), "confab"),
                h("h1", {}, way.title),
                this.words && h("p", { role: "status" }, this.words),
                form({
                    fields: [this.username, password],
                    submit,
                    buttons: [h("button", { class: "main", type: "submit" }, way.action)],
                }),
                h(
                    "p",
                    { class: "other" },
                    way.question,
                    h(
                        "button",
                        {
                            class: "link",
                            type: "button",
                            onclick: () => {
                                this.words = null;
                                this.#show(way === LOGIN ? REGISTER : LOGIN);
                                this.focus();
                            },
                        },
                        way.other,
                    ),
                ),
            ),
        );
    }

    focus() {
        this.username.input.focus();
    }
}

/**
 * Fills `root`, an element of the class "confab". `options.room` shows this one room and nothing
 * beside; `options.client` is for Confab, and if it has a token, no login is offered: the page
 * around sees to that; `options.page` says that the browser's address and title are the chat's.
 */
export class App {
    constructor(root, { room = null, page = false, client = {} } = {}) {
        Object.assign(this, { root, only: room, page, hasLogin: !client.token });
        this.confab = new Confab(client);
        this.confab.on("unauthorized", () => {
            if (this.chat) {
                this.#signIn(LOGGED_OUT);
            }
        });
        this.#begin();
    }

    /** Takes all of it away again. */
    close() {
        this.closed = true;
        this.#leave();
        this.confab.close();
        this.root.replaceChildren();
    }

    async #begin() {
        try {
            await this.confab.me();
        } catch (error) {
            if (this.closed) {
                return;
            }
            if (error.status === 401) {
                this.#signIn(null);
            } else {
                this.#cannot(
                    "The chat cannot be reached",
                    inWords(error),
                    mainButton("Try again", () => this.#begin()),
                );
            }
            return;
        }
        await this.#enter();
    }

    #cannot(title, words, button) {
        fill(
            this.root,
            h(
                "main",
                { class: "welcome" },
                h(
                    "div",
                    { class: "card", role: "alert" },
                    h("div", { class: "brand" }, icon("chat"), "confab"),
                    h("h1", {}, title),
                    h("p", {}, words),
                    button,
                ),
            ),
        );
    }

    #loadAgain(title, words) {
        this.#cannot(
            title,
            words,
            mainButton("Load the page again", () => location.reload()),
        );
    }

    #signIn(words) {
        if (this.signIn?.element.isConnected) {
            return;
        }
        this.#leave();
        if (!this.hasLogin) {
            this.#loadAgain("You are not logged in", NO_MORE);
            return;
        }
        this.signIn = new SignIn(this.confab, words, () => this.#enter());
        fill(this.root, this.signIn.element);
        if (this.page) {
            this.signIn.focus();
        }
        // Comes while the user types.
        chatItself().catch(() => {});
    }

    #leave() {
        this.chat?.close();
        this.chat = null;
        this.root.querySelectorAll("dialog").forEach((dialog) => dialog.close());
    }

    async #enter() {
        let parts;
        try {
            parts = await chatItself();
        } catch {
            this.#loadAgain("The chat cannot be shown", NOT_LOADED);
            return;
        }
        if (this.closed) {
            return;
        }
        if (!this.confab.user) {
            this.#signIn(LOGGED_OUT); // meanwhile
            return;
        }
        // What one has written is not for the next.
        if (this.draftsOf !== this.confab.user.user_id) {
            this.draftsOf = this.confab.user.user_id;
            this.drafts = new Map();
        }
        this.chat = new parts.Chat({
            root: this.root,
            confab: this.confab,
            only: this.only,
            page: this.page,
            drafts: this.drafts,
            loggedOut: () => this.#signIn(null),
        });
    }
}
