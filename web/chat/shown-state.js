// The state of a channel as the page shows it.

const GRACE_MS = 3000;

/**
 * A server that is replaced, or a web server that reloads, cuts sockets which are back within a
 * second: the page shows a lost socket as live for GRACE_MS. `value` is the state of the channel
 * otherwise; `changed()` is called when it changes.
 */
export class ShownState {
    #timer = null;
    #changed;

    constructor(channel, changed) {
        this.value = channel.state;
        this.#changed = changed;
        channel.on("state", (state) => {
            const isLost = state === "waiting" || state === "connecting";
            if (!isLost || this.value !== "live") {
                this.#show(state);
            } else {
                this.#timer ??= setTimeout(() => this.#show(channel.state), GRACE_MS);
            }
        });
    }

    #show(state) {
        clearTimeout(this.#timer);
        this.#timer = null;
        if (state !== this.value) {
            this.value = state;
            this.#changed();
        }
    }
}
