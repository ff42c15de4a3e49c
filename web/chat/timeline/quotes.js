// Messages that are replied to and not in the page: each is requested once.

/** The most quoted messages kept in memory. */
const MAX_QUOTES = 500;

/** `request(id)` gives a promise of a message. */
export class Quotes {
    constructor(request) {
        this.request = request;
        // Messages, or promises of them, by id.
        this.known = new Map();
    }

    /** Forgets a message, which has changed. */
    forget(id) {
        this.known.delete(id);
    }

    clear() {
        this.known.clear();
    }

    /** The message, or a promise of it. */
    get(id) {
        if (this.known.has(id)) {
            return this.known.get(id);
        }
        const request = this.request(id);
        this.known.set(id, request);
        if (this.known.size > MAX_QUOTES) {
            this.known.delete(this.known.keys().next().value);
        }
        // If the message changes meanwhile, this request was forgotten.
        const isCurrent = () => this.known.get(id) === request;
        request.then(
            (message) => isCurrent() && this.known.set(id, message),
            () => isCurrent() && this.known.delete(id),
        );
        return request;
    }
}
