/** How fast things are tried again. All times in milliseconds. */

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
 * Pauses whose length doubles with each failure. Each is taken at random between nothing and
 * its length, so that clients which were all lost at one moment do not all come back at one.
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

    /** The pause before the next try; as if there had been at least so many failures. */
    next(atLeast = 0) {
        this.#failures = Math.max(this.#failures, atLeast);
        const length = Math.min(this.min * 2 ** this.#failures, this.max);
        this.#failures += 1;
        return Math.random() * length;
    }
}
