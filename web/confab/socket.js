/**
 * One WebSocket from its handshake to its end: the only file that makes any. It knows nothing
 * of events; what comes back after a loss is the channel's.
 */

const ABNORMAL = 1006;
const NORMAL = 1000;

/** Protocols that carry the token, since a page can add no header to a handshake. */
function protocols(token) {
    return token ? ["confab", `token.${token}`] : ["confab"];
}

export class Link {
    #socket = null;
    #timer = null;
    #heard = 0;
    #pinged = false;
    #refusal = null;

    /**
     * Begins the handshake. `frame(object)` gets every frame, the first being `connected`;
     * `end(code, refusal)` comes once, unless drop() was called: refusal is the error frame that
     * came instead of `connected`, or null.
     */
    constructor({ WebSocket, url, token, pace, frame, end }) {
        this.pace = pace;
        this.frame = frame;
        this.end = end;
        this.connected = false;
        this.#timer = setTimeout(() => this.#over(ABNORMAL), pace.connectTimeout);
        try {
            this.#socket = new WebSocket(url, protocols(token));
        } catch {
            // A policy of the page forbids it. Told later, as other failures are.
            queueMicrotask(() => this.#over(ABNORMAL));
            return;
        }
        this.#socket.onmessage = (event) => this.#message(event.data);
        this.#socket.onclose = (event) => this.#over(event.code);
        this.#socket.onerror = () => {};
    }

    /** True if it was written; what is not is lost. */
    send(object) {
        if (!this.connected) {
            return false;
        }
        this.#socket.send(JSON.stringify(object));
        return true;
    }

    /** Asks whether the other side is still there, and ends if it does not answer in time. */
    probe(timeout = this.pace.pongTimeout) {
        if (!this.connected || this.#pinged) {
            return;
        }
        this.#pinged = true;
        this.send({ type: "ping" });
        this.#wait(timeout);
    }

    /** Ends it without a word to the channel. */
    drop() {
        this.end = () => {};
        this.frame = () => {};
        this.#over(NORMAL);
    }

    #message(data) {
        const frame = read(data);
        if (!frame) {
            return;
        }
        this.#heard = performance.now();
        if (!this.connected && frame.type === "error") {
            this.#refusal = frame;
            return;
        }
        if (frame.type === "connected") {
            this.connected = true;
            this.#wait(this.pace.pingAfter);
        } else if (this.#pinged) {
            this.#pinged = false;
            this.#wait(this.pace.pingAfter);
        }
        if (frame.type !== "pong") {
            this.frame(frame);
        }
    }

    // One timer for each silence, not for each frame: it looks how long ago the last one was.
    #wait(time) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            const silent = performance.now() - this.#heard;
            if (this.#pinged) {
                this.#over(ABNORMAL);
            } else if (silent < this.pace.pingAfter) {
                this.#wait(this.pace.pingAfter - silent);
            } else {
                this.probe();
            }
        }, time);
    }

    #over(code) {
        clearTimeout(this.#timer);
        const { end } = this;
        this.end = () => {};
        this.frame = () => {};
        this.connected = false;
        if (this.#socket) {
            this.#socket.onmessage = null;
            this.#socket.onclose = null;
            this.#socket.close();
        }
        end(code, this.#refusal);
    }
}

function read(data) {
    try {
        const frame = JSON.parse(data);
        return typeof frame?.type === "string" ? frame : null;
    } catch {
        return null;
    }
}
