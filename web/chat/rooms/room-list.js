// The rooms of the user: read once, then kept right by what the notifications channel tells.

import { oncePerFrame, settled } from "../ui/dom.js";

/** Rooms read at a time; the most the server gives. */
const PAGE = 200;
/** How often the list is compared with the server's while somebody looks. */
const COMPARE_MS = 60000;

/** `on.changed()` is called, at most once a picture, when something is different; `on.message(room,
 * message)` at a message by somebody else; `on.gone(id, words)` when a room is the user's no more;
 * `on.failed(error)` when the list could not be read. */
export class Rooms {
    constructor(confab, self, on) {
        Object.assign(this, { confab, self, on });
        this.byId = new Map();
        this.loaded = false;
        this.turn = 0;
        this.touched = new Set();
        this.changed = oncePerFrame(() => on.changed());
        this.reload = settled(50, () => this.load());
        const channel = confab.openNotifications();
        channel.on("rooms", (page) => {
            if (page) {
                this.#take(page.results);
            } else {
                this.reload();
            }
        });
        channel.on("resync", () => this.reload());
        channel.on("state", () => this.changed());
        channel.on("new_message_notification", ({ message }) => this.#told(message));
        channel.on("room_created", ({ room }) => this.refresh(room.room_id));
        channel.on("room_invitation", (event) => this.refresh(event.room_id));
        channel.on("room_removed", (event) =>
            this.#lost(
                event.room_id,
                event.removed_by === self.username ? null : `${event.removed_by} removed you from`,
            ),
        );
        channel.on("room_deleted", (event) =>
            this.#lost(
                event.room_id,
                event.deleted_by === self.username ? null : `${event.deleted_by} deleted`,
            ),
        );
        this.channel = channel;
        this.compared = () => this.#compare();
        this.timer = setInterval(this.compared, COMPARE_MS);
        window.addEventListener("focus", this.compared);
        // Somebody waits for it: now, and once more when the channel tells from where on it knows.
        this.load();
    }

    close() {
        this.channel.close();
        clearInterval(this.timer);
        window.removeEventListener("focus", this.compared);
    }

    /** All rooms, page by page. What was read before a later call is older, and dropped. */
    async load() {
        const turn = (this.turn += 1);
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
            if (turn === this.turn) {
                this.on.failed(error);
            }
            return;
        }
        if (turn === this.turn) {
            this.#keepTouched(known);
            this.byId = known;
            this.loaded = true;
            this.changed();
        }
    }

    /** What events told while the list was under way may be newer than the list, or older. */
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

    /** Takes what no event tells here: new names of rooms, other words of last messages. Mostly
     * the answer is that nothing has changed (304, from the browser's own cache). */
    async #compare() {
        if (document.hidden || !this.loaded || this.channel.state !== "live") {
            return;
        }
        const before = new Map([...this.byId].map(([id, room]) => [id, room.last_message]));
        let page;
        try {
            page = await this.confab.rooms({ limit: PAGE });
        } catch {
            return; // the next time, then; the channel tells of a lost connection
        }
        for (const room of page.results) {
            const known = this.byId.get(room.room_id);
            if (known) {
                const { name, is_private, is_admin, members_count } = room;
                // An event may have been quicker than this answer.
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

    #take(rooms) {
        rooms.forEach((room) => this.byId.set(room.room_id, room));
        this.loaded = true;
        this.changed();
    }

    /** Reads one room again. */
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

    #lost(id, words) {
        const room = this.byId.get(id);
        this.remove(id);
        this.on.gone(id, words && room ? `${words} “${room.name}”.` : null);
    }

    async #told(message) {
        if (!this.byId.has(message.room_id)) {
            await this.refresh(message.room_id);
        }
        this.message(message);
        const room = this.byId.get(message.room_id);
        if (room) {
            this.on.message(room, message);
        }
    }

    /** There is a new message; heard from the room's channel and from this one, it counts once. */
    message(message) {
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

    /** A message is different; it may be the last one of its room. */
    messageChanged(id, roomId, change) {
        const room = this.byId.get(roomId);
        if (room?.last_message?.message_id === id) {
            room.last_message = { ...room.last_message, ...change };
            this.changed();
        }
    }

    read(id) {
        const room = this.byId.get(id);
        if (room && room.unread_count > 0) {
            room.unread_count = 0;
            this.changed();
        }
    }

    /** The latest active first. */
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
