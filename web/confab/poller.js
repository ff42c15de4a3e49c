/**
 * Repeats a request: soon after one that found something new, less and less often otherwise. The
 * channel makes the requests and handles the responses.
 */

import { Backoff } from "./pace.js";

/** The factor by which the pause grows after a request without news. */
const SLOWER = 1.5;

export class Poller {
    #timer = null;
    #pause;
    #backoff;
    #aborter = null;

    /**
     * `request(signal)` makes one request and resolves to whether there was something new.
     * `failed(error, pause)` is called when it was rejected; the next try follows after the pause.
     * `hidden()` tells whether the page is hidden.
     */
    constructor({ pace, request, failed, hidden }) {
        Object.assign(this, { pace, request, failed, hidden });
        this.#pause = pace.pollMin;
        this.#backoff = new Backoff(2 * pace.backoffMin, pace.backoffMax);
    }

    get running() {
        return this.#timer !== null || this.#aborter !== null;
    }

    /** Makes a request at once; starts polling if it is not running. */
    hurry() {
        if (this.#aborter) {
            return;
        }
        clearTimeout(this.#timer);
        this.#pause = this.pace.pollMin;
        this.#run();
    }

    stop() {
        clearTimeout(this.#timer);
        this.#timer = null;
        this.#aborter?.abort();
        this.#aborter = null;
        this.#backoff.reset();
    }

    async #run() {
        const aborter = new AbortController();
        this.#timer = null;
        this.#aborter = aborter;
        let pause;
        try {
            const hasNews = await this.request(aborter.signal);
            this.#backoff.reset();
            pause = this.#nextPause(hasNews);
        } catch (error) {
            if (this.#aborter !== aborter) {
                return;
            }
            pause = Math.max(this.#backoff.next(), (error.retryAfter ?? 0) * 1000);
            this.failed(error, pause);
        }
        if (this.#aborter !== aborter) {
            return;
        }
        this.#aborter = null;
        this.#timer = setTimeout(() => this.#run(), pause);
    }

    #nextPause(hasNews) {
        this.#pause = hasNews
            ? this.pace.pollMin
            : Math.min(this.#pause * SLOWER, this.pace.pollMax);
        return this.hidden() ? this.pace.pollMax : this.#pause;
    }
}
