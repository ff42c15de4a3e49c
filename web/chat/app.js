// The whole application: shows the chat to a logged-in user, else the login, or an error.

import { Confab } from "../confab/client.js";
import { card, LoginScreen } from "./login.js";
import { button, errorText } from "./ui/controls.js";
import { fill, h } from "./ui/dom.js";

const LOGGED_OUT = "You were logged out. Please log in again.";
/** The first and the longest pause (ms) before another try to reach the server. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30000;

/**
 * The modules that only a logged-in user needs; the login does not wait for them. All are listed
 * here, the chat itself first, so that the browser requests them at once. A test fails if one is
 * missing. Bundlers need each name in its place.
 */
const CHAT_MODULES = () => [
    import("./chat.js"),
    import("./change-password.js"),
    import("./conversation/composer.js"),
    import("./conversation/conversation.js"),
    import("./conversation/details.js"),
    import("./conversation/message.js"),
    import("./conversation/pending-messages.js"),
    import("./conversation/reads.js"),
    import("./conversation/timeline.js"),
    import("./drafts.js"),
    import("./rooms/dialogs.js"),
    import("./rooms/room-list.js"),
    import("./rooms/sidebar.js"),
    import("./shown-state.js"),
    import("./ui/avatar.js"),
    import("./ui/dialog.js"),
    import("./ui/keyboard.js"),
    import("./ui/links.js"),
    import("./ui/notifications.js"),
    import("./ui/tabs.js"),
];

async function loadChat() {
    const [chat] = await Promise.all(CHAT_MODULES());
    return chat;
}

/**
 * Fills `root`, an element of the class "confab". `room`: show this room alone. `page`: the chat
 * owns the browser's address and title. `client`: options of Confab; with a token among them no
 * login is offered, since the embedding page logs the user in. `keepLogin`: keep the token of a
 * login on another site, where cookies do not work. `tell(name, detail)`: what the page may want to
 * know: "unread", "message" and "error".
 */
export class App {
    constructor(root, options = {}) {
        const { room = null, page = false, client = {}, keepLogin = false } = options;
        const { tell = () => {} } = options;
        Object.assign(this, { root, onlyRoom: room, page, tell, hasLogin: !client.token });
        this.confab = new Confab(client);
        if (keepLogin && this.hasLogin && this.confab.auth === "token") {
            this.#keepToken();
        }
        this.retryPause = RETRY_MS;
        this.retryStart = () => this.#start();
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
        clearTimeout(this.retryTimer);
        window.removeEventListener("online", this.retryStart);
        this.#closeChat();
        this.confab.close();
        this.root.replaceChildren();
    }

    #keepToken() {
        const { confab } = this;
        const key = `confab-token:${confab.url}`;
        try {
            confab.token = localStorage.getItem(key);
            confab.on("user", (user) =>
                user ? localStorage.setItem(key, confab.token) : localStorage.removeItem(key),
            );
        } catch {
            // Without storage the login lasts until the page is left.
        }
    }

    async #start() {
        if (this.starting) {
            return;
        }
        this.starting = true;
        clearTimeout(this.retryTimer);
        window.removeEventListener("online", this.retryStart);
        try {
            await this.confab.me();
        } catch (error) {
            if (!this.closed) {
                this.#startFailed(error);
            }
            return;
        } finally {
            this.starting = false;
        }
        if (!this.closed) {
            this.startError = null;
            await this.#showChat();
        }
    }

    /** Shows the login, or why the server cannot be asked; then tries again by itself. */
    #startFailed(error) {
        if (error.status === 401 && !error.foreign) {
            this.#showLogin(null);
            return;
        }
        const text = errorText(error);
        // The same text again would make a screen reader repeat it.
        if (this.startError !== text) {
            const retry = button("Try again", () => this.#start(), "main");
            this.#showError("The chat cannot be reached", text, retry);
            this.startError = text;
        }
        window.addEventListener("online", this.retryStart);
        this.retryTimer = setTimeout(this.retryStart, this.retryPause);
        this.retryPause = Math.min(2 * this.retryPause, MAX_RETRY_MS);
    }

    #showError(title, text, action) {
        this.startError = null;
        this.tell("error", { message: text });
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
        this.login = new LoginScreen(this.confab, {
            reason,
            name: this.lastName ?? "",
            done: () => this.#showChat(),
        });
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
        let modules;
        try {
            modules = await loadChat();
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
        const { user } = this.confab;
        // Logged out while the modules were loading.
        if (!user) {
            this.#showLogin(LOGGED_OUT);
            return;
        }
        this.lastName = user.username;
        // Another user does not see the drafts of the last one.
        if (this.drafts?.userId !== user.user_id) {
            this.drafts = new modules.Drafts(this.confab.url, user.user_id);
        }
        this.chat = new modules.Chat({
            root: this.root,
            confab: this.confab,
            onlyRoom: this.onlyRoom,
            page: this.page,
            canLogOut: this.hasLogin,
            tell: this.tell,
            drafts: this.drafts,
            loggedOut: () => {
                this.lastName = "";
                this.#showLogin(null);
            },
        });
    }
}
