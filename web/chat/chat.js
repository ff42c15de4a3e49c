// The shell around a logged-in user's chat: the rooms beside the open one, or one room alone.

import { Conversation } from "./conversation/conversation.js";
import { messageSummary } from "./conversation/message.js";
import { People } from "./people.js";
import { RoomList } from "./rooms/room-list.js";
import { Sidebar } from "./rooms/sidebar.js";
import { forgetStored, LastRoom } from "./stored.js";
import { button, errorText, iconButton } from "./ui/controls.js";
import { fill, h, isAttended } from "./ui/dom.js";
import { timeOfDay, watchDay } from "./ui/format.js";
import { icon } from "./ui/icons.js";
import { DesktopNotifications, Notices } from "./ui/notifications.js";
import { Tabs } from "./ui/tabs.js";
import { t, tn } from "./words.js";

export { Drafts } from "./drafts.js";

const TITLE = document.title;
/** The first and the longest pause (ms) before another try to open a room. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30000;
/** From this width (px) on there is a place for a room beside the list. */
const WIDE = 704;
/** How long (ms) a notification waits for a tab at which the user is looking. */
const OTHER_TABS_MS = 300;

/**
 * Fills `root` for the user of `confab`. `onlyRoom`, `page`, `readOnly`, `isShown` and `tell` as in
 * App; `hasLogin`: whether the user logs in and out here; `drafts` are this user's Drafts.
 * `loggedOut()` is called after the user has logged out, `languageChanged()` when the user has
 * chosen another language.
 */
export class Chat {
    constructor(options) {
        const { root, confab, onlyRoom, page, readOnly, hasLogin, isShown, tell } = options;
        const { drafts, loggedOut, languageChanged } = options;
        Object.assign(this, { root, confab, onlyRoom, page, readOnly, hasLogin, isShown, tell });
        Object.assign(this, { drafts, loggedOut, languageChanged });
        this.userId = confab.user.user_id;
        this.people = new People(confab, root, () => this.#peopleChanged());
        // In one room alone: messages that the user has not seen.
        this.unseen = 0;
        this.unreadTold = 0;
        this.notices = new Notices();
        this.desktop = new DesktopNotifications(() => {
            this.notices.show(t("This browser does not show desktop notifications."));
        });
        // Where the user was in each room, by its id.
        this.places = new Map();
        // The id of the room to be opened, or of the open one; what is shown is the conversation.
        this.opening = null;
        this.retryPause = RETRY_MS;
        this.last = new LastRoom(confab.url, this.userId);
        // The room to be opened once the list is there, unless the user chooses another one.
        this.restored = null;
        // The address that was followed, or set, last.
        this.address = location.hash;
        // Takes the place of the conversation while no room is open.
        this.placeholder = h("main.conversation");
        this.shell = h("div.shell", { "data-pane": "rooms" });
        this.skip = h(
            "a.skip",
            { href: "#confab-write", hidden: true, onclick: (event) => this.#skip(event) },
            t("Skip to the message field"),
        );
        fill(root, this.skip, this.shell, this.notices.kept, this.notices.element);
        this.tabs = new Tabs(`confab:${confab.url}:${confab.user.user_id}`, {
            read: (id, messageId) => this.rooms?.markRead(id, messageId),
            message: (message) => this.rooms?.messageReceived(message),
        });
        this.#listen();
        if (onlyRoom) {
            this.shell.classList.add("alone");
            fill(this.shell, this.placeholder);
            this.open(onlyRoom);
        } else {
            this.#showRooms();
        }
        // Without a connection it could not be loaded, and is needed to log out.
        (window.requestIdleCallback ?? setTimeout)(() => import("./ui/dialog.js").catch(() => {}));
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
        listen(window, "online", () => this.#retryOpening());
        listen(this.page ? document : this.root, "keydown", (event) => this.#key(event));
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
            removed: (id, text) => this.#roomRemoved(id, text),
            failed: (error) => this.notices.showError(error),
        });
        this.rooms.channel.on("state", (state) => state === "live" && this.#retryOpening());
        this.sidebar = new Sidebar({
            rooms: this.rooms,
            self: this.confab.user,
            people: this.people,
            readOnly: this.readOnly,
            on: this.#sidebarActions(),
        });
        fill(this.shell, this.sidebar.element, this.placeholder);
        if (this.root.clientWidth >= WIDE && !(this.page && location.hash)) {
            this.restored = this.last.get();
        }
        this.#followAddress();
    }

    close() {
        this.listening.abort();
        this.stopWatchingDay();
        this.#cancelOpening();
        this.#closeRoom();
        this.rooms?.close();
        this.rooms = null;
        this.tabs.close();
        this.people.close();
        this.notices.close();
        this.#drawTitle();
    }

    /** The user can see the chat now, or not any more: what is seen is read. */
    shownChanged() {
        this.conversation?.markSeen();
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
        if (isFind && !event.shiftKey && !event.altKey && this.sidebar && !this.#hasDialog()) {
            event.preventDefault();
            this.#openSwitcher();
        }
    }

    #openSwitcher() {
        const { root, confab, people } = this;
        const isAllowed = !this.readOnly;
        this.#withModule(import("./rooms/switcher.js"), ({ openSwitcher }) => {
            if (!this.#hasDialog()) {
                openSwitcher(root, {
                    confab,
                    people,
                    rooms: () => this.rooms.sorted(),
                    on: {
                        open: (id) => this.open(id, true),
                        search: (text) => this.#searchMessages(text),
                        direct: isAllowed ? (id) => this.#tryDirect(id) : null,
                    },
                });
            }
        });
    }

    async #tryDirect(userId) {
        try {
            await this.#openDirect(userId);
        } catch (error) {
            this.notices.showError(error);
        }
    }

    #hasDialog() {
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
        const isTaken = this.conversation?.takesFiles && !this.#hasDialog();
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
        if (this.#hasDialog()) {
            return;
        }
        if (this.conversation) {
            this.conversation.composer.showProblem(text);
        } else {
            this.notices.show(text);
        }
    }

    // ---- the rooms ----

    #sidebarActions() {
        const { root, confab, people } = this;
        const openNew = (room) => {
            this.rooms.put(room);
            this.open(room.room_id, true);
        };
        const isMember = (id) => Boolean(this.rooms.get(id));
        return {
            open: (id) => this.open(id, true),
            newRoom: () =>
                this.#withDialogs(({ newRoom }) =>
                    newRoom(root, async (room) => openNew(await confab.createRoom(room))),
                ),
            directMessage: () =>
                this.#withDialogs(({ directMessage }) =>
                    directMessage(root, confab, people, (user) => this.#openDirect(user.user_id)),
                ),
            findRoom: () =>
                this.#withDialogs(({ findRoom }) =>
                    findRoom(root, confab, isMember, async ({ room_id: id }, join) => {
                        if (join) {
                            await confab.join(id);
                        }
                        openNew(await confab.room(id));
                    }),
                ),
            hiddenRooms: () =>
                this.#withDialogs(({ hiddenRooms }) =>
                    hiddenRooms(root, confab, people, async ({ room_id: id }) => {
                        await confab.hideRoom(id, false);
                        openNew(await confab.room(id));
                    }),
                ),
            roomMenu: async (id) => {
                const { roomSheet } = await import("./rooms/room-menu.js");
                roomSheet(this.#roomMenu(this.rooms.get(id)));
            },
            readAll: async () => {
                try {
                    await confab.markAllRead();
                    this.rooms.load();
                } catch (error) {
                    this.notices.showError(error);
                }
            },
            hasNotifications: () => this.desktop.enabled,
            toggleNotifications: async () => this.notices.show(await this.desktop.toggle()),
            searchMessages: () => this.#searchMessages(),
            settings: () => this.#openSettings(),
            logout: this.hasLogin ? () => this.#logout() : null,
        };
    }

    #searchMessages(text = "") {
        const { root, confab, people } = this;
        const on = { open: (room, message) => this.#openMessage(room, message) };
        this.#withModule(import("./rooms/message-search.js"), ({ openMessageSearch }) =>
            openMessageSearch(root, { confab, people, text, on }),
        );
    }

    /** Opens a room at a message. */
    #openMessage(roomId, messageId) {
        this.target = { roomId, messageId };
        this.open(roomId);
    }

    /** What the menu of a room needs. */
    #roomMenu(room) {
        const id = room.room_id;
        return {
            root: this.root,
            confab: this.confab,
            room,
            name: this.people.roomName(room),
            on: {
                view: (me) => {
                    this.rooms?.setView(id, me);
                    if (me.is_hidden && this.#shown() === id) {
                        this.#backToRooms();
                    }
                },
                unread: async (messageId) => {
                    try {
                        await this.confab.markUnread(id, messageId);
                        if (this.#shown() === id) {
                            this.conversation.keepUnread(messageId);
                        }
                        this.rooms?.refresh(id);
                    } catch (error) {
                        this.notices.showError(error);
                    }
                },
                failed: (error) => this.notices.showError(error),
            },
        };
    }

    async #openDirect(userId) {
        const room = await this.confab.directRoom(userId);
        this.rooms.put(room);
        this.open(room.room_id, true);
    }

    /** Dialogs are loaded when they are opened for the first time. */
    async #withDialogs(open) {
        await this.#withModule(import("./rooms/dialogs.js"), open);
    }

    async #withModule(loading, use) {
        let loaded;
        try {
            loaded = await loading;
        } catch {
            this.notices.show(t("A part of this page could not be loaded."));
            return;
        }
        use(loaded);
    }

    #openSettings() {
        const saved = (before) => {
            if (before.locale !== this.confab.user.locale) {
                this.languageChanged();
            }
        };
        const passwordChanged = () => this.notices.show(t("Your password has been changed."));
        this.#withModule(import("./settings.js"), ({ openSettings }) =>
            openSettings(this.root, this.confab, {
                hasPassword: this.hasLogin,
                on: { saved, passwordChanged },
            }),
        );
    }

    /** Logging out drops what is not sent yet, so the user is asked first. */
    #logout() {
        this.endNotice?.();
        const unsent = this.confab.outbox.list().length;
        if (unsent > 0) {
            const question = {
                title: t("Log out?"),
                action: t("Log out"),
                text: tn(
                    unsent,
                    "{count} message not sent yet will be discarded.",
                    "{count} messages not sent yet will be discarded.",
                ),
                act: () => this.confab.logout(),
                then: () => this.#loggedOut(),
            };
            this.#withModule(import("./ui/dialog.js"), ({ confirm }) =>
                confirm(this.root, question),
            );
            return;
        }
        this.confab.logout().then(
            () => this.#loggedOut(),
            (error) => {
                this.endNotice = this.notices.keep(
                    t("You are still logged in. {reason}", { reason: errorText(error) }),
                    () => this.#logout(),
                    () => {},
                );
            },
        );
    }

    #loggedOut() {
        this.loggedOut();
        forgetStored(this.confab.url, this.userId);
    }

    #roomsChanged() {
        // The list may have been read before the open room was.
        if (this.conversation?.isWatched()) {
            this.rooms.markRead(this.#shown());
        }
        this.sidebar.draw();
        this.#drawTitle();
        if (this.restored && this.rooms.loaded && !this.opening) {
            const room = this.rooms.get(this.restored);
            this.restored = null;
            if (room) {
                this.open(room.room_id);
                return;
            }
        }
        this.#drawPlaceholder();
    }

    /** The page's title: the number of unread messages and the open room. */
    #drawTitle() {
        const unread = this.rooms?.unread() ?? this.unseen;
        if (this.unreadTold !== unread) {
            this.unreadTold = unread;
            this.tell("unread", { count: unread });
        }
        if (this.page) {
            const { room } = this.conversation ?? {};
            const name = room ? `${this.people.roomName(room)} – ${TITLE}` : TITLE;
            this.#drawBadge(unread);
            document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
        }
    }

    /** The badge of the installed page; other browsers have none. */
    #drawBadge(unread) {
        if (this.badge !== unread) {
            this.badge = unread;
            navigator.setAppBadge?.(unread).catch(() => {});
        }
    }

    #messageReceived(room, message) {
        const id = room.room_id;
        this.tell("message", { message });
        if (this.#shown() === id && this.conversation.isWatched()) {
            this.#read(id, message.message_id);
        }
        const name = this.people.name(message.sender_id, message.sender_username);
        const title = room.is_direct
            ? name
            : t("{name} in {room}", { name, room: this.people.roomName(room) });
        this.#notify(room, title, messageSummary(message));
    }

    #invited(room, user) {
        if (this.#shown() === room.room_id) {
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

    /** Notifies of something unless the user is looking at this chat, here or in another tab. */
    #notify(room, title, text) {
        if (isAttended() && this.isShown()) {
            this.tabs.tellAttended();
            return;
        }
        setTimeout(() => {
            // The other tab may have heard of it before this one.
            if (!this.tabs.attended(4 * OTHER_TABS_MS)) {
                this.desktop.notify(room, title, text, () => this.open(room.room_id, true));
            }
        }, OTHER_TABS_MS);
    }

    /** The user has seen a room up to this message. */
    #read(id, messageId) {
        this.unseen = 0;
        this.#drawTitle();
        this.rooms?.markRead(id);
        this.tabs.tellRead(id, messageId);
    }

    // ---- the open room ----

    /** The id of the room that is shown. */
    #shown() {
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
            this.#openMessage(id, Number(message));
        } else if (id === (this.opening ?? 0)) {
            this.#drawPlaceholder();
        } else if (id) {
            this.open(id);
        } else {
            this.#backToRooms();
        }
    }

    #backToRooms() {
        this.#cancelOpening();
        this.#closeRoom();
        this.opening = null;
        this.shell.dataset.pane = "rooms";
        this.sidebar?.select(null);
        this.#drawPlaceholder();
        this.#setAddress("");
    }

    /** `replace`: the address that is left leads nowhere, so Back must not return to it. */
    #setAddress(hash, replace = false) {
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
            this.places.set(this.#shown(), this.conversation.timeline.place());
            this.conversation.close();
            this.conversation = null;
            this.shell.classList.remove("detailed");
            this.shell.append(this.placeholder);
            fill(this.placeholder);
        }
        this.hasProblem = false;
        this.skip.hidden = true;
        this.#drawTitle();
    }

    /** Gives up opening a room; the one that is shown stays. */
    #cancelOpening() {
        clearTimeout(this.retryTimer);
        this.retryOpen = null;
        this.endOpening?.();
        this.endOpening = null;
        this.retryPause = RETRY_MS;
        this.opening = this.#shown();
    }

    #retryOpening() {
        this.retryOpen?.();
    }

    /**
     * Opens a room. The one that is shown stays until the other is there. `byUser`: the user asked
     * for it, so the input gets the focus.
     */
    open(id, byUser = false) {
        const isWaiting = this.opening === id && this.#shown() !== id && !this.hasProblem;
        if (isWaiting && !this.retryOpen) {
            return;
        }
        this.restored = null;
        this.#cancelOpening();
        this.opening = id;
        this.sidebar?.select(id);
        if (this.#shown() === id) {
            this.#showRoom(byUser);
        } else {
            this.#load(id, byUser);
        }
    }

    async #load(id, byUser) {
        clearTimeout(this.retryTimer);
        this.retryOpen = null;
        let room;
        try {
            room = await this.confab.room(id);
        } catch (error) {
            if (this.opening === id) {
                this.#openFailed(error, id, () => this.#load(id, byUser));
            }
            return;
        }
        // Another room was opened meanwhile, or this one by another try.
        if (this.opening !== id || this.#shown() === id) {
            return;
        }
        this.#cancelOpening();
        this.#closeRoom();
        this.opening = id;
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
        this.placeholder.replaceWith(this.conversation.element);
        if (this.onlyRoom) {
            this.unseen = room.unread_count;
        }
        this.#showRoom(byUser);
    }

    #showRoom(byUser) {
        this.shell.dataset.pane = "room";
        this.skip.hidden = this.readOnly;
        if (this.rooms) {
            this.last.set(this.opening);
        }
        this.#setAddress(`#/${this.opening}`, !byUser && location.hash === "");
        this.#drawTitle();
        const { target } = this;
        this.target = null;
        if (target?.roomId === this.opening) {
            this.conversation.timeline.goTo(target.messageId);
            return;
        }
        // On a touch screen the focus would open the keyboard.
        if (byUser && !window.matchMedia("(hover: none)").matches) {
            this.conversation.composer.focus();
        }
    }

    #openFailed(error, id, retry) {
        if (error.status === 401 && !error.foreign) {
            return; // the login is shown
        }
        const known = this.rooms?.get(id);
        const text =
            error.status === 404 && !error.foreign
                ? t("This room does not exist, or you are not a member.")
                : errorText(error);
        if (error.temporary) {
            this.retryOpen = retry;
            this.retryTimer = setTimeout(retry, this.retryPause);
            this.retryPause = Math.min(2 * this.retryPause, MAX_RETRY_MS);
        }
        if (!this.conversation) {
            this.#showProblem("warning", t("This room cannot be shown"), text, retry, error.code);
        } else if (error.temporary) {
            this.endOpening ??= this.notices.keep(
                known
                    ? t("“{room}” cannot be opened yet. {reason}", {
                          room: this.people.roomName(known),
                          reason: text,
                      })
                    : t("The room cannot be opened yet. {reason}", { reason: text }),
                () => this.#retryOpening(),
                () => this.#backToShown(),
            );
        } else {
            this.#backToShown();
            this.notices.show(text);
        }
        // It is gone, and its event was missed.
        if (error.status === 404 && !error.foreign && known) {
            this.rooms.remove(id);
        }
    }

    /** The room that was asked for cannot be opened; the address names the one that is shown. */
    #backToShown() {
        this.#cancelOpening();
        this.sidebar?.select(this.opening);
        this.#setAddress(`#/${this.opening}`, true);
    }

    #conversationEvents(id, room) {
        return {
            back: () => this.#backToRooms(),
            logout: this.onlyRoom && this.hasLogin ? () => this.#logout() : null,
            menu: this.rooms
                ? async () => {
                      const { roomActions } = await import("./rooms/room-menu.js");
                      return roomActions(this.#roomMenu(this.rooms.get(id) ?? room));
                  }
                : null,
            unread: this.rooms ? (messageId) => this.#roomMenu(room).on.unread(messageId) : null,
            direct: this.rooms && !this.readOnly ? (userId) => this.#openDirect(userId) : null,
            removed: (text) => this.#roomRemoved(id, text),
            outsider: () => this.#offerJoin(room),
            failed: (error) => this.notices.showError(error),
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
                    const { name, is_private, is_admin, members_count } = changed;
                    const shown = { name, is_private, is_admin, members_count, ...preferences };
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
        this.tell("message", { message });
        this.unseen += this.conversation.isWatched() ? 0 : 1;
        this.#drawTitle();
    }

    /** The user is no longer a member of a room, or the room was deleted. */
    #roomRemoved(id, text) {
        this.rooms?.remove(id);
        if (this.#shown() === id) {
            const { room } = this.conversation;
            this.#cancelOpening();
            this.#closeRoom();
            this.opening = null;
            if (this.onlyRoom && room.is_private) {
                const title = t("You are no longer in this room");
                this.#showProblem("chat", title, text ?? "", () => this.open(id), "forbidden");
                return;
            }
            if (this.onlyRoom) {
                this.#offerJoin(room);
                return;
            }
            // Not to the room that is gone by the browser's Back.
            this.#setAddress("", true);
            this.#backToRooms();
        }
        if (text) {
            this.notices.show(text);
        }
    }

    // ---- in place of a room ----

    /** Offers to join a public room that the user is not in. */
    #offerJoin(room) {
        const id = room.room_id;
        this.#cancelOpening();
        this.#closeRoom();
        this.opening = id;
        const problem = h("p.wrong", { role: "alert" });
        const join = button(
            t("Join room"),
            async () => {
                join.disabled = true;
                problem.textContent = "";
                try {
                    await this.confab.join(id);
                    this.rooms?.refresh(id);
                    this.open(id, true);
                } catch (error) {
                    problem.textContent = errorText(error);
                } finally {
                    join.disabled = false;
                }
            },
            "main",
        );
        const text = room.is_private
            ? t("You are not in this room.")
            : tn(
                  room.members_count,
                  "A public room with {count} member.",
                  "A public room with {count} members.",
              );
        const { people } = this;
        const actions = h("div.actions", join);
        this.#fillPlaceholder(
            people.roomAvatar(room),
            people.roomName(room),
            text,
            problem,
            actions,
        );
        this.hasProblem = true;
        this.shell.dataset.pane = "room";
        this.#setAddress(`#/${id}`);
    }

    #showProblem(iconName, title, text, retry, code) {
        this.tell("error", { message: `${title}. ${text}`, code });
        const again = h(
            "div.actions",
            button(t("Try again"), retry, "main"),
            this.onlyRoom && this.hasLogin && button(t("Log out"), () => this.#logout()),
        );
        this.#fillPlaceholder(h("span.round", icon(iconName)), title, text, again);
        this.hasProblem = true;
        this.shell.dataset.pane = "room";
    }

    #drawPlaceholder() {
        if (this.conversation || !this.rooms || this.opening || this.hasProblem) {
            return;
        }
        const symbol = h("span.round", icon("chat"));
        if (this.rooms.byId.size > 0) {
            const text = t("Your rooms are on the left, the most recently active first.");
            this.#fillPlaceholder(symbol, t("Choose a room"), text);
        } else {
            const { user_id: id, username } = this.confab.user;
            const title = t("Welcome, {name}", { name: this.people.name(id, username) });
            this.#fillPlaceholder(symbol, title, t("Create a room, or join a public one."));
        }
    }

    #fillPlaceholder(symbol, title, text, ...more) {
        const back = iconButton("back", t("All rooms"), () => this.#backToRooms());
        back.classList.add("to-rooms");
        fill(
            this.placeholder,
            h("div.bar.to-rooms", back),
            h("div.empty", symbol, h("h2", title), h("p", text), ...more),
        );
    }
}
