/**
 * Stores unsent messages, one item of the Web Storage for each, so that tabs do not overwrite each
 * other's.
 *
 * A later tab takes over the items of a closed one. Each tab holds a lock while it is open, which
 * tells whether it is closed; in browsers without locks, all items found at the start count as
 * left behind.
 */

const LOCK = "confab-tab-";

export class OutboxStorage {
    /** `storage` may be null. `locks` is navigator.locks or null. */
    constructor(storage, locks, prefix) {
        this.storage = storage;
        this.locks = locks;
        this.prefix = prefix;
        this.tab = Math.random().toString(36).slice(2);
        this.release = null;
        this.open();
    }

    /** Holds the lock that tells other tabs that this one is open. */
    open() {
        if (this.storage && this.locks && !this.release) {
            const held = new Promise((resolve) => {
                this.release = resolve;
            });
            this.locks.request(LOCK + this.tab, () => held).catch(() => {});
        }
    }

    /** The client is closed: other tabs may take over what is not sent. */
    close() {
        this.release?.();
        this.release = null;
    }

    put(userId, entry) {
        const text = JSON.stringify({ ...entry, tab: this.tab });
        this.#try(() => this.storage?.setItem(this.#key(userId, entry.client_id), text));
    }

    remove(userId, clientId) {
        this.#try(() => this.storage?.removeItem(this.#key(userId, clientId)));
    }

    /** Removes all items of this user, including those of other tabs. */
    clear(userId) {
        this.#keys(userId).forEach((key) => this.#try(() => this.storage.removeItem(key)));
    }

    /**
     * Calls adopt(entries) with what closed tabs left behind, and this one before another user
     * logged in, oldest first: now, and again when another tab is closed.
     */
    recover(userId, adopt) {
        const tabs = new Set(this.#all(userId).map((entry) => entry.tab));
        for (const tab of tabs) {
            const take = () => adopt(this.#take(userId, tab));
            if (this.locks && tab !== this.tab) {
                this.locks.request(LOCK + tab, take).catch(() => {});
            } else {
                take();
            }
        }
    }

    #take(userId, tab) {
        const entries = this.#all(userId).filter((entry) => entry.tab === tab);
        entries.forEach((entry) => this.put(userId, entry));
        return entries.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    }

    #all(userId) {
        return this.#keys(userId)
            .map((key) => read(this.storage.getItem(key)))
            .filter((entry) => entry !== null);
    }

    #keys(userId) {
        const start = this.#key(userId, "");
        return (
            this.#try(() =>
                Array.from({ length: this.storage?.length ?? 0 }, (_, index) =>
                    this.storage.key(index),
                ).filter((key) => key.startsWith(start)),
            ) ?? []
        );
    }

    #key(userId, clientId) {
        return `${this.prefix}:${userId}:${clientId}`;
    }

    // If the storage is full or forbidden, messages can still be sent; they only do not survive
    // a reload.
    #try(action) {
        try {
            return action();
        } catch {
            return undefined;
        }
    }
}

function read(text) {
    try {
        const entry = JSON.parse(text);
        return typeof entry?.client_id === "string" ? entry : null;
    } catch {
        return null;
    }
}
