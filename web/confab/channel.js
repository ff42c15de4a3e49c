/**
 * What a room's channel and that of the notifications have in common: one cursor (`seq`), moved
 * by a socket or, where sockets do not get through, by polling; coming back after a loss; each
 * event once and in order, whichever way it came.
 */

import { Emitter } from "./emitter.js";
import { ConfabError } from "./http.js";
import { Link } from "./socket.js";
import { Backoff } from "./pace.js";
import { Poller } from "./poller.js";

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
const REFUSED = new Map([
    [401, CLOSE.auth],
    [403, CLOSE.forbidden],
    [404, CLOSE.notFound],
]);
const WORDS = new Map([
    [CLOSE.normal, "Closed."],
    [CLOSE.auth, "You are not logged in any more."],
    [CLOSE.forbidden, "You are not in this room any more."],
    [CLOSE.notFound, "This room does not exist any more."],
]);
// How many failures a close counts for: so long is the pause before coming back.
const WEIGHT = new Map([
    [CLOSE.tryLater, 1],
    [CLOSE.policy, 3],
]);
// A socket that lived so long was a success: the next loss is a first one.
const STEADY = 10000;
// A browser that says it is offline may be wrong.
const OFFLINE_RETRY = 30000;
const WAKE_PROBE = 3000;

/** Whether a frame is an event with a number. */
export function isNumbered(frame) {
    return "seq" in frame && frame.type !== "connected" && frame.type !== "resync";
}

export class Channel extends Emitter {
    #link = null;
    #timer = null;
    #backoff;
    #socketRetry;
    #poller;
    #failedTries = 0;
    #connectedAt = 0;
    #cursorLost = false;

    /** `client` is what client.js gives to its channels. */
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
        this.#poller = new Poller({
            pace,
            ask: (signal) => this.#poll(signal),
            failed: (error, pause) => this.#pollFailed(error, pause),
            hidden: client.hidden,
        });
        // Who opened the channel has this turn to listen in.
        queueMicrotask(() => this.#resume());
    }

    // ---- to be said by the kinds of channels ----
    //
    //  path            of the socket
    //  accept(frame)   tells the application of a frame
    //  poll(signal)    one request; hands what is new to take() or lost(), returns whether
    //                  there was any
    //  settle()        the state has changed

    /** An event with a number: handed on if it is the next one. False if one is missing. */
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

    /** Where the events begin, if that is not known yet. */
    start(seq) {
        this.seq ??= seq;
        if (this.#cursorLost) {
            this.lost(seq);
        }
    }

    /** Events up to this number cannot be had any more. */
    lost(seq) {
        this.#cursorLost = false;
        this.seq = seq;
        this.accept({ type: "resync", seq });
    }

    /** Writes a frame if there is a socket now. */
    say(frame) {
        return this.state === "live" && this.#link.send(frame);
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

    /** The network is back, or somebody looks again. */
    wake() {
        if (this.state === "live") {
            this.#link.probe(Math.min(WAKE_PROBE, this.client.pace.pongTimeout));
        } else if (this.state !== "closed") {
            this.#resume();
        }
    }

    /** The network is gone. */
    sleep() {
        if (this.closed || this.state === "offline") {
            return;
        }
        this.#quit();
        this.#later(OFFLINE_RETRY);
        this.#become("offline");
    }

    /** A message of this client was taken: who polls wants to see what it did. */
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
        if (!this.#link) {
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
            this.#become("connecting");
        }
        const generation = this.client.generation();
        const since = this.seq;
        this.#link = new Link({
            WebSocket: this.client.WebSocket,
            url: this.client.socketUrl + this.path + (since === null ? "" : `?since=${since}`),
            token: this.client.token(),
            pace: this.client.pace,
            frame: (frame) => this.#frame(frame, since),
            end: (code, refusal) => this.#ended(code, refusal, generation),
        });
    }

    #frame(frame, since) {
        if (frame.type === "connected") {
            this.#connected(frame);
        } else if (frame.type === "resync") {
            this.#resync(frame.seq, since);
        } else if (!isNumbered(frame)) {
            this.accept(frame);
        } else if (!this.take(frame)) {
            this.#again();
        }
    }

    #connected(frame) {
        this.#connectedAt = performance.now();
        this.#failedTries = 0;
        this.#poller.stop();
        this.retryAt = null;
        this.#become("live");
        this.accept(frame);
        this.start(frame.seq);
    }

    // Polling may have come that far while the socket was on its way. A number behind what
    // was asked for is another matter: the server has another past than it had.
    #resync(seq, since) {
        if (seq < since || seq > this.seq) {
            this.lost(seq);
        }
    }

    // A number is missing, which no server should let happen: it is asked for what came since.
    #again() {
        this.#link.drop();
        this.#ended(CLOSE.policy, null, this.client.generation());
    }

    #ended(code, refusal, generation) {
        const wasLive = this.state === "live";
        this.#link = null;
        if (code === CLOSE.badSince) {
            this.seq = null;
            this.#cursorLost = true;
        } else if (code === CLOSE.auth && generation !== this.client.generation()) {
            this.#resume();
            return;
        } else if (WORDS.has(code) && code !== CLOSE.normal) {
            this.#finish(code, refusal?.detail);
            return;
        }
        if (wasLive && performance.now() - this.#connectedAt > STEADY) {
            this.#backoff.reset();
        }
        this.#failedTries += wasLive ? 0 : 1;
        this.#retry(code);
    }

    #retry(code) {
        if (this.#poller.running) {
            this.#later(this.client.pace.socketRetryMin / 2 + this.#socketRetry.next());
            return;
        }
        if (this.#failedTries >= this.client.pace.socketTries) {
            this.#later(this.client.pace.socketRetryMin / 2 + this.#socketRetry.next());
            this.#startPolling();
            return;
        }
        this.#wait(this.#backoff.next(WEIGHT.get(code)));
    }

    #wait(pause) {
        this.#later(pause);
        this.retryAt = Date.now() + pause;
        this.#become("waiting");
    }

    #later(pause) {
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
        const news = await this.poll(signal);
        if (signal.aborted) {
            return news;
        }
        this.retryAt = null;
        // Who answers again after a failure may take sockets again, too.
        if (this.state === "waiting" && !this.#link) {
            this.#connect();
        }
        this.#become("polling");
        return news;
    }

    #pollFailed(error, pause) {
        if (REFUSED.has(error.status)) {
            this.#finish(REFUSED.get(error.status), error.detail);
            return;
        }
        this.retryAt = Date.now() + pause;
        this.#become("waiting");
    }

    // ---- states ----

    #quit() {
        clearTimeout(this.#timer);
        this.retryAt = null;
        this.#poller.stop();
        this.#link?.drop();
        this.#link = null;
        this.#failedTries = 0;
    }

    #finish(code, detail) {
        if (this.closed) {
            return;
        }
        this.#quit();
        this.closed = { code, detail: detail ?? WORDS.get(code) };
        this.client.ended(this);
        this.#become("closed");
        this.emit("closed", this.closed);
        if (code === CLOSE.auth) {
            this.client.unauthorized(new ConfabError(401, this.closed.detail));
        }
    }

    #become(state) {
        if (state === this.state) {
            return;
        }
        this.state = state;
        this.settle();
        this.emit("state", state);
    }
}
