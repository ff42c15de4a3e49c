/**
 * Asks by HTTP, over and over, at a pace of its own: quickly after there was something, then
 * more rarely. What is asked and what becomes of the answers is the channel's.
 */

import { Backoff } from "./pace.js";

const SLOWER = 1.5;

export class Poller {
    #timer = null;
    #pause;
    #backoff;
    #asking = null;

    /**
     * `ask(signal)` does one request, and returns true if there was something new. `failed(error,
     * pause)` is told when it was rejected; the next try then comes by itself after the pause.
     * `hidden()`: whether nobody looks.
     */
    constructor({ pace, ask, failed, hidden }) {
        Object.assign(this, { pace, ask, failed, hidden });
        this.#pause = pace.pollMin;
        this.#backoff = new Backoff(2 * pace.backoffMin, pace.backoffMax);
    }

    get running() {
        return this.#timer !== null || this.#asking !== null;
    }

    /** Asks at once, also when it runs already. */
    hurry() {
        if (this.#asking) {
            return;
        }
        clearTimeout(this.#timer);
        this.#pause = this.pace.pollMin;
        this.#turn();
    }

    stop() {
        clearTimeout(this.#timer);
        this.#timer = null;
        this.#asking?.abort();
        this.#asking = null;
        this.#backoff.reset();
    }

    async #turn() {
        const asking = new AbortController();
        this.#timer = null;
        this.#asking = asking;
        let pause;
        try {
            const news = await this.ask(asking.signal);
            this.#backoff.reset();
            pause = this.#pace(news);
        } catch (error) {
            if (this.#asking !== asking) {
                return;
            }
            pause = Math.max(this.#backoff.next(), (error.retryAfter ?? 0) * 1000);
            this.failed(error, pause);
        }
        if (this.#asking !== asking) {
            return;
        }
        this.#asking = null;
        this.#timer = setTimeout(() => this.#turn(), pause);
    }

    #pace(news) {
        this.#pause = news ? this.pace.pollMin : Math.min(this.#pause * SLOWER, this.pace.pollMax);
        return this.hidden() ? this.pace.pollMax : this.#pause;
    }
}
