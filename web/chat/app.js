// The whole application: shows the chat to a logged-in user, else the login, or an error.

import { Confab } from "../confab/client.js";
import { card, LoginScreen } from "./login.js";
import { button, errorText } from "./ui/controls.js";
import { fill, h } from "./ui/dom.js";

const LOGGED_OUT = "You were logged out. Please log in again.";

/**
 * The modules that only a logged-in user needs; the login does not wait for them. All are listed
 * here so that the browser requests them at once. A test fails if one is missing.
 */
const CHAT_MODULES = [
    "change-password",
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
    "ui/avatar",
    "ui/dialog",
    "ui/format",
    "ui/notifications",
];

async function loadChat() {
    const modules = await Promise.all(CHAT_MODULES.map((name) => import(`./${name}.js`)));
    return modules[CHAT_MODULES.indexOf("chat")].Chat;
}

/**
 * Fills `root`, an element of the class "confab". `room`: show this room alone. `page`: the chat
 * owns the browser's address and title. `client`: options of Confab; with a token among them no
 * login is offered, since the embedding page logs the user in.
 */
export class App {
    constructor(root, { room = null, page = false, client = {} } = {}) {
        Object.assign(this, { root, onlyRoom: room, page, hasLogin: !client.token });
        this.confab = new Confab(client);
        this.confab.on("unauthorized", ({ status }) => {
            if (status === 409) {
                this.#showAnotherUser();
            } else if (this.chat) {
                this.#showLogin(LOGGED_OUT);
            }
        });
        this.#start();
    }

    /** Removes everything from the page and closes the connections. */
    close() {
        this.closed = true;
        this.#closeChat();
        this.confab.close();
        this.root.replaceChildren();
    }

    async #start() {
        try {
            await this.confab.me();
        } catch (error) {
            if (this.closed) {
                return;
            }
            if (error.status === 401) {
                this.#showLogin(null);
            } else {
                const retry = button("Try again", () => this.#start(), "main");
                this.#showError("The chat cannot be reached", errorText(error), retry);
            }
            return;
        }
        await this.#showChat();
    }

    #showError(title, text, action) {
        const content = card({ role: "alert" }, h("h1", title), h("p", text), action);
        fill(this.root, h("main.welcome", content));
    }

    #offerReload(title, text) {
        this.#showError(
            title,
            text,
            button("Reload the page", () => location.reload(), "main"),
        );
    }

    #showAnotherUser() {
        this.#closeChat();
        this.#showError(
            "You were logged out",
            "Another user has logged in in this browser, in another tab or window.",
            button("Continue as that user", () => this.#start(), "main"),
        );
    }

    #showLogin(reason) {
        if (this.login?.element.isConnected) {
            return;
        }
        this.#closeChat();
        if (!this.hasLogin) {
            this.#offerReload(
                "You are not logged in",
                "Your access to the chat has ended. Reloading the page may help.",
            );
            return;
        }
        this.login = new LoginScreen(this.confab, reason, () => this.#showChat());
        fill(this.root, this.login.element);
        if (this.page) {
            this.login.focus();
        }
        // Loads while the user types; a failure is reported when the chat is to be shown.
        loadChat().catch(() => {});
    }

    #closeChat() {
        this.chat?.close();
        this.chat = null;
        this.root.querySelectorAll("dialog").forEach((dialog) => dialog.close());
    }

    async #showChat() {
        let Chat;
        try {
            Chat = await loadChat();
        } catch {
            this.#offerReload(
                "The chat cannot be shown",
                "A part of this page could not be loaded.",
            );
            return;
        }
        if (this.closed) {
            return;
        }
        // Logged out while the modules were loading.
        if (!this.confab.user) {
            this.#showLogin(LOGGED_OUT);
            return;
        }
        // Another user does not see the drafts of the last one.
        if (this.draftsOf !== this.confab.user.user_id) {
            this.draftsOf = this.confab.user.user_id;
            this.drafts = new Map();
        }
        this.chat = new Chat({
            root: this.root,
            confab: this.confab,
            onlyRoom: this.onlyRoom,
            page: this.page,
            drafts: this.drafts,
            loggedOut: () => this.#showLogin(null),
        });
    }
}
