/**
 * Bells: small static files with the number of a stream's last event. A polling client reads them
 * instead of asking the API, which may have to start a program; it asks when a number is another.
 */

/** Rooms that are not open and are read with each poll: the first ones, and some in turn. */
const FIRST = 5;
const IN_TURN = 10;
/** A bell that does not work is left alone for this time (ms). */
const BROKEN_FOR = 600000;

export const OWN = "own";

export class Bells {
    // By the id of the room, or OWN: { path, checked }.
    #bells = new Map();
    #turn = 0;
    #brokenUntil = -Infinity;

    /** `read(path, signal)` resolves to the number in a bell, null if there is none. */
    constructor(read) {
        this.read = read;
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
        this.#brokenUntil = performance.now() + BROKEN_FOR;
    }

    /**
     * Reads the bells of `keys` and of some others; `known(key)` is the number that the client
     * has. Resolves to { rang, missing }: whether a number is another, and the keys of bells that
     * are not there (any more).
     */
    async listen(keys, known, signal) {
        const rest = [...this.#bells.keys()].filter((key) => key !== OWN && !keys.includes(key));
        const others = [...rest.slice(0, FIRST), ...this.#inTurn(rest.slice(FIRST))];
        const missing = [];
        let rang = false;
        const listen = async (key) => {
            const bell = this.#bells.get(key);
            if (!bell?.path) {
                return;
            }
            const number = await this.read(bell.path, signal);
            if (number === null) {
                missing.push(key);
            } else if (number !== known(key) && number !== bell.checked) {
                bell.checked = number;
                rang = true;
            }
        };
        await Promise.all([...keys, ...others].map(listen));
        return { rang, missing };
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
