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
    /** After this time the API is asked although no bell has rung. */
    bellTrust: 7200000,
    /** The same if the folder of bells has shown no sign of being written for this time. */
    heartbeatTrust: 720000,
    /** With a request later than this after the last sign, the server must have given another. */
    heartbeat: 15000,
    /** Seconds of X-Confab-Pace are multiplied by this; tests make time pass faster. */
    second: 1000,
});

/**
 * The pause that X-Confab-Pace demands, in ms: up to a quarter longer, so that clients that asked
 * together do not all come back together.
 */
export function demandedPause(seconds, second) {
    return seconds > 1 ? seconds * second * (1 + Math.random() / 4) : 0;
}

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
