// An open room without a login: read only, with the ways to write in place of the
// input. All requests go without credentials.

import { Confab } from "../../confab/client.js";
import { TITLE } from "../attention.js";
import { Conversation } from "../conversation/conversation.js";
import { People } from "../people.js";
import { button, form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { Notices } from "../ui/notifications.js";
import { t } from "../words.js";

/** The room, and perhaps the message, in the address of the page: #/5 or #/5/42. */
function placeInAddress() {
    const [, room, message] = /^#\/(\d+)(?:\/(\d+))?$/u.exec(location.hash) ?? [];
    return { roomId: Number(room ?? 0), messageId: Number(message ?? 0) };
}

/** What is shown in place of the input to users who are not in the room. */
const visitBar = (text, ...buttons) =>
    h("div.refused.visit", h("p", text), h("div.actions", buttons));

export class Visit {
    /**
     * `client`: options of Confab, `page`, `isShown` and `emit` as in App. `siteUrl`: where users
     * log in, if not here, or null; `hasLogin`: whether they do here. Calls `on.logIn()`,
     * `on.enter(displayName, key)`, which returns a promise, to join as a guest, `on.list()`, which
     * may be null, for the list of open rooms, `on.moved()` when the address leads elsewhere, and
     * `on.ended(text)` when the room cannot be read any more.
     */
    constructor({ root, client, roomId, page, isShown, emit, hasLogin, siteUrl, on }) {
        Object.assign(this, { root, roomId, page, isShown, emit, hasLogin, siteUrl, on });
        const { url, fetch, WebSocket, pace } = client;
        this.confab = new Confab({ url, fetch, WebSocket, pace, auth: "none" });
        this.features = [];
        this.people = null;
    }

    /** Reads the room; whether it is open. Rejected if the server cannot be asked. */
    async load() {
        try {
            [this.room, this.features] = await Promise.all([
                this.confab.room(this.roomId),
                this.confab.features().catch(() => []),
            ]);
        } catch (error) {
            if (error.temporary || error.foreign) {
                throw error;
            }
            return false;
        }
        return true;
    }

    /** `isChosen`: the user chose the room, so the focus is elsewhere and has to be moved. */
    show(isChosen) {
        const { root, confab, room, isShown, page } = this;
        this.people = new People(confab, root, () => {});
        this.notices = new Notices();
        this.conversation = new Conversation({
            root,
            confab,
            people: this.people,
            room,
            readOnly: true,
            isShown,
            draft: null,
            place: null,
            visit: this.#bar(),
            on: this.#events(),
        });
        const shell = h("div.shell.alone", { "data-pane": "room" }, this.conversation.element);
        fill(root, shell, this.notices.kept, this.notices.element);
        confab.on("unauthorized", () => this.#ended());
        if (page) {
            this.follow = () => this.#followAddress();
            window.addEventListener("hashchange", this.follow);
            document.title = `${this.people.roomName(room)} – ${TITLE}`;
            this.#goTo(placeInAddress().messageId);
        }
        if (isChosen) {
            this.conversation.timeline.scroller.focus({ preventScroll: true });
        }
    }

    close() {
        if (this.conversation) {
            window.removeEventListener("hashchange", this.follow);
            this.conversation.close();
            this.people.close();
            this.notices.close();
            if (this.page) {
                document.title = TITLE;
            }
        }
        this.confab.close();
    }

    #ended(text = t("Log in to read this room.")) {
        this.on.ended(text);
    }

    #followAddress() {
        const { roomId, messageId } = placeInAddress();
        if (roomId === this.roomId) {
            this.#goTo(messageId);
        } else {
            this.on.moved();
        }
    }

    #goTo(messageId) {
        if (messageId > 0) {
            this.conversation.timeline.goTo(messageId);
        }
    }

    #events() {
        const { notices, emit } = this;
        return {
            removed: (text) => this.#ended(text ?? undefined),
            excluded: (text) => this.#ended(text ?? undefined),
            banned: () => this.#ended(),
            outsider: () => this.#ended(),
            failed: (error) => notices.showError(error),
            done: (text) => notices.show(text),
            message: (message) => emit("message", { message }),
            roomChanged: (room) => {
                this.room = room;
                if (this.page) {
                    document.title = `${this.people.roomName(room)} – ${TITLE}`;
                }
            },
            messageChanged: () => {},
            read: () => {},
            draft: () => {},
        };
    }

    // ---- the ways to write ----

    #bar() {
        const { room, hasLogin, siteUrl, features, on } = this;
        const isForAll = room.post_policy === "members" && !room.is_archived;
        const hasGuests = features.includes("guests");
        const takesGuests = hasLogin && hasGuests && room.guests === "write" && room.key;
        const hasList = on.list && features.includes("open_rooms");
        const text = isForAll
            ? t("You can read here without an account.")
            : t("You can read here without an account. Not everyone can write in this room.");
        const link = siteUrl && { href: siteUrl.href, target: "_top" };
        return visitBar(
            text,
            link && h("a.button", link, t("Log in at {site}", { site: siteUrl.host })),
            hasLogin && button(isForAll ? t("Log in to write") : t("Log in"), on.logIn, "main"),
            takesGuests && isForAll && button(t("Join as a guest"), () => this.#askName()),
            hasList && button(t("Open rooms"), on.list, "link"),
        );
    }

    #askName() {
        const name = textField("display_name", t("Your name"), {
            autocomplete: "nickname",
            required: true,
        });
        openDialog(this.root, t("Join as a guest"), (close) =>
            form({
                fields: [name],
                buttons: [cancelButton(close), submitButton(t("Enter as a guest"))],
                submit: () => this.on.enter(name.input.value.trim(), this.room.key),
            }),
        ).classList.add("narrow");
    }
}
