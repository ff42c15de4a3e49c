// What the chat keeps in the browser for a user, by the beginnings of its names. After a
// logout nothing is left for the next user.

import { storageOf } from "./ui/dom.js";

const KINDS = ["draft", "reads", "direct", "last", "held"];

/** The beginning of the names of one kind; `site` is the address of the chat. */
export const storedPrefix = (kind, site, userId) => `confab-${kind}:${site}:${userId}:`;

/** Removes all that is stored for a user. */
export function forgetStored(site, userId) {
    const storage = storageOf("localStorage");
    const prefixes = KINDS.map((kind) => storedPrefix(kind, site, userId));
    Object.keys(storage ?? {})
        .filter((key) => prefixes.some((prefix) => key.startsWith(prefix)))
        .forEach((key) => storage.removeItem(key));
}

/** The room that the user had open last, by its id; null if it is not known. */
export class LastRoom {
    constructor(site, userId) {
        this.key = `${storedPrefix("last", site, userId)}room`;
        this.storage = storageOf("localStorage");
    }

    get() {
        return Number(this.storage?.getItem(this.key)) || null;
    }

    set(roomId) {
        try {
            this.storage?.setItem(this.key, String(roomId));
        } catch {
            // The storage is full: the next visit begins without a room.
        }
    }
}
