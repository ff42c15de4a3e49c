// How far the others have read: requested when it is needed, then kept up to date by notices. The
// server does not store these, so it is requested again after each connection. A client that polls
// gets none: it asks again some times after each message and each connection, and then no more,
// since each request may start a program.

/** The pauses (ms) between these requests. */
const AGAIN_MS = [3000, 15000, 60000];

export class Reads {
    // By user id: the last message read.
    #marks = new Map();
    #isRequested = false;
    // The server refuses, since the room is too large or hides its members; or the room was left.
    #isStopped = false;
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
        this.#isStopped = true;
        clearTimeout(this.#timer);
    }

    /** A user has read up to a message. */
    read(user, messageId) {
        this.#marks.set(user, Math.max(messageId, this.#marks.get(user) ?? 0));
    }

    /** There is a connection again: notices may have been missed. */
    connected() {
        this.#isRequested = false;
        this.#isStopped = false;
        this.#about = 0;
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
        if (pause && this.isPolling() && !this.#isStopped) {
            this.#timer = setTimeout(() => {
                this.#isRequested = false;
                this.changed();
                this.#loadLater(more);
            }, pause);
        }
    }

    async #load() {
        if (this.#isRequested || this.#isStopped) {
            return;
        }
        this.#isRequested = true;
        try {
            const receipts = await this.request();
            receipts.forEach((one) => this.read(one.user_id, one.last_read_message_id ?? 0));
            this.changed();
        } catch (error) {
            // Not shown: it is refused, or there is no connection.
            if (error.status === 403) {
                this.close();
            }
        }
    }
}
