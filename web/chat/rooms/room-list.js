// The user's rooms: loaded once, then kept up to date by the notifications channel.

import { ShownState } from "../shown-state.js";
import { debounce, oncePerFrame } from "../ui/dom.js";
import { visibleName } from "../ui/format.js";

/** Rooms per request, the largest page that the server gives. */
const PAGE = 200;
/** How often the list is compared with the server's. */
const COMPARE_MS = 60000;
/** A comparison leaves alone what was changed here in this time (ms): the server may not know. */
const SETTLED_MS = 3000;
/** The first and the longest pause (ms) before the list is requested again after a failure. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30000;
/** How often a room is requested that changes while it is requested. */
const MAX_REFRESHES = 3;

/** How long a message that mentions the user may take to arrive after its event. */
const MENTION_MS = 1000;

const isMuted = ({ me }) => Boolean(me?.muted_until) && new Date(me.muted_until) > new Date();

/** Whether the user is not notified of this message in this room. */
export const isQuiet = (room, isMention = false) =>
    isMuted(room) || room.me?.notify === "none" || (room.me?.notify === "mentions" && !isMention);

/**
 * Calls `on.changed()` after changes, at most once per frame; `on.message(room, message)` for a
 * message by someone else; `on.invited(room, user)`; `on.removed(id, text)` when the user is no
 * longer in a room, with the reason or null; `on.failed(error)` when a request failed. If the list
 * could not be loaded, `failure` is the error, and it is requested again.
 */
export class RoomList {
    constructor(confab, self, on) {
        Object.assign(this, { confab, self, on });
        this.byId = new Map();
        this.loaded = false;
        this.loadCount = 0;
        this.failure = null;
        this.retryPause = RETRY_MS;
        // When a room was changed here, by an event or the user; by room id.
        this.touchedAt = new Map();
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
        channel.on("state", (state) => state === "live" && this.failure && this.reload());
        channel.on("new_message_notification", ({ message }) => this.#notified(message));
        channel.on("read_changed", (event) => this.#readElsewhere(event));
        channel.on("mentioned", (event) => this.#mentioned(event));
        channel.on("preferences_changed", ({ room_id: id, me }) => this.setView(id, me));
        channel.on("unread", (room) => {
            if (this.byId.has(room.room_id)) {
                this.put(room);
            }
        });
        channel.on("room_created", ({ room_id: id }) => this.refresh(id));
        channel.on("room_invitation", (event) => this.#invited(event));
        channel.on("room_removed", (event) => this.#removed(event, event.removed_by));
        channel.on("room_deleted", (event) => this.#removed(event, event.deleted_by));
        this.channel = channel;
        this.compare = () => this.#compare();
        this.timer = setInterval(this.compare, COMPARE_MS);
        window.addEventListener("focus", this.compare);
        document.addEventListener("visibilitychange", this.compare);
        // Load now, since the user is waiting; the channel's first event loads once more.
        this.load();
    }

    close() {
        this.channel.close();
        this.loadCount += 1;
        clearInterval(this.timer);
        clearTimeout(this.retryTimer);
        this.changed.cancel();
        // What was requested before may still come.
        this.changed = () => {};
        this.reload.cancel();
        window.removeEventListener("focus", this.compare);
        document.removeEventListener("visibilitychange", this.compare);
    }

    /** Requests all rooms, page by page. Resolves to a map by id. */
    async #request() {
        const known = new Map();
        let page = await this.confab.rooms({ limit: PAGE });
        for (;;) {
            page.results.forEach((room) => known.set(room.room_id, room));
            if (!page.next) {
                return known;
            }
            page = await this.confab.follow(page.next);
        }
    }

    /** Loads all rooms. If called again meanwhile, the earlier result is dropped. */
    async load() {
        this.loadCount += 1;
        const own = this.loadCount;
        const began = performance.now();
        clearTimeout(this.retryTimer);
        let known;
        try {
            known = await this.#request();
        } catch (error) {
            if (own === this.loadCount) {
                this.#loadFailed(error);
            }
            return;
        }
        if (own === this.loadCount) {
            this.#keepTouched(known, began);
            known.forEach((room, id) => {
                room.invitedBy = this.byId.get(id)?.invitedBy;
            });
            this.byId = known;
            this.loaded = true;
            this.failure = null;
            this.retryPause = RETRY_MS;
            this.changed();
        }
    }

    #loadFailed(error) {
        if (this.loaded) {
            this.on.failed(error);
        }
        this.failure = error;
        if (error.temporary) {
            this.retryTimer = setTimeout(() => this.load(), this.retryPause);
            this.retryPause = Math.min(2 * this.retryPause, MAX_RETRY_MS);
        }
        this.changed();
    }

    /** Rooms changed by events while the list was loading may be newer than the list, or older. */
    #keepTouched(known, began) {
        for (const [id, time] of this.touchedAt) {
            if (time < began) {
                continue;
            }
            if (this.byId.has(id)) {
                known.set(id, this.byId.get(id));
                this.refresh(id);
            } else {
                known.delete(id);
            }
        }
    }

    /**
     * Updates what no event reports here: renamed rooms, edited last messages, what the user has
     * read or written on another device. Mostly nothing has changed, and the browser answers from
     * its cache after a 304. A hidden page shows no more than its number of unread messages.
     */
    async #compare() {
        const isOfUse = !document.hidden || this.unread() > 0;
        if (!isOfUse || !this.loaded || this.channel.state !== "live") {
            return;
        }
        const began = performance.now();
        const own = this.loadCount;
        let listed;
        try {
            listed = await this.#request();
        } catch {
            return; // tried again next time; the channel reports a lost connection
        }
        if (own !== this.loadCount) {
            return; // loaded once more meanwhile, or closed
        }
        for (const room of listed.values()) {
            const id = room.room_id;
            const known = this.byId.get(id);
            if (known) {
                const isSettled = !this.#touchedSince(id, began - SETTLED_MS);
                const ours = known.last_message?.message_id ?? 0;
                const isNewer = (room.last_message?.message_id ?? 0) > ours;
                const { last_message, message_count, unread_count, unread_mentions, me } =
                    isSettled || isNewer ? room : known;
                const counts = { message_count, unread_count, unread_mentions };
                this.#merge({ ...room, last_message, ...counts, me });
            } else if (!this.#touchedSince(id, began)) {
                this.#merge(room);
            }
        }
        // In a list of several pages, a room may have moved from one to another meanwhile.
        const gone = listed.size > PAGE ? [] : [...this.byId.keys()];
        gone.filter((id) => !listed.has(id) && !this.#touchedSince(id, began)).forEach((id) =>
            this.remove(id),
        );
    }

    #touch(id) {
        this.touchedAt.set(id, performance.now());
    }

    #touchedSince(id, time) {
        return (this.touchedAt.get(id) ?? -Infinity) >= time;
    }

    #knowsAll(rooms) {
        return rooms.every((room) => this.byId.has(room.room_id));
    }

    #update(rooms) {
        rooms.forEach((room) => this.byId.set(room.room_id, room));
        this.loaded = true;
        this.changed();
    }

    /** Loads one room again; once more if it was changed meanwhile: the answer may be older. */
    async refresh(id) {
        try {
            let began;
            let room;
            let tries = 0;
            do {
                began = performance.now();
                room = await this.confab.room(id);
                tries += 1;
            } while (tries < MAX_REFRESHES && this.#touchedSince(id, began));
            this.put(room);
        } catch (error) {
            if (error.status !== 404 || error.foreign) {
                this.on.failed(error);
            }
        }
    }

    put(room) {
        this.#touch(room.room_id);
        this.#merge(room);
    }

    #merge(room) {
        this.byId.set(room.room_id, { ...this.byId.get(room.room_id), ...room });
        this.changed();
    }

    get(id) {
        return this.byId.get(id);
    }

    remove(id) {
        this.#touch(id);
        this.byId.delete(id);
        this.changed();
    }

    #removed(event, by) {
        const room = this.byId.get(event.room_id);
        this.remove(event.room_id);
        const isOwn = by === this.self.username;
        this.on.removed(event, room && !isOwn ? visibleName(room.name) : null);
    }

    async #invited({ room_id: id, invited_by: inviter }) {
        await this.refresh(id);
        const room = this.byId.get(id);
        if (room && inviter !== this.self.username) {
            this.put({ room_id: id, invitedBy: inviter });
            this.on.invited(this.byId.get(id), inviter);
        }
    }

    async #notified(message) {
        if (!this.byId.has(message.room_id)) {
            await this.refresh(message.room_id);
        }
        this.messageReceived(message);
        const room = this.byId.get(message.room_id);
        // While polling, messages come whatever the user has set.
        if (room && !isQuiet(room, this.#isForUser(message))) {
            this.on.message(room, message);
        }
    }

    /** In a muted room there is no other event of the message. */
    #mentioned({ room_id: id, message_id: messageId }) {
        const isUnknown = () => (this.byId.get(id)?.last_message?.message_id ?? 0) < messageId;
        setTimeout(() => isUnknown() && this.refresh(id), MENTION_MS);
    }

    #isForUser({ mentions }) {
        return mentions?.all || mentions?.user_ids.includes(this.self.user_id);
    }

    /** What the user has set for a room; one that is hidden, or shown again, is loaded. */
    setView(id, me) {
        const known = this.byId.get(id);
        if (me.is_hidden) {
            this.remove(id);
        } else if (known) {
            this.put({ room_id: id, me });
        } else {
            this.refresh(id);
        }
    }

    /** Counts a new message, once though both the room's channel and this one report it. */
    messageReceived(message) {
        const room = this.byId.get(message.room_id);
        if (!room || message.message_id <= (room.last_message?.message_id ?? 0)) {
            return;
        }
        this.#touch(room.room_id);

        room.invitedBy = null;
        room.last_message = message;
        room.message_count += 1;
        if (message.sender_id === this.self.user_id) {
            room.unread_count = 0;
            room.unread_mentions = 0;
        } else if (message.message_id > (room.readUpTo ?? 0)) {
            room.unread_count += 1;
            room.unread_mentions += this.#isForUser(message) ? 1 : 0;
        }
        this.changed();
    }

    /** Read on another device. The messages up to there may still be under way to this one. */
    #readElsewhere({ room_id: id, last_read_message_id: readUpTo, unread_count: count }) {
        const room = this.byId.get(id);
        if (room) {
            const isAll = (room.last_message?.message_id ?? 0) <= readUpTo;
            const mentions = isAll ? 0 : room.unread_mentions;
            const counts = { unread_count: isAll ? 0 : count, unread_mentions: mentions };
            this.put({ room_id: id, readUpTo, ...counts });
            if (!isAll) {
                this.refresh(id);
            }
        }
    }

    /** A message was edited or deleted; it may be the last one of its room. */
    messageChanged(roomId, messageId, change) {
        const room = this.byId.get(roomId);
        if (room?.last_message?.message_id === messageId) {
            room.last_message = { ...room.last_message, ...change };
            this.changed();
        }
    }

    /** The room was read; `messageId`: up to this message, in another tab. */
    markRead(id, messageId = Infinity) {
        const room = this.byId.get(id);
        const isAll = room && (room.last_message?.message_id ?? 0) <= messageId;
        if (isAll && (room.unread_count > 0 || room.invitedBy)) {
            this.#touch(id);
            room.unread_count = 0;
            room.unread_mentions = 0;
            room.invitedBy = null;
            this.changed();
        }
    }

    /** All rooms, favourites first, then most recently active first. */
    sorted() {
        const active = ({ me, last_message: last, created_at: created }) =>
            (me?.is_favorite ? "1" : "0") + (last?.created_at ?? created);
        return [...this.byId.values()].sort((a, b) => {
            const [first, second] = [active(a), active(b)];
            return first < second ? 1 : first > second ? -1 : b.room_id - a.room_id;
        });
    }

    /** The number of unread messages; of rooms that are muted, only those that mention the user. */
    unread() {
        return [...this.byId.values()].reduce(
            (sum, room) => sum + (isQuiet(room) ? room.unread_mentions : room.unread_count),
            0,
        );
    }
}
