/**
 * One WebSocket from handshake to close; the only file that creates one. Events and reconnecting
 * are the channel's concern.
 */

const ABNORMAL = 1006;
const NORMAL = 1000;

/** The subprotocols carry the token, since a page cannot add headers to a handshake. */
function protocols(token) {
    return token ? ["confab", `token.${token}`] : ["confab"];
}

export class Socket {
    #webSocket = null;
    #timer = null;
    #receivedAt = 0;
    #pinged = false;
    #refusal = null;

    /**
     * Starts the handshake. `frame(object)` is called for every frame, the first being
     * `connected`; `end(code, refusal)` once, unless drop() was called. `refusal` is the error
     * frame received instead of `connected`, or null.
     */
    constructor({ WebSocket, url, token, pace, frame, end }) {
        this.pace = pace;
        this.frame = frame;
        this.end = end;
        this.connected = false;
        this.#timer = setTimeout(() => this.#finish(ABNORMAL), pace.connectTimeout);
        try {
            this.#webSocket = new WebSocket(url, protocols(token));
        } catch {
            // The page's policy forbids it. Reported asynchronously, as other failures are.
            queueMicrotask(() => this.#finish(ABNORMAL));
            return;
        }
        this.#webSocket.onmessage = (event) => this.#message(event.data);
        this.#webSocket.onclose = (event) => this.#finish(event.code);
        this.#webSocket.onerror = () => {};
    }

    /** Sends a frame; false if there is no connection, and the frame is dropped. */
    send(object) {
        if (!this.connected) {
            return false;
        }
        this.#webSocket.send(JSON.stringify(object));
        return true;
    }

    /** Sends a ping, and ends the socket if nothing arrives within the timeout. */
    probe(timeout = this.pace.pongTimeout) {
        if (!this.connected || this.#pinged) {
            return;
        }
        this.#pinged = true;
        this.send({ type: "ping" });
        this.#startTimer(timeout);
    }

    /** Closes without calling end(). */
    drop() {
        this.end = () => {};
        this.frame = () => {};
        this.#finish(NORMAL);
    }

    #message(data) {
        const frame = read(data);
        if (!frame) {
            return;
        }
        this.#receivedAt = performance.now();
        // A ban from the room of this socket is reported before it is closed.
        const isBan = frame.code === "banned" && frame.room_id === undefined;
        if (frame.type === "error" && (!this.connected || isBan)) {
            this.#refusal = frame;
            return;
        }
        if (frame.type === "connected") {
            this.connected = true;
            this.#startTimer(this.pace.pingAfter);
        } else if (this.#pinged) {
            this.#pinged = false;
            this.#startTimer(this.pace.pingAfter);
        }
        if (frame.type !== "pong") {
            this.frame(frame);
        }
    }

    // One timer per pause, not per frame: it checks how long ago the last frame arrived.
    #startTimer(time) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            const idle = performance.now() - this.#receivedAt;
            if (this.#pinged) {
                this.#finish(ABNORMAL);
            } else if (idle < this.pace.pingAfter) {
                this.#startTimer(this.pace.pingAfter - idle);
            } else {
                this.probe();
            }
        }, time);
    }

    #finish(code) {
        clearTimeout(this.#timer);
        const { end } = this;
        this.end = () => {};
        this.frame = () => {};
        this.connected = false;
        if (this.#webSocket) {
            this.#webSocket.onmessage = null;
            this.#webSocket.onclose = null;
            this.#webSocket.close();
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
