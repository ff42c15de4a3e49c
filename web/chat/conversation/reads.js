// How far the others have read: requested when it is needed, then kept up to date by notices. The
// server does not store these, so it is requested again after each connection. A client that polls
// gets none: it asks again some times after each message, and then no more, since each request may
// start a program.

/** The pauses (ms) between these requests. */
const AGAIN_MS = [3000, 15000, 60000];

export class Reads {
    // By user id: the last message read.
    #marks = new Map();
    #isRequested = false;
    // The message whose readers are shown, and the timer of the next request.
    #about = 0;
    #timer = null;

    /**
     * `request()` resolves to a list of receipts; calls `changed()` when they are there, or to be
     * asked again. `isPolling()`: there are no notices.
     */
    constructor(request, changed, isPolling) {
        Object.assign(this, { request, changed, isPolling });
    }

    close() {
        clearTimeout(this.#timer);
    }

    /** A user has read up to a message. */
    read(user, messageId) {
        this.#marks.set(user, Math.max(messageId, this.#marks.get(user) ?? 0));
    }

    /** Notices may have been missed. */
    expire() {
        this.#isRequested = false;
    }

    /** Those who have read a message, as far as is known now, by user id. */
    of(messageId) {
        if (messageId !== this.#about) {
            this.#about = messageId;
            this.#loadLater(AGAIN_MS);
        }
        this.#load();
        return [...this.#marks].filter(([, id]) => id >= messageId).map(([user]) => user);
    }

    #loadLater([pause, ...more]) {
        clearTimeout(this.#timer);
        if (pause && this.isPolling()) {
            this.#timer = setTimeout(() => {
                this.expire();
                this.changed();
                this.#loadLater(more);
            }, pause);
        }
    }

    async #load() {
        if (this.#isRequested) {
            return;
        }
        this.#isRequested = true;
        try {
            const receipts = await this.request();
            receipts.forEach((one) => this.read(one.user_id, one.last_read_message_id ?? 0));
            this.changed();
        } catch {
            // Not shown: the room is too large, or there is no connection.
        }
    }
}
