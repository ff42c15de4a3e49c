// The whole application: shows the chat to a logged-in user, else the login, or an error.

import { Confab } from "../confab/client.js";
import { card, LoginScreen, siteCard, siteLogin, whyNotLoggedIn } from "./login.js";
import { button, errorText } from "./ui/controls.js";
import { fill, h, mainTag } from "./ui/dom.js";
import { languageTag, t, useLanguage } from "./words.js";

/** The first and the longest pause (ms) before another try to reach the server. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30000;
/** The open rooms that are shown to strangers at once. */
const OPEN_ROOMS = 20;

/**
 * The modules that only a logged-in user needs; the login does not wait for them. All are listed
 * here, the chat itself first, so that the browser requests them at once. A test fails if one is
 * missing. Bundlers need each name in its place.
 */
const CHAT_MODULES = () => [
    import("./chat.js"),
    import("./attention.js"),
    import("./chat-actions.js"),
    import("./conversation/composer.js"),
    import("./conversation/connection-text.js"),
    import("./conversation/conversation.js"),
    import("./conversation/header.js"),
    import("./timeline/folding.js"),
    import("./timeline/message-list.js"),
    import("./timeline/message-source.js"),
    import("./timeline/message-tools.js"),
    import("./timeline/message.js"),
    import("./timeline/page-loader.js"),
    import("./timeline/pending-messages.js"),
    import("./timeline/quiet-lines.js"),
    import("./timeline/quotes.js"),
    import("./conversation/read-mark.js"),
    import("./conversation/reads.js"),
    import("./timeline/timeline-input.js"),
    import("./timeline/timeline.js"),
    import("./drafts.js"),
    import("./people.js"),
    import("./placeholder.js"),
    import("./rooms/direct-users.js"),
    import("./rooms/room-list.js"),
    import("./rooms/room-opening.js"),
    import("./rooms/sidebar.js"),
    import("./shown-state.js"),
    import("./stored.js"),
    import("./ui/avatar.js"),
    import("./ui/keyboard.js"),
    import("./ui/links.js"),
    import("./ui/menu.js"),
    import("./ui/notifications.js"),
    import("./ui/tabs.js"),
    import("../confab/addresses.js"),
];

/** Links with a secret behind "#", such as #email=TOKEN: the modules that show their targets. */
const LINKS = {
    email: () => import("./account/confirm-email.js"),
    join: () => import("./rooms/join.js"),
    reset: () => import("./account/new-password.js"),
};
const ROOM = /^#\/(\d+)/u;
const LINK = /^#(email|join|reset)=([\w-]+)$/u;

async function loadChat() {
    const [chat] = await Promise.all(CHAT_MODULES());
    return chat;
}

const isByEmbedder = ({ token, jwt, tokenUrl }) => Boolean(token || jwt || tokenUrl);

/**
 * Fills `root`, an element of the class "confab". `room`: show this room alone, or `roomKey`: the
 * one with this key. `page`: the chat owns the browser's address and title. `client`: options of
 * Confab; if they log the user in, by a token or the site, no login is offered. `keepLogin`: keep
 * the token of a login on another site, where cookies do not work. `readOnly`: nothing can be
 * written. `language`: its tag, else the user's own; `isShown()`: whether the user can see `root`.
 * `emit(name, detail)`: reports "unread", "message" and "error" to the page.
 */
export class App {
    constructor(root, options = {}) {
        const {
            room = null,
            roomKey = null,
            page = false,
            client = {},
            keepLogin = false,
        } = options;
        const { readOnly = false, language = null, siteLanguage = null } = options;
        const { isShown = () => true, emit = () => {} } = options;
        Object.assign(this, { root, onlyRoom: room, roomKey, page, readOnly, isShown, emit });
        Object.assign(this, { language, siteLanguage, hasLogin: !isByEmbedder(client) });
        this.confab = new Confab(client);
        this.client = client;
        // The open room that a stranger reads, until a user logs in. An element has no address:
        // the number of the room that was chosen.
        this.visit = null;
        this.visited = 0;
        // Whether the user has just chosen an open room, or the list of them.
        this.isChoosing = false;
        if (keepLogin && this.hasLogin && this.confab.auth === "token") {
            this.#keepToken();
        }
        this.retryPause = RETRY_MS;
        this.retryStart = () => this.#start();
        this.confab.on("unauthorized", (error) => {
            if (error.status === 409) {
                this.#showAnotherUser();
            } else if (this.chat) {
                this.#refused(error);
            }
        });
        // The site may log in another user.
        this.confab.on("user", (user) => {
            if (user && this.chat && this.chat.userId !== user.user_id) {
                this.#showChat();
            }
        });
        // The link by which the page was opened, { kind, secret }, until it is shown.
        this.link = null;
        this.followLink = (event) => {
            if (this.#takeLink(event.oldURL)) {
                event.stopImmediatePropagation();
                this.#start();
            } else if (!this.chat && !this.visit && ROOM.test(location.hash)) {
                // It may be an open room.
                this.#start();
            }
        };
        if (page) {
            this.#takeLink(location.pathname + location.search);
            window.addEventListener("hashchange", this.followLink);
        }
        this.#begin();
    }

    /** Takes the secret of a link out of the address bar; whether there was one. */
    #takeLink(address) {
        const [, kind, secret] = LINK.exec(location.hash) ?? [];
        if (kind) {
            history.replaceState(null, "", address);
            this.link = { kind, secret };
        }
        return Boolean(kind);
    }

    async #begin() {
        await this.#useLanguage(null);
        if (!this.closed) {
            this.#start();
        }
    }

    async #useLanguage(locale) {
        await useLanguage(this.language, locale, this.siteLanguage);
        this.root.lang = languageTag();
        if (this.page) {
            document.documentElement.lang = languageTag();
        }
    }

    /** The user can see the chat now, or not any more. */
    shownChanged() {
        this.chat?.shownChanged();
    }

    /** Removes everything from the page and closes the connections. */
    close() {
        this.closed = true;
        clearTimeout(this.retryTimer);
        window.removeEventListener("online", this.retryStart);
        window.removeEventListener("hashchange", this.followLink);
        this.#closeChat();
        this.reader?.close();
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
        let failure = null;
        try {
            await this.confab.me();
        } catch (error) {
            failure = error;
        } finally {
            this.starting = false;
        }
        if (this.closed) {
            return;
        }
        // A link needs no user.
        if (this.link && (!failure || (failure.status === 401 && !failure.foreign))) {
            await this.#showLink();
        } else if (failure) {
            await this.#showStranger(failure);
        } else {
            this.startError = null;
            await this.#showChat();
        }
    }

    /** Without a login, or an answer of the server: shows an open room, else why not. */
    async #showStranger(failure) {
        const [, wanted] = ROOM.exec(this.page ? location.hash : "") ?? [];
        const roomId = this.onlyRoom ?? Number(wanted ?? this.visited);
        // Another one may be chosen while this one is read.
        this.wanted = roomId;
        if (failure.status !== 401 || failure.foreign || roomId === 0) {
            this.#startFailed(failure);
            return;
        }
        let reason = failure;
        try {
            if (await this.#openVisit(roomId, failure)) {
                return;
            }
        } catch (error) {
            reason = error;
        }
        if (this.closed || this.wanted !== roomId) {
            return;
        }
        // The list was older than what the room is now.
        if (this.isChoosing && reason === failure) {
            this.login = null;
            this.#showLogin(t("Log in to read this room."), failure);
        } else {
            this.#startFailed(reason);
        }
    }

    /**
     * The list of open rooms for strangers, below the login; hidden until it is known that there
     * are some.
     */
    #openRooms() {
        const place = h("section.card.open-rooms", { hidden: true });
        if (!this.onlyRoom && this.roomKey === null) {
            // Without the list rooms can be read by their addresses.
            this.#fillOpenRooms(place, this.isChoosing).catch(() => {});
        }
        return place;
    }

    async #fillOpenRooms(place, isChosen) {
        const { url, fetch, pace } = this.client;
        // Without credentials, so that a cache can answer.
        this.reader ??= new Confab({ url, fetch, pace, auth: "none" });
        const features = await (this.hasLogin ? this.confab : this.reader).features();
        if (features.includes("open_rooms")) {
            const page = await this.reader.openRooms({ limit: OPEN_ROOMS });
            const open = (id) => this.#showPlace(`#/${id}`, id);
            if (page.results.length > 0) {
                const { showOpenRooms } = await import("./rooms/open-rooms.js");
                showOpenRooms(place, this.reader, { page, open, isChosen });
            }
        }
    }

    /** Shows the open room of this address and number to a stranger, or "" and 0 for the list. */
    async #showPlace(hash, roomId) {
        if (this.page) {
            history.pushState(null, "", hash || location.pathname + location.search);
        } else {
            this.visited = roomId;
        }
        this.isChoosing = true;
        await this.#start();
        this.isChoosing = false;
    }

    /** Shows the room to a stranger, if it is open; whether it is. */
    async #openVisit(roomId, failure) {
        const [{ Visit }] = await Promise.all([import("./rooms/visit.js"), loadChat()]);
        const { root, client, page, isShown, emit, hasLogin } = this;
        const done = () => this.#showChat();
        const logIn = (text, back) => this.#showLogin(text, failure, done, back);
        const visit = new Visit({
            ...{ root, client, roomId, page, isShown, emit, hasLogin },
            siteUrl: hasLogin ? null : siteLogin(this.confab, failure),
            on: {
                logIn: () => logIn(t("Log in to write in this room."), () => this.#start()),
                ended: (text) => logIn(text, null),
                moved: () => this.#start(),
                list: this.onlyRoom ? null : () => this.#showPlace("", 0),
                enter: async (name, key) => {
                    await this.confab.enterAsGuest({ display_name: name, key });
                    await this.#showChat();
                },
            },
        });
        const isOpen = await visit.load();
        if (!isOpen || this.closed || this.confab.user || this.wanted !== roomId) {
            visit.close();
            return isOpen;
        }
        this.#closeChat();
        this.startError = null;
        this.visit = visit;
        visit.show(this.isChoosing);
        return true;
    }

    /** Shows the target of the link, and then the chat or the login. */
    async #showLink() {
        const { kind, secret } = this.link;
        const { confab } = this;
        await this.#useLanguage(confab.user?.locale);
        let show;
        try {
            ({ show } = await LINKS[kind]());
        } catch {
            const again = button(t("Try again"), () => this.#start(), "main");
            const text = t("A part of this page could not be loaded.");
            this.#showError(t("The chat cannot be shown"), text, again);
            return;
        }
        this.link = null;
        this.#closeChat();
        const element = h(`${mainTag(this.root)}.welcome`);
        fill(this.root, element);
        const logIn = (reason) =>
            new Promise((loggedIn) => {
                this.#showLogin(reason, null, async () => {
                    fill(this.root, element);
                    loggedIn();
                });
            });
        const done = (roomId = null) => {
            if (roomId) {
                history.replaceState(null, "", `#/${roomId}`);
            }
            this.#start();
        };
        show(element, { confab, secret, logIn, done });
    }

    /** The user is logged out, or the site gives no login any more. */
    #refused(error) {
        this.#showLogin(t("You were logged out. Please log in again."), error);
    }

    /** Shows the login, or why the server cannot be asked; then tries again by itself. */
    #startFailed(error) {
        const isFinal = !this.hasLogin && !error.temporary;
        if ((error.status === 401 || isFinal) && !error.foreign) {
            this.#showLogin(null, error);
            return;
        }
        const text = errorText(error);
        // The same text again would make a screen reader repeat it.
        if (this.startError !== text) {
            const retry = button(t("Try again"), () => this.#start(), "main");
            this.#showError(t("The chat cannot be reached"), text, retry, error.code);
            this.startError = text;
        }
        window.addEventListener("online", this.retryStart);
        this.retryTimer = setTimeout(this.retryStart, this.retryPause);
        this.retryPause = Math.min(2 * this.retryPause, MAX_RETRY_MS);
    }

    #showError(title, text, action, code = null) {
        this.startError = null;
        this.emit("error", { message: text, code });
        const content = card({ role: "alert" }, h("h1", title), h("p", text), action);
        fill(this.root, h(`${mainTag(this.root)}.welcome`, content));
    }

    #offerReload(title, text) {
        this.#showError(
            title,
            text,
            button(t("Reload the page"), () => location.reload(), "main"),
        );
    }

    #showAnotherUser() {
        this.#closeChat();
        this.#showError(
            t("You were logged out"),
            t("Another user has logged in in this browser, in another tab or window."),
            button(t("Continue as that user"), () => this.#start(), "main"),
            "user_changed",
        );
    }

    /** `done()` is called after the login and returns a promise; `back` as in LoginScreen. */
    #showLogin(reason, error = null, done = () => this.#showChat(), back = null) {
        if (this.login?.element.isConnected) {
            return;
        }
        this.#closeChat();
        if (!this.hasLogin) {
            this.#showRefusal(error);
            return;
        }
        this.login = new LoginScreen(this.root, this.confab, {
            reason,
            name: this.lastName ?? "",
            done,
            back,
            below: this.#openRooms(),
        });
        fill(this.root, this.login.element);
        if (this.page && !this.isChoosing) {
            this.login.focus();
        }
        // Loads while the user types; a failure is reported when the chat is to be shown.
        loadChat().catch(() => {});
    }

    /** The page logs the user in, and has no login, or one that the chat does not accept. */
    #showRefusal(error) {
        const url = siteLogin(this.confab, error);
        const text = error
            ? whyNotLoggedIn(error)
            : t("Your access to the chat has ended. Reloading the page may help.");
        if (url) {
            this.emit("error", { message: text, code: error.code });
            fill(
                this.root,
                h(`${mainTag(this.root)}.welcome`, siteCard(url, text), this.#openRooms()),
            );
            return;
        }
        const retry = button(t("Try again"), () => this.#start(), "main");
        this.#showError(t("You are not logged in"), text, retry, error?.code);
    }

    #closeChat() {
        this.chat?.close();
        this.chat = null;
        this.visit?.close();
        this.visit = null;
        this.root.querySelectorAll("dialog").forEach((dialog) => dialog.close());
    }

    async #showChat() {
        let modules;
        try {
            modules = await loadChat();
        } catch {
            this.#offerReload(
                t("The chat cannot be shown"),
                t("A part of this page could not be loaded."),
            );
            return;
        }
        await this.#useLanguage(this.confab.user?.locale);
        if (this.closed) {
            return;
        }
        const { user } = this.confab;
        // Logged out while the modules were loading.
        if (!user) {
            this.#showLogin(t("You were logged out. Please log in again."));
            return;
        }
        if (this.roomKey !== null && !(await this.#findRoom())) {
            return;
        }
        this.lastName = user.username;
        // The next user of this browser must not see the drafts.
        if (this.drafts?.userId !== user.user_id) {
            this.drafts = new modules.Drafts(this.confab.url, user.user_id);
        }
        this.#closeChat();
        this.chat = new modules.Chat({
            root: this.root,
            confab: this.confab,
            onlyRoom: this.onlyRoom,
            page: this.page,
            readOnly: this.readOnly,
            hasLogin: this.hasLogin,
            isShown: this.isShown,
            emit: this.emit,
            drafts: this.drafts,
            loggedOut: (reason) => {
                this.lastName = "";
                this.login = null;
                this.#showLogin(reason);
            },
            languageChanged: () => this.#showChat(),
        });
    }

    /** Finds the room with the key that the page has named; whether there is one. */
    async #findRoom() {
        let room;
        try {
            room = await this.confab.roomByKey(this.roomKey);
        } catch (error) {
            if (!this.closed) {
                this.#startFailed(error);
            }
            return false;
        }
        if (this.closed || !this.confab.user) {
            return false;
        }
        if (!room) {
            this.#showError(
                t("This room cannot be shown"),
                t("This room does not exist, or you are not a member."),
                button(t("Try again"), () => this.#start(), "main"),
                "not_found",
            );
            return false;
        }
        this.onlyRoom = room.room_id;
        return true;
    }
}
