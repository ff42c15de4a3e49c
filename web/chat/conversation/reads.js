// How far the others have read: requested when it is needed, then kept up to date by
// notices. The server does not store these, so it is requested again after each connection.

export class Reads {
    // By user id: the last message read.
    #marks = new Map();
    #isAsked = false;

    /** `request()` resolves to a list of receipts; calls `changed()` when they are there. */
    constructor(request, changed) {
        Object.assign(this, { request, changed });
    }

    /** A user has read up to a message. */
    read(user, messageId) {
        this.#marks.set(user, Math.max(messageId, this.#marks.get(user) ?? 0));
    }

    /** Notices may have been missed. */
    expire() {
        this.#isAsked = false;
    }

    /** Those who have read a message, as far as is known now, by user id. */
    of(messageId) {
        this.#ask();
        return [...this.#marks].filter(([, id]) => id >= messageId).map(([user]) => user);
    }

    async #ask() {
        if (this.#isAsked) {
            return;
        }
        this.#isAsked = true;
        try {
            const receipts = await this.request();
            receipts.forEach((one) => this.read(one.user_id, one.last_read_message_id ?? 0));
            this.changed();
        } catch {
            // Not shown: the room is too large, or there is no connection.
        }
    }
}
