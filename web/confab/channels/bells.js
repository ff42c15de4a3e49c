/**
 * Bells: small static files with the number of a stream's last event. A polling client reads them
 * instead of the API, for which the web server may have to start a program; it requests the API
 * when a number has changed.
 */

/** Rooms that are not open and are read with each poll: the first ones, and some in turn. */
const FIRST = 5;
const IN_TURN = 10;
/** Bells that do not work are left alone for this time (ms), which doubles each time. */
const BROKEN_MIN = 30000;
const BROKEN_MAX = 600000;
/** Bells that could not be read this many times in a row do not work. */
const FAILURES = 3;
/** The file that is renewed with requests to the API while the folder of bells can be written. */
const HEARTBEAT = "68656172746265617400000000000000";

export const OWN = "own";

export class Bells {
    // By the id of the room, or OWN: { path, checked }.
    #bells = new Map();
    #turn = 0;
    #brokenUntil = -Infinity;
    #brokenFor = BROKEN_MIN;
    #failures = 0;
    // The last number of the heartbeat, and when it was another.
    #beat = null;
    #beatAt = -Infinity;

    /**
     * `read(path, signal)` resolves to the number in a bell, null if there is none; it is rejected
     * if the web server does not answer. `answeredAt()` is when the API answered last. `pace` has
     * the times of the heartbeat.
     */
    constructor({ read, answeredAt, pace }) {
        Object.assign(this, { read, answeredAt, pace });
    }

    /** The bell of a room, or the user's own, as the API names it; null: there is none. */
    set(key, path) {
        if (this.#bells.get(key)?.path !== path) {
            this.#bells.set(key, { path, checked: null });
        }
    }

    delete(key) {
        this.#bells.delete(key);
    }

    clear() {
        this.#bells.clear();
    }

    has(key) {
        return this.#bells.has(key);
    }

    /** Whether all of these have a bell that works. */
    cover(keys) {
        return (
            performance.now() > this.#brokenUntil &&
            keys.every((key) => Boolean(this.#bells.get(key)?.path))
        );
    }

    broken() {
        this.#brokenUntil = performance.now() + this.#brokenFor;
        this.#brokenFor = Math.min(2 * this.#brokenFor, BROKEN_MAX);
        this.#failures = 0;
    }

    /**
     * Reads the bells of `keys` and of some others; `known(key)` is the number that the client
     * has. Resolves to { rang, missing }: whether the API is to be requested, and the keys of
     * bells that are not there (any more). Rejected if one could not be read: requesting the API
     * instead would add to the load of a busy server, unless the failure lasts.
     */
    async listen(keys, known, signal) {
        const rest = [...this.#bells.keys()].filter((key) => key !== OWN && !keys.includes(key));
        const others = [...rest.slice(0, FIRST), ...this.#inTurn(rest.slice(FIRST))];
        const missing = [];
        const rung = [];
        const listen = async (key) => {
            const bell = this.#bells.get(key);
            if (!bell?.path) {
                return;
            }
            const number = await this.read(bell.path, signal);
            if (number === null) {
                missing.push(key);
            } else if (number !== known(key) && number !== bell.checked) {
                rung.push([bell, number]);
            }
        };
        // An answer that comes while the files are read may be newer than they are.
        const answeredAt = this.answeredAt();
        try {
            await Promise.all([this.#readHeartbeat(signal), ...[...keys, ...others].map(listen)]);
        } catch (error) {
            this.#failures += signal.aborted ? 0 : 1;
            if (this.#failures >= FAILURES) {
                this.broken();
            }
            throw error;
        }
        this.#failures = 0;
        // Only now: if another one could not be read, these ring again.
        rung.forEach(([bell, number]) => {
            bell.checked = number;
        });
        if (this.#beat !== null && answeredAt - this.#beatAt > this.pace.heartbeat) {
            // The server could not renew the heartbeat, so it cannot ring.
            this.broken();
            return { rang: true, missing };
        }
        if (missing.length === 0) {
            this.#brokenFor = BROKEN_MIN;
        }
        return { rang: rung.length > 0 || this.#isOld(), missing };
    }

    async #readHeartbeat(signal) {
        const { path } = [...this.#bells.values()].find((bell) => bell.path) ?? {};
        const number = path ? await this.read(path.replace(/[^/]*$/, HEARTBEAT), signal) : null;
        // An older server has none.
        if (number !== null && number !== this.#beat) {
            this.#beat = number;
            this.#beatAt = performance.now();
        }
    }

    /**
     * The API has not been asked for long: whether the folder can still be written is found by
     * asking. The first client to do so renews the heartbeat for all.
     */
    #isOld() {
        const { heartbeatTrust } = this.pace;
        return this.#beat !== null && performance.now() - this.#beatAt > heartbeatTrust;
    }

    #inTurn(keys) {
        if (keys.length <= IN_TURN) {
            return keys;
        }
        const start = this.#turn % keys.length;
        this.#turn = start + IN_TURN;
        return [...keys, ...keys].slice(start, start + IN_TURN);
    }
}
