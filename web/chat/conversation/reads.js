// How far the others have read, as far as this page knows. The server sends read marks when they
// change and does not keep them for others, so they are remembered for the next load of the page.

import { oncePerFrame, storageOf } from "../ui/dom.js";

/** The most users remembered for a room, those who have read furthest. */
const MAX_STORED = 100;

export class Reads {
    /** `key` names the room's item in the browser's storage. */
    constructor(key) {
        this.key = key;
        this.storage = storageOf("localStorage");
        // By user id: {id: the last message read, name}.
        this.users = new Map();
        this.storeSoon = oncePerFrame(() => this.#store());
        try {
            this.users = new Map(JSON.parse(this.storage?.getItem(key) ?? "[]"));
        } catch {
            // Not ours; starts without.
        }
    }

    /** A user has read up to a message; marks never go back. */
    read(user, messageId) {
        if (messageId > (this.users.get(user)?.id ?? 0)) {
            this.#set(user, { id: messageId });
        }
    }

    name(user, name) {
        if (name !== this.users.get(user)?.name) {
            this.#set(user, { name });
        }
    }

    /** {user, name} of the users other than `self` who have read a message. */
    namesOf(messageId, self) {
        return [...this.users]
            .filter(([user, { id, name }]) => user !== self && name && id >= messageId)
            .map(([user, { name }]) => ({ user, name }));
    }

    #set(user, change) {
        this.users.set(user, { ...this.users.get(user), ...change });
        this.storeSoon();
    }

    #store() {
        const marks = [...this.users]
            .filter(([, { id }]) => id)
            .sort(([, a], [, b]) => b.id - a.id)
            .slice(0, MAX_STORED);
        try {
            this.storage?.setItem(this.key, JSON.stringify(marks));
        } catch {
            // The storage is full or forbidden: known until the page is closed.
        }
    }
}
