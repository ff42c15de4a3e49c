// The chat of who is logged in: the rooms beside the conversation, or one room alone.

import { Conversation } from "./conversation/conversation.js";
import { changePassword, directMessage, findRoom, newRoom } from "./rooms/dialogs.js";
import { fill, h } from "./ui/dom.js";
import { inWords, mainButton } from "./ui/form.js";
import { timeOfDay } from "./ui/format.js";
import { icon } from "./ui/icons.js";
import { Alerts, Notices } from "./ui/notifications.js";
import { Rooms } from "./rooms/room-list.js";
import { Sidebar } from "./rooms/sidebar.js";

const TITLE = document.title;

/**
 * Fills `root` for the user of `confab`. `only` and `page` as App has them; `drafts` has what was
 * written and not sent, by room; `loggedOut()` is called when the user has logged out.
 */
export class Chat {
    constructor({ root, confab, only, page, drafts, loggedOut }) {
        Object.assign(this, { root, confab, only, page, drafts, loggedOut });
        this.notices = new Notices();
        this.alerts = new Alerts();
        this.moved = () => this.#followAddress();
        this.rest = h("main", { class: "conversation" });
        this.shell = h("div", { class: "shell", "data-pane": "rooms" });
        if (only) {
            this.#buildRoom();
        } else {
            this.#buildRooms();
        }
        // The first format of times takes a while to make: now, while the server is asked.
        timeOfDay(Date.now());
    }

    #buildRoom() {
        this.shell.classList.add("alone");
        fill(this.shell, this.rest);
        fill(this.root, this.shell, this.notices.element);
        this.open(this.only);
    }

    #buildRooms() {
        this.rooms = new Rooms(this.confab, this.confab.user, {
            changed: () => this.#roomsChanged(),
            message: (room, message) => this.#told(room, message),
            gone: (id, words) => this.#gone(id, words),
            failed: (error) => this.notices.failed(error),
        });
        this.sidebar = new Sidebar(this.rooms, this.confab.user, this.#sidebarActions());
        this.sidebar.drawAlerts(this.alerts.on);
        fill(this.shell, this.sidebar.element, this.rest);
        fill(this.root, this.shell, this.notices.element);
        if (this.page) {
            window.addEventListener("hashchange", this.moved);
        }
        this.#followAddress();
    }

    close() {
        window.removeEventListener("hashchange", this.moved);
        this.#closeRoom();
        this.rooms?.close();
        this.rooms = null;
        this.#title();
    }

    // ---- the rooms ----

    #sidebarActions() {
        return {
            open: (id) => this.open(id, true),
            newRoom: () =>
                newRoom(this.root, async (room) => this.#made(await this.confab.createRoom(room))),
            direct: () =>
                directMessage(this.root, this.confab, async (user) =>
                    this.#made(await this.confab.directRoom(user.user_id)),
                ),
            findRoom: () =>
                findRoom(
                    this.root,
                    this.confab,
                    (id) => Boolean(this.rooms.get(id)),
                    async (room, join) => {
                        if (join) {
                            await this.confab.join(room.room_id);
                        }
                        this.#made(await this.confab.room(room.room_id));
                    },
                ),
            alerts: async () => {
                this.notices.show(await this.alerts.toggle());
                this.sidebar.drawAlerts(this.alerts.on);
            },
            password: () =>
                changePassword(this.root, async (old, fresh) => {
                    await this.confab.changePassword(old, fresh);
                    this.notices.show("The password is changed.");
                }),
            logout: () => this.#logout(),
        };
    }

    async #logout() {
        try {
            await this.confab.logout();
            this.loggedOut();
        } catch (error) {
            this.notices.failed(error);
        }
    }

    #made(room) {
        this.rooms.put(room);
        this.open(room.room_id, true);
    }

    #roomsChanged() {
        this.sidebar.draw();
        this.#title();
        this.#drawRest();
    }

    #title() {
        if (this.page) {
            const unread = this.rooms?.unread() ?? 0;
            const name = this.conversation ? `${this.conversation.room.name} – ${TITLE}` : TITLE;
            document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
        }
    }

    #told(room, message) {
        const isOpen = this.conversation?.room.room_id === room.room_id;
        if (isOpen && this.conversation.sees()) {
            this.rooms.read(room.room_id);
        }
        this.alerts.tell(room, message, () => this.open(room.room_id, true));
    }

    // ---- the conversation ----

    /** The room that the address names: #/5. */
    #followAddress() {
        if (!this.rooms) {
            return;
        }
        const id = Number(/^#\/(\d+)$/u.exec(this.page ? location.hash : "")?.[1] ?? 0);
        if (id === (this.opening ?? 0)) {
            this.#drawRest();
        } else if (id) {
            this.open(id);
        } else {
            this.#toRooms();
        }
    }

    #toRooms() {
        this.#closeRoom();
        this.shell.dataset.pane = "rooms";
        this.sidebar?.choose(null);
        this.#drawRest();
        this.#setAddress("");
    }

    #setAddress(hash) {
        if (this.page && location.hash !== hash) {
            history.pushState(null, "", hash || location.pathname + location.search);
        }
    }

    #closeRoom() {
        if (this.conversation) {
            this.drafts.set(this.conversation.room.room_id, this.conversation.composer.draft);
            this.conversation.close();
            this.conversation = null;
            this.shell.classList.remove("detailed");
            this.shell.append(this.rest);
        }
        this.opening = null;
        this.#title();
    }

    /** Opens a room. `byHand`: the user asked for it, and wants to write next. */
    async open(id, byHand = false) {
        if (this.opening === id && this.conversation) {
            this.#show(byHand);
            return;
        }
        this.#closeRoom();
        this.opening = id;
        this.sidebar?.choose(id);
        let room;
        try {
            room = await this.confab.room(id);
        } catch (error) {
            if (this.opening === id) {
                this.#cannotOpen(error);
            }
            return;
        }
        if (this.opening !== id) {
            return;
        }
        if (this.rooms?.get(id)) {
            this.rooms.put(room);
        }
        this.conversation = new Conversation({
            root: this.root,
            confab: this.confab,
            room,
            draft: this.drafts.get(id) ?? "",
            on: this.#conversationEvents(id),
        });
        this.rest.replaceWith(this.conversation.element);
        this.#show(byHand);
    }

    #show(byHand) {
        this.shell.dataset.pane = "room";
        this.#setAddress(`#/${this.opening}`);
        this.#title();
        if (byHand && !window.matchMedia("(hover: none)").matches) {
            this.conversation.composer.focus();
        }
    }

    #cannotOpen(error) {
        this.opening = null;
        const words =
            error.status === 404 ? "There is no such room, or you are not in it." : inWords(error);
        if (this.only) {
            this.#empty("warning", "This room cannot be shown", words, "Try again", () =>
                this.open(this.only),
            );
        } else {
            this.#toRooms();
            this.notices.show(words);
        }
    }

    #conversationEvents(id) {
        return {
            back: () => this.#toRooms(),
            gone: (words) => this.#gone(id, words),
            failed: (error) => this.notices.failed(error),
            message: (message) => this.rooms?.message(message),
            changed: (messageId, change) => this.rooms?.messageChanged(messageId, id, change),
            room: (room) => {
                if (this.rooms?.get(id)) {
                    const { name, is_private, is_admin, members_count } = room;
                    this.rooms.put({ room_id: id, name, is_private, is_admin, members_count });
                }
            },
            read: () => this.rooms?.read(id),
            joined: () => {
                this.#closeRoom();
                this.rooms?.refresh(id);
                this.open(id, true);
            },
        };
    }

    /** A room is the user's no more. */
    #gone(id, words) {
        this.rooms?.remove(id);
        if (this.opening === id) {
            this.#closeRoom();
            if (this.only) {
                this.#empty(
                    "chat",
                    "You are not in this room any more",
                    words ?? "",
                    "Try again",
                    () => this.open(this.only),
                );
                return;
            }
            this.#toRooms();
        }
        if (words) {
            this.notices.show(words);
        }
    }

    #empty(name, title, words, action, act) {
        fill(
            this.rest,
            h(
                "div",
                { class: "empty" },
                h("span", { class: "round" }, icon(name)),
                h("h2", {}, title),
                h("p", {}, words),
                h("div", { class: "actions" }, mainButton(action, act)),
            ),
        );
    }

    /** What stands beside the rooms while none is open. */
    #drawRest() {
        if (this.conversation || !this.rest.isConnected || this.opening) {
            return;
        }
        const has = this.rooms.byId.size > 0;
        fill(
            this.rest,
            h(
                "div",
                { class: "empty" },
                h("span", { class: "round" }, icon("chat")),
                h(
                    "h2",
                    {},
                    has ? "Choose a conversation" : `Welcome, ${this.confab.user.username}`,
                ),
                h(
                    "p",
                    {},
                    has
                        ? "Your rooms are on the left. The latest one is at the top."
                        : "Make the first room, or see which ones are open to everybody.",
                ),
            ),
        );
    }
}
