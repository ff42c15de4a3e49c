// The shell around a logged-in user's chat: the rooms beside the open one, or one room alone.

import { changePassword } from "./change-password.js";
import { Conversation } from "./conversation/conversation.js";
import { directMessage, findRoom, newRoom } from "./rooms/dialogs.js";
import { RoomList } from "./rooms/room-list.js";
import { Sidebar } from "./rooms/sidebar.js";
import { button, errorText } from "./ui/controls.js";
import { fill, h } from "./ui/dom.js";
import { timeOfDay } from "./ui/format.js";
import { icon } from "./ui/icons.js";
import { DesktopNotifications, Notices } from "./ui/notifications.js";

const TITLE = document.title;

/**
 * Fills `root` for the user of `confab`. `onlyRoom` and `page` as in App; `drafts` maps room ids
 * to unsent text; `loggedOut()` is called after the user has logged out.
 */
export class Chat {
    constructor({ root, confab, onlyRoom, page, drafts, loggedOut }) {
        Object.assign(this, { root, confab, onlyRoom, page, drafts, loggedOut });
        this.notices = new Notices();
        this.desktop = new DesktopNotifications();
        this.followAddress = () => this.#followAddress();
        // Takes the place of the conversation while no room is open.
        this.placeholder = h("main.conversation");
        this.shell = h("div.shell", { "data-pane": "rooms" });
        fill(root, this.shell, this.notices.element);
        if (onlyRoom) {
            this.shell.classList.add("alone");
            fill(this.shell, this.placeholder);
            this.open(onlyRoom);
        } else {
            this.#showRooms();
        }
        // Creating the first time format is slow; do it while the requests are under way.
        timeOfDay(Date.now());
    }

    #showRooms() {
        this.rooms = new RoomList(this.confab, this.confab.user, {
            changed: () => this.#roomsChanged(),
            message: (room, message) => this.#messageReceived(room, message),
            removed: (id, text) => this.#roomRemoved(id, text),
            failed: (error) => this.notices.showError(error),
        });
        this.sidebar = new Sidebar(this.rooms, this.confab.user, this.#sidebarActions());
        this.sidebar.drawBell(this.desktop.enabled);
        fill(this.shell, this.sidebar.element, this.placeholder);
        if (this.page) {
            window.addEventListener("hashchange", this.followAddress);
        }
        this.#followAddress();
    }

    close() {
        window.removeEventListener("hashchange", this.followAddress);
        this.#closeRoom();
        this.rooms?.close();
        this.rooms = null;
        this.#drawTitle();
    }

    // ---- the rooms ----

    #sidebarActions() {
        const { root, confab } = this;
        const openNew = (room) => {
            this.rooms.put(room);
            this.open(room.room_id, true);
        };
        const isMember = (id) => Boolean(this.rooms.get(id));
        return {
            open: (id) => this.open(id, true),
            newRoom: () => newRoom(root, async (room) => openNew(await confab.createRoom(room))),
            directMessage: () =>
                directMessage(root, confab, async ({ user_id: id }) =>
                    openNew(await confab.directRoom(id)),
                ),
            findRoom: () =>
                findRoom(root, confab, isMember, async ({ room_id: id }, join) => {
                    if (join) {
                        await confab.join(id);
                    }
                    openNew(await confab.room(id));
                }),
            toggleNotifications: async () => {
                this.notices.show(await this.desktop.toggle());
                this.sidebar.drawBell(this.desktop.enabled);
            },
            changePassword: () =>
                changePassword(root, async (old, fresh) => {
                    await confab.changePassword(old, fresh);
                    this.notices.show("Your password has been changed.");
                }),
            logout: async () => {
                try {
                    await confab.logout();
                    this.loggedOut();
                } catch (error) {
                    this.notices.showError(error);
                }
            },
        };
    }

    #roomsChanged() {
        this.sidebar.draw();
        this.#drawTitle();
        this.#drawPlaceholder();
    }

    /** The page's title: the number of unread messages and the open room. */
    #drawTitle() {
        if (this.page) {
            const unread = this.rooms?.unread() ?? 0;
            const name = this.conversation ? `${this.conversation.room.name} – ${TITLE}` : TITLE;
            document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
        }
    }

    #messageReceived(room, message) {
        const isOpen = this.conversation?.room.room_id === room.room_id;
        if (isOpen && this.conversation.isWatched()) {
            this.rooms.markRead(room.room_id);
        }
        this.desktop.notify(room, message, () => this.open(room.room_id, true));
    }

    // ---- the open room ----

    /** Opens the room that the address names (#/5), or none. */
    #followAddress() {
        if (!this.rooms) {
            return;
        }
        const id = Number(/^#\/(\d+)$/u.exec(this.page ? location.hash : "")?.[1] ?? 0);
        if (id === (this.opening ?? 0)) {
            this.#drawPlaceholder();
        } else if (id) {
            this.open(id);
        } else {
            this.#backToRooms();
        }
    }

    #backToRooms() {
        this.#closeRoom();
        this.shell.dataset.pane = "rooms";
        this.sidebar?.select(null);
        this.#drawPlaceholder();
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
            this.shell.append(this.placeholder);
        }
        this.opening = null;
        this.#drawTitle();
    }

    /** Opens a room. `byUser`: the user asked for it, so the input gets the focus. */
    async open(id, byUser = false) {
        if (this.opening === id && this.conversation) {
            this.#showRoom(byUser);
            return;
        }
        this.#closeRoom();
        this.opening = id;
        this.sidebar?.select(id);
        let room;
        try {
            room = await this.confab.room(id);
        } catch (error) {
            if (this.opening === id) {
                this.#openFailed(error);
            }
            return;
        }
        // Another room was opened meanwhile.
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
        this.placeholder.replaceWith(this.conversation.element);
        this.#showRoom(byUser);
    }

    #showRoom(byUser) {
        this.shell.dataset.pane = "room";
        this.#setAddress(`#/${this.opening}`);
        this.#drawTitle();
        // On a touch screen the focus would open the keyboard.
        if (byUser && !window.matchMedia("(hover: none)").matches) {
            this.conversation.composer.focus();
        }
    }

    #openFailed(error) {
        this.opening = null;
        const text =
            error.status === 404
                ? "This room does not exist, or you are not a member."
                : errorText(error);
        if (this.onlyRoom) {
            this.#offerRetry("warning", "This room cannot be shown", text);
        } else {
            this.#backToRooms();
            this.notices.show(text);
        }
    }

    #conversationEvents(id) {
        return {
            back: () => this.#backToRooms(),
            removed: (text) => this.#roomRemoved(id, text),
            failed: (error) => this.notices.showError(error),
            message: (message) => this.rooms?.messageReceived(message),
            messageChanged: (messageId, change) =>
                this.rooms?.messageChanged(id, messageId, change),
            roomChanged: (room) => {
                if (this.rooms?.get(id)) {
                    const { name, is_private, is_admin, members_count } = room;
                    this.rooms.put({ room_id: id, name, is_private, is_admin, members_count });
                }
            },
            read: () => this.rooms?.markRead(id),
            joined: () => {
                this.#closeRoom();
                this.rooms?.refresh(id);
                this.open(id, true);
            },
        };
    }

    /** The user is no longer a member of a room, or the room was deleted. */
    #roomRemoved(id, text) {
        this.rooms?.remove(id);
        if (this.opening === id) {
            this.#closeRoom();
            if (this.onlyRoom) {
                this.#offerRetry("chat", "You are no longer in this room", text ?? "");
                return;
            }
            this.#backToRooms();
        }
        if (text) {
            this.notices.show(text);
        }
    }

    #offerRetry(iconName, title, text) {
        const retry = button("Try again", () => this.open(this.onlyRoom), "main");
        this.#fillPlaceholder(iconName, title, text, h("div.actions", retry));
    }

    #drawPlaceholder() {
        if (this.conversation || !this.placeholder.isConnected || this.opening) {
            return;
        }
        if (this.rooms.byId.size > 0) {
            const text = "Your rooms are on the left, the most recently active first.";
            this.#fillPlaceholder("chat", "Choose a room", text);
        } else {
            const title = `Welcome, ${this.confab.user.username}`;
            this.#fillPlaceholder("chat", title, "Create a room, or join a public one.");
        }
    }

    #fillPlaceholder(iconName, title, text, ...more) {
        const symbol = h("span.round", icon(iconName));
        fill(this.placeholder, h("div.empty", symbol, h("h2", title), h("p", text), ...more));
    }
}
