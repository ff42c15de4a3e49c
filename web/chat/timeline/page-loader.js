// Requests for pages of messages: the latest one counts, and one that fails is made again while its
// reason is shown.

import { button, errorText } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

/** The first and the longest pause (ms) before a failed request is made again. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30000;
/** A request that takes longer than this (ms) is shown. */
const SLOW_MS = 300;

/**
 * Calls `on.began()` when a request begins and none is under way, `on.shown()` after a result was
 * shown, `on.ended()` when none is under way any more, and `on.refused(error)` if the user may not
 * read the room. `failure` and `indicator` are the elements to be shown in the timeline.
 */
export class PageLoader {
    constructor(on) {
        this.on = on;
        // The number of the latest request, and of the one under way.
        this.latest = 0;
        this.current = null;
        // The request to be made again after a failure, and the timer for it.
        this.failed = null;
        this.retryTimer = null;
        this.retryPause = RETRY_MS;
        this.failure = h("div.failure", { role: "alert", hidden: true });
        this.indicator = h("div.loading", { hidden: true, role: "status" }, t("Loading messages…"));
    }

    close() {
        this.latest += 1;
        clearTimeout(this.retryTimer);
    }

    get isLoading() {
        return this.current !== null;
    }

    /** A request has failed and will be made again, by a timer or by the user. */
    get hasFailed() {
        return this.failed !== null;
    }

    /**
     * Runs a request and shows its result, unless a later request has replaced it. If it fails, the
     * reason is shown, and the request is made again.
     */
    async read(work, show) {
        this.latest += 1;
        const own = this.latest;
        const slow = setTimeout(() => {
            this.indicator.hidden = false;
        }, SLOW_MS);
        if (!this.isLoading) {
            this.on.began();
        }
        this.current = own;
        clearTimeout(this.retryTimer);
        this.failed = null;
        try {
            const result = await work();
            if (own === this.latest) {
                this.failure.hidden = true;
                this.retryPause = RETRY_MS;
                show(result);
                this.on.shown();
            }
        } catch (error) {
            if (own === this.latest) {
                this.#failed(error, () => this.read(work, show));
            }
        } finally {
            clearTimeout(slow);
            if (this.current === own) {
                this.current = null;
                this.indicator.hidden = true;
                this.on.ended();
            }
        }
    }

    #failed(error, again) {
        // A firewall in front of the chat may answer so, too.
        const status = error.foreign ? 0 : error.status;
        if (status === 403) {
            this.on.refused(error);
        } else if (status !== 401) {
            this.failed = again;
            if (error.temporary) {
                this.retryTimer = setTimeout(() => this.retry(), this.retryPause);
                this.retryPause = Math.min(2 * this.retryPause, MAX_RETRY_MS);
            }
            const reason = errorText(error);
            const text = t("The messages could not be loaded. {reason}", { reason });
            // The same text again would make a screen reader repeat it.
            if (this.failure.hidden || this.failure.firstChild.textContent !== text) {
                fill(
                    this.failure,
                    h("span", text),
                    button(t("Try again"), () => this.retry(), "link"),
                );
            }
            this.failure.hidden = false;
        }
    }

    /** Makes a request that has failed once more. */
    retry() {
        this.failed?.();
    }
}
