// The other user of each direct room: rooms have the name of that user, but not the id. It
// never changes, so it is remembered in the browser.

import { storedPrefix } from "../stored.js";
import { storageOf } from "../ui/dom.js";

export class DirectUsers {
    #byRoom = new Map();
    #wanted = new Set();
    #isAsking = false;
    #isClosed = false;

    /** Calls `changed()` when another one is known. */
    constructor(confab, changed) {
        Object.assign(this, { confab, changed });
        this.self = confab.user?.user_id;
        this.key = storedPrefix("direct", confab.url, this.self);
        this.storage = storageOf("localStorage");
        try {
            this.#byRoom = new Map(JSON.parse(this.storage?.getItem(this.key) ?? "[]"));
        } catch {
            // The item was not written by this page: starts without it.
        }
    }

    close() {
        this.#isClosed = true;
    }

    /** The id of the other user, null if it is not known yet. */
    get(room) {
        const id = room.room_id;
        const known = this.#byRoom.get(id);
        if (known) {
            return known;
        }
        const sender = room.last_message?.sender_id ?? this.self;
        if (sender !== this.self) {
            this.#learn(id, sender);
            return sender;
        }
        this.#wanted.add(id);
        this.#ask();
        return null;
    }

    /** Requests the members of these rooms, one room after the other. */
    async #ask() {
        if (this.#isAsking) {
            return;
        }
        this.#isAsking = true;
        try {
            for (const id of this.#wanted) {
                const { results } = await this.confab.members(id, { limit: 2 });
                const other = results.find((member) => member.user_id !== this.self);
                this.#wanted.delete(id);
                if (other && !this.#isClosed) {
                    this.#learn(id, other.user_id);
                    this.changed();
                }
            }
        } catch {
            // Asked again when the list of rooms is drawn the next time.
            this.#wanted.clear();
        }
        this.#isAsking = false;
    }

    #learn(roomId, userId) {
        this.#byRoom.set(roomId, userId);
        try {
            this.storage?.setItem(this.key, JSON.stringify([...this.#byRoom]));
        } catch {
            // The storage is full: known until the page is closed.
        }
    }
}
