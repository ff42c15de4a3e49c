// The shell around a logged-in user's chat: the rooms beside the open one, or one room alone.

import { Attention } from "./attention.js";
import { ChatActions } from "./chat-actions.js";
import { Conversation } from "./conversation/conversation.js";
import { messageSummary } from "./timeline/message.js";
import { People } from "./people.js";
import { Placeholder } from "./placeholder.js";
import { RoomList } from "./rooms/room-list.js";
import { RoomOpening } from "./rooms/room-opening.js";
import { Sidebar } from "./rooms/sidebar.js";
import { LastRoom } from "./stored.js";
import { fill, h } from "./ui/dom.js";
import { clearOnEscape } from "./ui/keyboard.js";
import { timeOfDay, watchDay } from "./ui/format.js";
import { Notices } from "./ui/notifications.js";
import { Tabs } from "./ui/tabs.js";
import { t } from "./words.js";

export { Drafts } from "./drafts.js";

/** From this width (px) on there is a place for a room beside the list. */
const WIDE = 704;

/**
 * Fills `root` for the user of `confab`. `onlyRoom`, `page`, `readOnly`, `isShown` and `emit` as in
 * App; `hasLogin`: whether the user logs in and out here; `drafts` are this user's Drafts.
 * `loggedOut(reason)` is called after the user has logged out, with a text for the login or null,
 * `languageChanged()` when the user has chosen another language.
 */
export class Chat {
    constructor(options) {
        const { root, confab, onlyRoom, page, readOnly, hasLogin, isShown, emit } = options;
        const { drafts, loggedOut, languageChanged } = options;
        Object.assign(this, { root, confab, onlyRoom, page, readOnly, hasLogin, isShown, emit });
        Object.assign(this, { drafts, loggedOut, languageChanged });
        this.userId = confab.user.user_id;
        this.people = new People(confab, root, () => this.#peopleChanged());
        // In one room alone: messages that the user has not seen.
        this.unseen = 0;
        this.notices = new Notices();
        this.tabs = new Tabs(`confab:${confab.url}:${confab.user.user_id}`, {
            read: (id, messageId) => this.rooms?.markRead(id, messageId),
            message: (message) => this.rooms?.messageReceived(message),
        });
        this.attention = new Attention({
            page,
            isShown,
            emit,
            tabs: this.tabs,
            unsupported: () => {
                this.notices.show(t("This browser does not show desktop notifications."));
                this.sidebar?.draw();
            },
        });
        this.actions = new ChatActions(this);
        // Where the user was in each room, and until when the user is silenced in it, by its id.
        this.places = new Map();
        this.silences = new Map();
        // What is shown is the conversation, or null while no room is open.
        this.opening = new RoomOpening(this);
        this.last = new LastRoom(confab.url, this.userId);
        // The room to be opened once the list is there, unless the user chooses another one.
        this.restored = null;
        // The address that was followed, or set, last.
        this.address = location.hash;
        // Takes the place of the conversation while no room is open.
        this.placeholder = new Placeholder(this.people, () => this.backToRooms());
        this.shell = h("div.shell", { "data-pane": "rooms" });
        this.skip = h(
            "a.skip",
            { href: "#confab-write", hidden: true, onclick: (event) => this.#skip(event) },
            t("Skip to the message field"),
        );
        fill(root, this.skip, this.shell, this.notices.kept, this.notices.element);
        this.#listen();
        if (onlyRoom) {
            this.shell.classList.add("alone");
            fill(this.shell, this.placeholder.element);
            this.open(onlyRoom);
        } else {
            this.#showRooms();
        }
        // Without a connection it could not be loaded, and is needed to log out.
        (window.requestIdleCallback ?? setTimeout)(() => {
            import("./ui/dialog.js").catch(() => {});
            import("./ui/kept-focus.js").then(
                ({ keepFocus }) => keepFocus(root, this.listening.signal),
                () => {},
            );
            if (!onlyRoom) {
                this.actions.prepareKeys();
            }
            this.actions.useFeatures();
        });
        // Creating the first time format is slow; do it while the requests are under way.
        timeOfDay(Date.now());
    }

    #listen() {
        this.listening = new AbortController();
        const { signal } = this.listening;
        const listen = (target, name, listener) =>
            target.addEventListener(name, listener, { signal });
        if (this.page) {
            listen(window, "hashchange", () => this.#followAddress());
        }
        listen(window, "online", () => this.opening.retry?.());
        listen(this.page ? document : this.root, "keydown", (event) => this.#key(event));
        this.root.addEventListener("keydown", clearOnEscape, { signal, capture: true });
        // A file dropped anywhere would replace the page in the browser.
        ["dragover", "drop", "paste"].forEach((name) =>
            listen(this.root, name, (event) => this.#takeFiles(event)),
        );
        this.stopWatchingDay = watchDay(() => this.sidebar?.draw());
    }

    #showRooms() {
        this.rooms = new RoomList(this.confab, this.confab.user, {
            changed: () => this.#roomsChanged(),
            message: (room, message) => this.#messageReceived(room, message),
            invited: (room, user) => this.#invited(room, user),
            removed: (event, name) => this.#removedFrom(event, name),
            failed: (error) => this.notices.showError(error),
        });
        this.rooms.channel.on("state", (state) => state === "live" && this.opening.retry?.());
        this.rooms.channel.on("silence_changed", ({ room_id: id, until }) => {
            this.silences.set(id, until);
            if (this.shown() === id) {
                this.conversation.silenced(until);
            }
        });
        this.sidebar = new Sidebar({
            rooms: this.rooms,
            self: this.confab.user,
            people: this.people,
            readOnly: this.readOnly,
            on: this.actions.sidebar(),
        });
        fill(this.shell, this.sidebar.element, this.placeholder.element);
        if (this.root.clientWidth >= WIDE && !(this.page && location.hash)) {
            this.restored = this.last.get();
        }
        this.#followAddress();
    }

    close() {
        this.listening.abort();
        this.stopWatchingDay();
        this.opening.cancel();
        this.#closeRoom();
        this.actions.close();
        this.rooms?.close();
        this.rooms = null;
        this.tabs.close();
        this.people.close();
        this.notices.close();
        this.#drawTitle();
    }

    /** The user can see the chat now, or not any more: what is seen is read. */
    shownChanged() {
        this.conversation?.readMark.seen();
        if (this.isShown()) {
            this.conversation?.composer.focus();
        }
    }

    #peopleChanged() {
        this.sidebar?.draw();
        this.conversation?.peopleChanged();
        this.#drawTitle();
    }

    // ---- keys and files ----

    #key(event) {
        const isFind = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
        if (isFind && !event.shiftKey && !event.altKey && this.sidebar && !this.hasDialog()) {
            event.preventDefault();
            this.actions.openSwitcher();
        }
    }

    hasDialog() {
        return this.root.querySelector("dialog[open]") !== null;
    }

    #skip(event) {
        // The address names the open room.
        event.preventDefault();
        this.shell.dataset.pane = "room";
        this.conversation?.composer.focus();
    }

    /** Files that are dropped or pasted go to the message of the open room. */
    #takeFiles(event) {
        const data = event.dataTransfer ?? event.clipboardData;
        const types = [...(data?.types ?? [])];
        // Spreadsheets and the like copy a picture beside the text.
        if (!types.includes("Files") || (event.type === "paste" && types.includes("text/plain"))) {
            return;
        }
        event.preventDefault();
        const { takesFiles = false, isViewer = false } = this.conversation ?? {};
        const isTaken = takesFiles && !isViewer && !this.hasDialog();
        if (event.type === "dragover") {
            event.dataTransfer.dropEffect = isTaken ? "copy" : "none";
            if (isTaken) {
                this.conversation.dragged();
            }
            return;
        }
        if (isTaken) {
            this.conversation.attach([...data.files]);
            return;
        }
        const text = t("Files cannot be sent in this chat, only text.");
        if (this.hasDialog()) {
            return;
        }
        if (this.conversation) {
            this.conversation.composer.showProblem(text);
        } else {
            this.notices.show(text);
        }
    }

    // ---- the rooms ----

    /** Opens a room at a message. */
    openMessage(roomId, messageId) {
        this.target = { roomId, messageId };
        this.open(roomId);
    }

    #roomsChanged() {
        // The list may have been read before the open room was.
        if (this.conversation?.readMark.isWatched()) {
            this.rooms.markRead(this.shown());
        }
        this.conversation?.setView(this.rooms.get(this.shown())?.me);
        this.sidebar.draw();
        if (this.rooms.loaded) {
            this.actions.watchCases();
        }
        this.#drawTitle();
        if (this.restored && this.rooms.loaded && !this.opening.id) {
            const room = this.rooms.get(this.restored);
            this.restored = null;
            if (room) {
                this.open(room.room_id);
                return;
            }
        }
        this.#drawPlaceholder();
    }

    #drawTitle() {
        const { room } = this.conversation ?? {};
        const name = room ? this.people.roomName(room) : null;
        this.attention.draw(this.rooms?.unread() ?? this.unseen, name);
    }

    #messageReceived(room, message) {
        const id = room.room_id;
        this.emit("message", { message });
        if (this.shown() === id && this.conversation.readMark.isWatched()) {
            this.#read(id, message.message_id);
        }
        const name = this.people.name(message.sender_id, message.sender_username);
        const title = room.is_direct
            ? name
            : t("{name} in {room}", { name, room: this.people.roomName(room) });
        this.#notify(room, title, messageSummary(message));
    }

    #invited(room, user) {
        if (this.shown() === room.room_id) {
            this.rooms.markRead(room.room_id);
        }
        // A direct message follows at once.
        if (!room.is_direct) {
            this.#notify(
                room,
                this.people.roomName(room),
                t("{name} invited you.", { name: user }),
            );
        }
    }

    #notify(room, title, text) {
        this.attention.notify(room, title, text, () => this.open(room.room_id, true));
    }

    /** The user has seen a room up to this message. */
    #read(id, messageId) {
        this.unseen = 0;
        this.#drawTitle();
        this.rooms?.markRead(id);
        this.tabs.tellRead(id, messageId);
    }

    // ---- the open room ----

    /** The id of the room that is shown; null if none is. */
    shown() {
        return this.conversation?.room.room_id ?? null;
    }

    /** Opens the room that the address names (#/5), perhaps at a message (#/5/42), or none. */
    #followAddress() {
        if (!this.rooms) {
            return;
        }
        this.address = location.hash;
        const [, room, message] =
            /^#\/(\d+)(?:\/(\d+))?$/u.exec(this.page ? location.hash : "") ?? [];
        const id = Number(room ?? 0);
        if (message) {
            this.openMessage(id, Number(message));
        } else if (id === (this.opening.id ?? 0)) {
            this.#drawPlaceholder();
        } else if (id) {
            this.open(id);
        } else {
            this.backToRooms();
        }
    }

    /** Closes the room; on a small screen the list is shown in its place. */
    backToRooms() {
        this.opening.cancel();
        this.#closeRoom();
        this.opening.id = null;
        this.shell.dataset.pane = "rooms";
        this.sidebar?.select(null);
        this.#drawPlaceholder();
        this.setAddress("");
    }

    /** `replace`: the address that is left leads nowhere, so Back must not return to it. */
    setAddress(hash, replace = false) {
        // The user has chosen another address meanwhile: its event is about to come.
        const isLeft = location.hash !== this.address;
        if (this.page && location.hash !== hash && !isLeft) {
            const address = hash || location.pathname + location.search;
            history[replace ? "replaceState" : "pushState"](null, "", address);
            this.address = location.hash;
        }
    }

    #closeRoom() {
        if (this.conversation) {
            this.places.set(this.shown(), this.conversation.timeline.place());
            this.conversation.close();
            this.conversation = null;
            this.shell.classList.remove("detailed");
            this.shell.append(this.placeholder.element);
            this.placeholder.clear();
        }
        this.placeholder.isTaken = false;
        this.skip.hidden = true;
        this.#drawTitle();
    }

    /**
     * Opens a room. The one that is shown stays until the other is there. `byUser`: the user asked
     * for it, so the input gets the focus.
     */
    open(id, byUser = false) {
        this.restored = null;
        this.opening.open(id, byUser);
    }

    /** Shows a room, which has just been read. */
    showRoom(room, byUser) {
        const id = room.room_id;
        this.#closeRoom();
        if (this.rooms?.get(id)) {
            this.rooms.put(room);
        }
        this.conversation = new Conversation({
            root: this.root,
            confab: this.confab,
            people: this.people,
            room,
            readOnly: this.readOnly,
            isShown: this.isShown,
            draft: this.drafts.get(id),
            place: this.places.get(id) ?? null,
            on: this.#conversationEvents(id, room),
        });
        this.placeholder.element.replaceWith(this.conversation.element);
        const silencedUntil = this.silences.get(id);
        if (Date.parse(silencedUntil) > Date.now()) {
            this.conversation.silenced(silencedUntil);
        }
        if (this.onlyRoom) {
            this.unseen = room.unread_count;
        }
        this.enterRoom(byUser);
    }

    /** Moves the view and the focus to the room that is shown. */
    enterRoom(byUser) {
        const id = this.shown();
        this.shell.dataset.pane = "room";
        this.skip.hidden = this.readOnly || this.conversation.isViewer;
        if (this.rooms) {
            this.last.set(id);
        }
        this.setAddress(`#/${id}`, !byUser && location.hash === "");
        this.#drawTitle();
        const { target } = this;
        this.target = null;
        if (target?.roomId === id) {
            this.conversation.timeline.goTo(target.messageId);
            return;
        }
        // On a touch screen the focus would open the keyboard.
        if (byUser && !window.matchMedia("(hover: none)").matches) {
            this.conversation.composer.focus();
        }
    }

    #conversationEvents(id, room) {
        return {
            back: () => this.backToRooms(),
            logout: this.onlyRoom && this.hasLogin ? () => this.actions.logout() : null,
            keepAccount: this.onlyRoom ? this.actions.keepAccount() : null,
            menu: this.rooms
                ? async () => {
                      const { roomActions } = await import("./rooms/room-menu.js");
                      return roomActions(this.actions.roomMenu(this.rooms.get(id) ?? room));
                  }
                : null,
            unread: this.rooms ? (messageId) => this.actions.markUnread(id, messageId) : null,
            markRead: () => this.actions.markRead(id),
            direct:
                this.rooms && !this.readOnly && !this.confab.user.is_guest
                    ? (userId) => this.actions.openDirect(userId)
                    : null,
            removed: (text) => this.#roomRemoved(id, text),
            // The event for the list names the actor.
            excluded: (text) => (this.rooms ? this.#leave(id) : this.#roomRemoved(id, text)),
            outsider: () => this.#offerJoin(room),
            banned: (name) => this.#banned(id, name),
            join: async () => {
                await this.confab.join(id);
                this.rooms?.refresh(id);
            },
            moderation: () => this.actions.openModeration(),
            failed: (error) => this.notices.showError(error),
            done: (text) => this.notices.show(text),
            draft: (draft) => this.drafts.set(id, draft),
            message: (message) => {
                this.rooms?.messageReceived(message);
                this.#receivedAlone(message);
                if (message.sender_id === this.confab.user?.user_id) {
                    this.tabs.tellMessage(message);
                }
            },
            messageChanged: (messageId, change) =>
                this.rooms?.messageChanged(id, messageId, change),
            roomChanged: (changed) => {
                const preferences = changed.me !== room.me && { me: changed.me };
                Object.assign(room, changed);
                if (this.rooms?.get(id)) {
                    const { name, is_private, is_admin, role, members_count } = changed;
                    const mine = { is_admin, role, ...preferences };
                    const shown = { name, is_private, members_count, ...mine };
                    this.rooms.put({ room_id: id, ...shown });
                }
            },
            read: (messageId) => this.#read(id, messageId),
        };
    }

    /** In one room alone: counts a message by another user. */
    #receivedAlone(message) {
        if (!this.onlyRoom || message.sender_id === this.confab.user?.user_id) {
            return;
        }
        this.emit("message", { message });
        this.unseen += this.conversation.readMark.isWatched() ? 0 : 1;
        this.#drawTitle();
    }

    /** The list has lost a room. The user knows why if `name` is null. */
    async #removedFrom(event, name) {
        const { room_id: id, is_banned: isBanned } = event;
        const words = name && (await import("./rooms/ended.js").catch(() => null));
        const text = words?.endText(event, name);
        if (text && isBanned && this.opening.id === id) {
            this.#showBan(id, text);
        } else {
            this.#roomRemoved(id, text);
        }
    }

    /** The channel of the open room was closed by a ban. */
    #banned(id, name) {
        const show = (text) => this.shown() === id && this.#showBan(id, text);
        import("./rooms/ended.js")
            .then(({ banOf }) => banOf(this.confab, id, name))
            .then(show, () => show(t("You are banned from this room.")));
    }

    /** The user is no longer a member of a room, or the room was deleted. */
    #roomRemoved(id, text) {
        this.rooms?.remove(id);
        if (this.onlyRoom && this.shown() === id) {
            const { room } = this.conversation;
            this.opening.cancel();
            this.#closeRoom();
            this.opening.id = null;
            if (room.is_private) {
                const title = t("You are no longer in this room");
                this.showProblem("chat", title, text ?? "", () => this.open(id), "forbidden");
            } else {
                this.#offerJoin(room);
            }
            return;
        }
        this.#leave(id);
        if (text) {
            this.notices.show(text);
        }
    }

    /** Closes a room that is shown, so that the browser's Back does not lead to it. */
    #leave(id) {
        if (this.shown() === id) {
            this.setAddress("", true);
            this.backToRooms();
        }
    }

    // ---- in place of a room ----

    /** Offers to join a public room that the user is not in. */
    #offerJoin(room) {
        const id = room.room_id;
        this.opening.cancel();
        this.#closeRoom();
        this.opening.id = id;
        this.placeholder.showJoin(room, async () => {
            await this.confab.join(id);
            this.rooms?.refresh(id);
            this.open(id, true);
        });
        this.shell.dataset.pane = "room";
        this.setAddress(`#/${id}`);
    }

    /** Says that the user is banned from a room, however that was found out. */
    #showBan(id, text) {
        this.rooms?.remove(id);
        this.opening.cancel();
        this.#closeRoom();
        this.opening.id = id;
        const title = t("This room cannot be shown");
        this.showProblem("lock", title, text, () => this.open(id), "banned");
        this.setAddress(`#/${id}`);
    }

    showProblem(iconName, title, text, retry, code) {
        this.emit("error", { message: `${title}. ${text}`, code });
        const logout = this.onlyRoom && this.hasLogin ? () => this.actions.logout() : null;
        this.placeholder.showProblem(iconName, { title, text, retry, logout });
        this.shell.dataset.pane = "room";
    }

    #drawPlaceholder() {
        if (
            !this.conversation &&
            this.rooms?.loaded &&
            !this.opening.id &&
            !this.placeholder.isTaken
        ) {
            this.placeholder.showNone(this.confab.user, this.rooms.byId.size > 0);
        }
    }
}
