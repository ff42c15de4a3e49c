/**
 * Repeats a request: soon after one that found something new, less and less often otherwise. The
 * channel makes the requests and handles the responses.
 */

import { Backoff } from "../pace.js";

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
     * `hidden()` tells whether the page is hidden; `wait()` for how long (ms) there must be no
     * request.
     */
    constructor({ pace, request, failed, hidden, wait = () => 0 }) {
        Object.assign(this, { pace, request, failed, hidden, wait });
        this.#pause = pace.pollMin;
        this.#backoff = new Backoff(2 * pace.backoffMin, pace.backoffMax);
    }

    get running() {
        return this.#timer !== null || this.#aborter !== null;
    }

    /** Makes a request as soon as it may; starts polling if it is not running. */
    hurry() {
        if (this.#aborter) {
            return;
        }
        clearTimeout(this.#timer);
        this.#pause = this.pace.pollMin;
        const pause = this.wait();
        if (pause > 0) {
            this.#timer = setTimeout(() => this.#run(), pause);
        } else {
            this.#run();
        }
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
        this.#timer = setTimeout(() => this.#run(), Math.max(pause, this.wait()));
    }

    #nextPause(hasNews) {
        this.#pause = hasNews
            ? this.pace.pollMin
            : Math.min(this.#pause * SLOWER, this.pace.pollMax);
        const pause = this.hidden() ? this.pace.pollMax : this.#pause;
        // Clients that have asked together, as after a message, do not continue together.
        return pause * (1 - Math.random() / 10);
    }
}
