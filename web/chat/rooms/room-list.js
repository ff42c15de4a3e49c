// The user's rooms: loaded once, then kept up to date by the notifications channel.

import { ShownState } from "../shown-state.js";
import { debounce, oncePerFrame } from "../ui/dom.js";

/** Rooms per request, the largest page that the server gives. */
const PAGE = 200;
/** How often the list is compared with the server's while the page is visible. */
const COMPARE_MS = 60000;

/**
 * Calls `on.changed()` after changes, at most once per frame; `on.message(room, message)` for a
 * message by someone else; `on.removed(id, text)` when the user is no longer in a room, with the
 * reason or null; `on.failed(error)` when a request failed.
 */
export class RoomList {
    constructor(confab, self, on) {
        Object.assign(this, { confab, self, on });
        this.byId = new Map();
        this.loaded = false;
        this.loadCount = 0;
        // Rooms changed by events while the list was loading.
        this.touched = new Set();
        this.changed = oncePerFrame(() => on.changed());
        this.reload = debounce(50, () => this.load());
        const channel = confab.openNotifications();
        channel.on("rooms", (page) => {
            // Load the whole list if it is longer than a page, or rooms are gone.
            if (page && page.count === this.byId.size && this.#knowsAll(page.results)) {
                this.#update(page.results);
            } else {
                this.reload();
            }
        });
        channel.on("resync", () => this.reload());
        this.shown = new ShownState(channel, () => this.changed());
        channel.on("new_message_notification", ({ message }) => this.#notified(message));
        channel.on("room_created", ({ room }) => this.refresh(room.room_id));
        channel.on("room_invitation", (event) => this.refresh(event.room_id));
        channel.on("room_removed", (event) =>
            this.#removed(
                event.room_id,
                event.removed_by === self.username ? null : `${event.removed_by} removed you from`,
            ),
        );
        channel.on("room_deleted", (event) =>
            this.#removed(
                event.room_id,
                event.deleted_by === self.username ? null : `${event.deleted_by} deleted`,
            ),
        );
        this.channel = channel;
        this.compare = () => this.#compare();
        this.timer = setInterval(this.compare, COMPARE_MS);
        window.addEventListener("focus", this.compare);
        // Load now, since the user is waiting; the channel's first event loads once more.
        this.load();
    }

    close() {
        this.channel.close();
        clearInterval(this.timer);
        window.removeEventListener("focus", this.compare);
    }

    /** Loads all rooms, page by page. If called again meanwhile, the earlier result is dropped. */
    async load() {
        this.loadCount += 1;
        const own = this.loadCount;
        const known = new Map();
        this.touched = new Set();
        try {
            let page = await this.confab.rooms({ limit: PAGE });
            for (;;) {
                page.results.forEach((room) => known.set(room.room_id, room));
                if (!page.next) {
                    break;
                }
                page = await this.confab.follow(page.next);
            }
        } catch (error) {
            if (own === this.loadCount) {
                this.on.failed(error);
            }
            return;
        }
        if (own === this.loadCount) {
            this.#keepTouched(known);
            this.byId = known;
            this.loaded = true;
            this.changed();
        }
    }

    /** Rooms changed by events while the list was loading may be newer than the list, or older. */
    #keepTouched(known) {
        for (const id of this.touched) {
            if (this.byId.has(id)) {
                known.set(id, this.byId.get(id));
                this.refresh(id);
            } else {
                known.delete(id);
            }
        }
    }

    /**
     * Updates what no event reports here: renamed rooms, edited last messages. Mostly nothing has
     * changed, and the browser answers from its cache after a 304.
     */
    async #compare() {
        if (document.hidden || !this.loaded || this.channel.state !== "live") {
            return;
        }
        const before = new Map([...this.byId].map(([id, room]) => [id, room.last_message]));
        let page;
        try {
            page = await this.confab.rooms({ limit: PAGE });
        } catch {
            return; // tried again next time; the channel reports a lost connection
        }
        for (const room of page.results) {
            const known = this.byId.get(room.room_id);
            if (known) {
                const { name, is_private, is_admin, members_count } = room;
                // If an event changed the last message during the request, the event is newer.
                const { last_message: last } = known;
                const isSame =
                    last === before.get(room.room_id) &&
                    last?.message_id === room.last_message?.message_id;
                this.put({
                    room_id: room.room_id,
                    name,
                    is_private,
                    is_admin,
                    members_count,
                    last_message: isSame ? room.last_message : last,
                });
            }
        }
    }

    #knowsAll(rooms) {
        return rooms.every((room) => this.byId.has(room.room_id));
    }

    #update(rooms) {
        rooms.forEach((room) => this.byId.set(room.room_id, room));
        this.loaded = true;
        this.changed();
    }

    /** Loads one room again. */
    async refresh(id) {
        try {
            this.put(await this.confab.room(id));
        } catch (error) {
            if (error.status !== 404) {
                this.on.failed(error);
            }
        }
    }

    put(room) {
        this.touched.add(room.room_id);
        this.byId.set(room.room_id, { ...this.byId.get(room.room_id), ...room });
        this.changed();
    }

    get(id) {
        return this.byId.get(id);
    }

    remove(id) {
        this.touched.add(id);
        this.byId.delete(id);
        this.changed();
    }

    #removed(id, reason) {
        const room = this.byId.get(id);
        this.remove(id);
        this.on.removed(id, reason && room ? `${reason} “${room.name}”.` : null);
    }

    async #notified(message) {
        if (!this.byId.has(message.room_id)) {
            await this.refresh(message.room_id);
        }
        this.messageReceived(message);
        const room = this.byId.get(message.room_id);
        if (room) {
            this.on.message(room, message);
        }
    }

    /** Counts a new message, once though both the room's channel and this one report it. */
    messageReceived(message) {
        const room = this.byId.get(message.room_id);
        if (!room || message.message_id <= (room.last_message?.message_id ?? 0)) {
            return;
        }
        this.touched.add(room.room_id);
        room.last_message = message;
        room.message_count += 1;
        room.unread_count = message.sender_id === this.self.user_id ? 0 : room.unread_count + 1;
        this.changed();
    }

    /** A message was edited or deleted; it may be the last one of its room. */
    messageChanged(roomId, messageId, change) {
        const room = this.byId.get(roomId);
        if (room?.last_message?.message_id === messageId) {
            room.last_message = { ...room.last_message, ...change };
            this.changed();
        }
    }

    markRead(id) {
        const room = this.byId.get(id);
        if (room && room.unread_count > 0) {
            room.unread_count = 0;
            this.changed();
        }
    }

    /** All rooms, most recently active first. */
    sorted() {
        const active = (room) => room.last_message?.created_at ?? room.created_at;
        return [...this.byId.values()].sort((a, b) => {
            const [first, second] = [active(a), active(b)];
            return first < second ? 1 : first > second ? -1 : b.room_id - a.room_id;
        });
    }

    unread() {
        return [...this.byId.values()].reduce((sum, room) => sum + room.unread_count, 0);
    }
}
