/**
 * The base of both channels. It owns the cursor (`seq`), advanced by a socket or, where sockets
 * fail, by polling; it reconnects, and delivers each event once and in order.
 */

import { Emitter } from "../emitter.js";
import { ConfabError } from "../http.js";
import { Backoff } from "../pace.js";
import { Socket } from "./socket.js";
import { USE_SOCKET } from "./watch.js";

const CLOSE = {
    normal: 1000,
    policy: 1008,
    restart: 1012,
    tryLater: 1013,
    badSince: 4400,
    auth: 4401,
    forbidden: 4403,
    notFound: 4404,
};
/** Close codes for the statuses that end polling. */
const REFUSED = new Map([
    [401, CLOSE.auth],
    [403, CLOSE.forbidden],
    [404, CLOSE.notFound],
]);
const CLOSE_TEXT = new Map([
    [CLOSE.normal, "Closed."],
    [CLOSE.auth, "You are no longer logged in."],
    [CLOSE.forbidden, "You are no longer in this room."],
    [CLOSE.notFound, "This room no longer exists."],
]);
// The least number of failures that a close code counts as, for the pause before reconnecting.
const MIN_FAILURES = new Map([
    [CLOSE.tryLater, 1],
    [CLOSE.policy, 3],
]);
// After this time (ms) a socket counts as stable, and its loss as a first failure.
const STABLE_AFTER = 10000;
// A browser that reports being offline may be wrong, so try again after this time.
const OFFLINE_RETRY = 30000;
const WAKE_PROBE = 3000;

/** Whether a frame is a numbered event. */
export function isNumbered(frame) {
    return "seq" in frame && frame.type !== "connected" && frame.type !== "resync";
}

export class Channel extends Emitter {
    #socket = null;
    #timer = null;
    #backoff;
    #socketRetry;
    #poller;
    #failedTries = 0;
    #connectedAt = 0;
    #cursorLost = false;

    /** `client` is the context that client.js gives to its channels. */
    constructor(client, since) {
        super();
        const { pace } = client;
        this.client = client;
        this.state = "connecting";
        this.seq = since ?? null;
        this.closed = null;
        this.retryAt = null;
        this.#backoff = new Backoff(pace.backoffMin, pace.backoffMax);
        this.#socketRetry = new Backoff(pace.socketRetryMin, pace.socketRetryMax);
        this.#poller = client.sync.poller(this, {
            pace,
            request: (signal) => this.#poll(signal),
            answered: () => this.#polled(),
            failed: (error, pause) => this.#pollFailed(error, pause),
            hidden: client.hidden,
        });
        // The caller can add its listeners before the channel starts.
        queueMicrotask(() => this.#resume());
    }

    // ---- for subclasses ----
    //
    // They define:
    //  path            of the socket
    //  accept(frame)   emits a frame to the application
    //  poll(signal)    for servers without sync/, and to learn why one refuses: makes one request,
    //                  passes new events to take() or lost(), and returns whether there were any
    //  settle()        called after the state has changed
    // and may define:
    //  openSocket(handlers)  returns a Socket, or what stands for one
    //  divert(frame)         passes a frame on if it is another channel's; whether it is
    //  socketEnded(code)     called when a socket or an attempt has ended
    //  pollMore(signal)      after a poll, what sync/ does not tell
    //  carrierPolls()        whether sockets fail for the channel that carries this one

    /** Accepts a numbered event if it is the next one; false if there is a gap before it. */
    take(event) {
        if (this.closed || event.seq <= this.seq) {
            return true;
        }
        if (event.seq !== this.seq + 1) {
            return false;
        }
        this.seq = event.seq;
        this.accept(event);
        return true;
    }

    /** Sets the cursor, if it is not known yet. */
    start(seq) {
        this.seq ??= seq;
        if (this.#cursorLost) {
            this.lost(seq);
        }
    }

    /** Events up to this number are no longer available. */
    lost(seq) {
        this.#cursorLost = false;
        this.seq = seq;
        this.accept({ type: "resync", seq });
    }

    openSocket(handlers) {
        return new Socket({
            WebSocket: this.client.WebSocket,
            url:
                this.client.socketUrl +
                this.path +
                (handlers.since === null ? "" : `?since=${handlers.since}`),
            token: this.client.token(),
            pace: this.client.pace,
            ...handlers,
        });
    }

    divert() {
        return false;
    }

    socketEnded() {}

    carrierPolls() {
        return false;
    }

    /** Sends a frame; false if the channel is not live. */
    send(frame) {
        return this.state === "live" && this.#socket.send(frame);
    }

    /** Checks that a live socket still works. */
    probe(timeout) {
        this.#socket?.probe(timeout);
    }

    // ---- for the application ----

    close() {
        this.#finish(CLOSE.normal);
    }

    reopen() {
        if (!this.closed) {
            return;
        }
        this.closed = null;
        this.client.opened(this);
        this.#resume();
    }

    // ---- for the client ----

    /** The network is back, or the page is visible again. */
    wake() {
        if (this.state === "live") {
            this.#socket.probe(Math.min(WAKE_PROBE, this.client.pace.pongTimeout));
        } else if (this.state !== "closed") {
            this.#resume();
        }
    }

    /** The network is gone. */
    sleep() {
        if (this.closed || this.state === "offline") {
            return;
        }
        this.#stop();
        this.#scheduleConnect(OFFLINE_RETRY);
        this.#setState("offline");
    }

    /** A message of this client was sent: a polling channel looks for its event at once. */
    hurry() {
        if (this.#poller.running) {
            this.#poller.hurry();
        }
    }

    // ---- the socket ----

    #resume() {
        if (this.closed) {
            return;
        }
        this.#backoff.reset();
        this.#socketRetry.reset();
        if (this.#poller.running) {
            this.#poller.hurry();
        }
        if (!this.#socket) {
            this.#connect();
        }
    }

    #connect() {
        clearTimeout(this.#timer);
        this.retryAt = null;
        if (!this.client.WebSocket) {
            this.#startPolling();
            return;
        }
        if (!this.#poller.running) {
            this.#setState("connecting");
        }
        const generation = this.client.generation();
        const since = this.seq;
        this.#socket = this.openSocket({
            since,
            frame: (frame) => this.#frame(frame, since),
            end: (code, refusal) => this.#ended(code, refusal, generation),
        });
    }

    #frame(frame, since) {
        if (this.divert(frame)) {
            return;
        }
        if (frame.type === "connected") {
            if (!this.client.connectedAs(frame.user_id)) {
                return;
            }
            this.#connectedAt = performance.now();
            this.#failedTries = 0;
            this.#poller.stop();
            this.retryAt = null;
            this.#setState("live");
            this.accept(frame);
            this.start(frame.seq);
        } else if (frame.type === "resync") {
            // Ignored if polling has passed that number during the handshake. A number below the
            // one requested means that the server has a different history.
            if (frame.seq < since || frame.seq > this.seq) {
                this.lost(frame.seq);
            }
        } else if (!isNumbered(frame)) {
            this.accept(frame);
        } else if (!this.take(frame)) {
            // A gap, which a correct server does not produce: reconnect from the cursor.
            this.#socket.drop();
            this.#ended(CLOSE.policy, null, this.client.generation());
        }
    }

    #ended(code, refusal, generation) {
        const wasLive = this.state === "live";
        this.#socket = null;
        this.socketEnded(code);
        if (code === USE_SOCKET) {
            this.#connect();
            return;
        }
        if (code === CLOSE.badSince) {
            // The server rejects the cursor: connect without one, then resync.
            this.seq = null;
            this.#cursorLost = true;
        } else if (code === CLOSE.auth && generation !== this.client.generation()) {
            // The credentials have changed since the handshake; the new ones may be valid.
            this.#resume();
            return;
        } else if (code === CLOSE.auth && this.client.isStranger) {
            // Perhaps because of an old cookie in the browser. A poll, which sends none, tells.
            this.client.WebSocket = null;
            this.#setState("connecting");
            this.#startPolling();
            return;
        } else if (CLOSE_TEXT.has(code) && code !== CLOSE.normal) {
            this.#finish(code, refusal);
            return;
        }
        if (wasLive && performance.now() - this.#connectedAt > STABLE_AFTER) {
            this.#backoff.reset();
        }
        this.#failedTries += wasLive ? 0 : 1;
        const mustPoll = this.#failedTries >= this.client.pace.socketTries || this.carrierPolls();
        if (this.#poller.running || mustPoll) {
            // Poll, and try a socket again now and then.
            this.#scheduleConnect(this.client.pace.socketRetryMin / 2 + this.#socketRetry.next());
            this.#startPolling();
            return;
        }
        const pause = this.#backoff.next(MIN_FAILURES.get(code));
        this.#scheduleConnect(pause);
        this.retryAt = Date.now() + pause;
        this.#setState("waiting");
    }

    #scheduleConnect(pause) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#connect(), pause);
    }

    // ---- polling ----

    #startPolling() {
        if (!this.#poller.running) {
            this.#poller.hurry();
        }
    }

    async #poll(signal) {
        const hasNews = await this.poll(signal);
        if (!signal.aborted) {
            this.#polled();
        }
        return hasNews;
    }

    /** A poll has succeeded. */
    #polled() {
        if (this.closed) {
            return;
        }
        this.retryAt = null;
        // The server answers again after a failure, so it may accept sockets again.
        if (this.state === "waiting" && !this.#socket) {
            this.#connect();
        }
        this.#setState("polling");
    }

    #pollFailed(error, pause) {
        if (REFUSED.has(error.status) && !error.foreign) {
            this.#finish(REFUSED.get(error.status), error);
            return;
        }
        this.retryAt = Date.now() + pause;
        this.#setState("waiting");
    }

    // ---- states ----

    #stop() {
        clearTimeout(this.#timer);
        this.retryAt = null;
        this.#poller.stop();
        this.#socket?.drop();
        this.#socket = null;
        this.#failedTries = 0;
    }

    /** `refusal`: the error that has ended it, with code and detail, or null. */
    #finish(code, refusal = null) {
        if (this.closed) {
            return;
        }
        this.#stop();
        const { detail = CLOSE_TEXT.get(code), code: reason = null } = refusal ?? {};
        this.closed = { code, detail, reason };
        this.client.ended(this);
        this.#setState("closed");
        this.emit("closed", this.closed);
        if (code === CLOSE.auth) {
            this.client.unauthorized(new ConfabError(401, this.closed.detail));
        }
    }

    #setState(state) {
        if (state === this.state) {
            return;
        }
        this.state = state;
        this.settle();
        this.emit("state", state);
    }
}
