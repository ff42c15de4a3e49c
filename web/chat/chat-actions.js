// Actions besides reading and writing: dialogs, menus, search, settings, logging out. Most
// of it is in modules that are loaded at their first use.

import { forgetStored } from "./stored.js";
import { errorText } from "./ui/controls.js";
import { t, tn } from "./words.js";

/**
 * The actions of a Chat. They use its list of rooms and its open conversation, and its methods
 * open(), openMessage(), shown(), backToRooms() and hasDialog().
 */
export class ChatActions {
    constructor(chat) {
        const { root, confab, people, notices, readOnly, hasLogin } = chat;
        Object.assign(this, { chat, root, confab, people, notices, readOnly, hasLogin });
        this.hasSearch = true;
        // The module of the dialog that Ctrl-K opens, once it is loaded.
        this.switcher = null;
    }

    /**
     * Loads what a key opens: what is typed after that key is for the dialog, and would go to the
     * message while it was loading.
     */
    prepareKeys() {
        import("./rooms/switcher.js").then(
            (switcher) => Object.assign(this, { switcher }),
            () => {},
        );
    }

    /** Offers no search of messages where the server has none. */
    async useFeatures() {
        try {
            const features = await this.confab.features();
            this.hasSearch = features.includes("search");
            this.chat.sidebar?.offerSearch(this.hasSearch);
            this.chat.sidebar?.offerAccount(features.includes("registration"));
        } catch {
            // It stays; the server says why it does not search.
        }
    }

    /** The buttons and menus of the sidebar. */
    sidebar() {
        const { chat, root, confab, people, notices } = this;
        const { desktop } = chat.attention;
        const openNew = (room) => {
            chat.rooms.put(room);
            chat.open(room.room_id, true);
        };
        const isMember = (id) => Boolean(chat.rooms.get(id));
        return {
            open: (id) => chat.open(id, true),
            newRoom: () =>
                this.#withDialogs(({ newRoom }) =>
                    newRoom(root, async (room) => openNew(await confab.createRoom(room))),
                ),
            directMessage: () =>
                this.#withDialogs(({ directMessage }) =>
                    directMessage(root, confab, people, (user) => this.openDirect(user.user_id)),
                ),
            findRoom: () =>
                this.#withDialogs(({ findRoom }) =>
                    findRoom(root, confab, isMember, async ({ room_id: id }, join) => {
                        if (join) {
                            await confab.join(id);
                            openNew(await confab.room(id));
                        } else {
                            chat.open(id, true);
                        }
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
                roomSheet(this.roomMenu(chat.rooms.get(id)));
            },
            readAll: async () => {
                try {
                    await confab.markAllRead();
                    chat.rooms.load();
                } catch (error) {
                    notices.showError(error);
                }
            },
            hasNotifications: () => desktop.enabled,
            toggleNotifications: async () => notices.show(await desktop.toggle()),
            searchMessages: () => this.#searchMessages(),
            settings: () => this.#openSettings(),
            moderates: () => this.#moderates(),
            moderation: () => this.openModeration(),
            logout: this.hasLogin ? () => this.logout() : null,
            keepAccount: this.keepAccount(),
        };
    }

    /** What the menu of a room needs. */
    roomMenu(room) {
        const { chat, confab, notices } = this;
        const id = room.room_id;
        return {
            root: this.root,
            confab,
            room,
            name: this.people.roomName(room),
            on: {
                view: (me) => {
                    chat.rooms?.setView(id, me);
                    if (me.is_hidden && chat.shown() === id) {
                        chat.backToRooms();
                    }
                },
                unread: (messageId) => this.markUnread(id, messageId),
                read: () => this.markRead(id),
                failed: (error) => notices.showError(error),
            },
        };
    }

    /** Marks a message of a room and those after it as unread. */
    async markUnread(id, messageId) {
        await this.#mark(id, messageId, () => this.confab.markUnread(id, messageId));
    }

    /** Marks a room as read up to its last message. */
    async markRead(id) {
        const last = this.chat.rooms.get(id)?.last_message;
        await this.#mark(id, 0, () => last && this.confab.markRead(id, last.message_id));
    }

    async #mark(id, firstUnread, request) {
        const { chat } = this;
        try {
            await request();
            if (chat.shown() === id) {
                chat.conversation.readMark.keepUnread(firstUnread);
            }
            chat.rooms?.refresh(id);
        } catch (error) {
            this.notices.showError(error);
        }
    }

    /** The dialog that finds a room, a user or a message by the keyboard. */
    openSwitcher() {
        const { chat, root, confab, people } = this;
        const isAllowed = !this.readOnly && !confab.user.is_guest;
        const open = ({ openSwitcher }) => {
            if (!chat.hasDialog()) {
                openSwitcher(root, {
                    confab,
                    people,
                    rooms: () => chat.rooms.sorted(),
                    on: {
                        open: (id) => chat.open(id, true),
                        search: this.hasSearch ? (text) => this.#searchMessages(text) : null,
                        direct: isAllowed ? (id) => this.#tryDirect(id) : null,
                    },
                });
            }
        };
        // At once, if it can be: even a module that is there is imported later.
        if (this.switcher) {
            open(this.switcher);
        } else {
            this.#withModule(import("./rooms/switcher.js"), open);
        }
    }

    async #tryDirect(userId) {
        try {
            await this.openDirect(userId);
        } catch (error) {
            this.notices.showError(error);
        }
    }

    /** Opens the direct room with a user. */
    async openDirect(userId) {
        const room = await this.confab.directRoom(userId);
        this.chat.rooms.put(room);
        this.chat.open(room.room_id, true);
    }

    #searchMessages(text = "") {
        const { chat, root, confab, people } = this;
        const on = { open: (room, message) => chat.openMessage(room, message) };
        this.#withModule(import("./rooms/message-search.js"), ({ openMessageSearch }) =>
            openMessageSearch(root, { confab, people, text, on }),
        );
    }

    #openSettings() {
        const saved = (before) => {
            if (before.locale !== this.confab.user.locale) {
                this.chat.languageChanged();
            }
        };
        const passwordChanged = () => this.notices.show(t("Your password has been changed."));
        this.#withModule(import("./settings.js"), ({ openSettings }) =>
            openSettings(this.root, this.confab, {
                hasPassword: this.hasLogin,
                on: {
                    saved,
                    passwordChanged,
                    keepAccount: this.keepAccount(),
                    erase: (erasure) => this.#erase(erasure),
                },
            }),
        );
    }

    /** For guests: opens the dialog that makes a user of them; null for others. */
    keepAccount() {
        const { chat, root, confab } = this;
        return confab.user.is_guest && this.hasLogin
            ? () =>
                  this.#withModule(import("./account/keep.js"), ({ openKeepAccount }) =>
                      openKeepAccount(root, confab, () => chat.languageChanged()),
                  )
            : null;
    }

    /** Of the whole site. */
    get #isModerator() {
        return Boolean(this.confab.user?.is_moderator);
    }

    /** The rooms that the user moderates, the most recently active first. */
    #moderated() {
        const { rooms, conversation } = this.chat;
        const known = rooms ? rooms.sorted() : [conversation?.room].filter(Boolean);
        const moderates = (room) => room.is_admin || room.role === "moderator" || this.#isModerator;
        return known.filter((room) => !room.is_direct && moderates(room));
    }

    #moderates() {
        return this.#isModerator || this.#moderated().length > 0;
    }

    /** Counts the cases of a moderator, once the user is known to be one. */
    watchCases() {
        if (this.#moderates()) {
            this.watching ??= this.#countCases();
        }
        return this.watching;
    }

    async #countCases() {
        try {
            const { OpenCases } = await import("./moderation/open-cases.js");
            if (!this.isClosed) {
                this.cases = new OpenCases(this.confab, this.chat.rooms?.channel ?? null);
                this.cases.on("change", () => this.chat.sidebar?.drawCases(this.cases.count));
            }
        } catch {
            this.watching = null;
        }
    }

    close() {
        this.isClosed = true;
        this.cases?.close();
    }

    /** The page for moderators. */
    async openModeration() {
        await this.watchCases();
        const { chat, root, confab, people, cases } = this;
        if (!cases) {
            this.notices.show(t("A part of this page could not be loaded."));
            return;
        }
        this.#withModule(import("./moderation/moderation.js"), ({ openModeration }) =>
            openModeration({
                root,
                confab,
                people,
                rooms: this.#moderated(),
                cases,
                open: (roomId, messageId) => chat.openMessage(roomId, messageId),
                failed: (error) => this.notices.showError(error),
            }),
        );
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

    // ---- logging out ----

    /** Logging out drops what is not sent yet, so the user is asked first. */
    logout() {
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
                    () => this.logout(),
                    () => {},
                );
            },
        );
    }

    /** Deletes the account, which ends all sessions, also this one. */
    async #erase(erasure) {
        await this.confab.eraseAccount(erasure);
        try {
            await this.confab.logout();
        } catch {
            // The session has ended with the account.
        }
        this.#loggedOut(t("Your account has been deleted."));
    }

    #loggedOut(reason = null) {
        this.chat.loggedOut(reason);
        forgetStored(this.confab.url, this.chat.userId);
    }
}
