/** The default times of the client, in ms, and the pauses between retries. */

export const PACE = Object.freeze({
    backoffMin: 500,
    backoffMax: 30000,
    connectTimeout: 10000,
    pingAfter: 25000,
    pongTimeout: 10000,
    socketTries: 3,
    pollMin: 1000,
    pollMax: 15000,
    socketRetryMin: 10000,
    socketRetryMax: 120000,
    requestTimeout: 30000,
});

/**
 * Exponential backoff with full jitter: the limit doubles with each failure, and each pause is
 * random between 0 and the limit, so that clients lost together do not all return together.
 */
export class Backoff {
    #failures = 0;

    constructor(min, max) {
        this.min = min;
        this.max = max;
    }

    reset() {
        this.#failures = 0;
    }

    /** The pause before the next try, counting at least `minFailures` failures. */
    next(minFailures = 0) {
        this.#failures = Math.max(this.#failures, minFailures);
        const limit = Math.min(this.min * 2 ** this.#failures, this.max);
        this.#failures += 1;
        return Math.random() * limit;
    }
}
