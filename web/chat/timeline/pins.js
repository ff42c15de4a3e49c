// Which messages of a room are pinned, for those who may pin and unpin. Read when the actions on a
// message are first shown to such a user.

/** The most pins of a room. */
const MOST = 100;

export class Pins {
    /** Calls `changed()` when what isPinned() says may have changed. */
    constructor({ confab, room }, changed) {
        Object.assign(this, { confab, roomId: room.room_id, changed });
        // null until they have been read.
        this.ids = null;
        // What has happened to messages while they were being read.
        this.changes = new Map();
        this.reading = null;
    }

    /** undefined until they have been read. */
    isPinned(id) {
        return this.ids?.has(id);
    }

    /** Reads them, unless they are known. A failure is tried again with the next call. */
    async read() {
        this.reading ??= this.#read().finally(() => {
            this.reading = null;
        });
        await this.reading;
    }

    async #read() {
        if (this.ids) {
            return;
        }
        this.changes.clear();
        const ids = new Set();
        let page = await this.confab.pins(this.roomId, { limit: MOST });
        for (;;) {
            page.results.forEach((message) => ids.add(message.message_id));
            if (!page.next) {
                break;
            }
            page = await this.confab.follow(page.next);
        }
        this.ids = ids;
        this.changes.forEach((isPinned, id) => this.set(id, isPinned));
        this.changed();
    }

    /** A message was pinned or unpinned. */
    set(id, isPinned) {
        this.changes.set(id, isPinned);
        this.ids?.[isPinned ? "add" : "delete"](id);
        this.changed();
    }
}
