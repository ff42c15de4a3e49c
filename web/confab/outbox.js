/** Messages under way: each sent once, in the order of its room, whatever the network does. */

import { Emitter } from "./emitter.js";
import { ConfabError } from "./http.js";
import { Backoff } from "./pace.js";

// A server that fails so often with one message would fail with it for ever.
const SERVER_FAULTS = 5;

class Outgoing {
    #settle;

    constructor(entry) {
        Object.assign(this, { state: "queued", error: null, message: null }, entry);
        this.faults = 0;
        this.done = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
        this.done.catch(() => {});
    }

    /** What has to outlive a reload. */
    toJSON() {
        const { client_id, room_id, content, message_type, reply_to_id, created_at, state } = this;
        return {
            client_id,
            room_id,
            content,
            message_type,
            reply_to_id,
            created_at,
            refused: state === "failed" ? this.error.detail : null,
        };
    }

    resolve(message) {
        this.#settle.resolve(message);
    }

    reject(error) {
        this.#settle.reject(error);
    }

    /** A failed one that is tried again has another chance to be done. */
    renew() {
        this.done = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
        this.done.catch(() => {});
        this.faults = 0;
        this.error = null;
    }
}

export class Outbox extends Emitter {
    #entries = [];
    #rooms = new Map();
    #userId = null;
    #stopped = false;

    /** `post(entry)` sends one; `identify()` finds out who the user is, by a request. */
    constructor({ post, identify, unsent, pace }) {
        super();
        Object.assign(this, { post, identify, unsent, pace });
    }

    // ---- for the application ----

    list(roomId) {
        return this.#entries.filter((one) => roomId === undefined || one.room_id === roomId);
    }

    retry(clientId) {
        const one = this.#find(clientId);
        if (one?.state !== "failed") {
            return;
        }
        one.renew();
        this.#entries = [...this.#entries.filter((other) => other !== one), one];
        this.#change(one, "queued");
        this.#send(one.room_id);
    }

    discard(clientId) {
        const one = this.#find(clientId);
        if (!one) {
            return;
        }
        this.#remove(one, "discarded");
        one.reject(new ConfabError(0, "The message was discarded."));
    }

    // ---- for the client ----

    add(entry) {
        const one = new Outgoing({
            ...entry,
            client_id: newId(),
            created_at: new Date().toISOString().replace("Z", "000Z"),
        });
        this.#entries.push(one);
        this.#change(one, "queued");
        this.#send(one.room_id);
        return one;
    }

    /** From now on it is known who sends. What this user left unsent goes on. */
    belongTo(userId) {
        this.#stopped = false;
        if (userId !== this.#userId) {
            if (this.#userId !== null) {
                this.#drop();
            }
            this.#userId = userId;
            this.#entries.forEach((one) => this.#keep(one));
            this.unsent.recover(userId, (entries) => this.#adopt(userId, entries));
        }
        this.wake();
    }

    /** The user is gone, and all that is unsent with it. */
    clear() {
        if (this.#userId !== null) {
            this.unsent.clear(this.#userId);
        }
        this.#drop();
        this.#userId = null;
    }

    /** What waits to be tried again is tried now. */
    wake() {
        this.#rooms.forEach((room) => room.wake());
        new Set(this.#entries.map((one) => one.room_id)).forEach((id) => this.#send(id));
    }

    /** Nothing is sent any more; what is unsent stays in the storage. */
    stop() {
        this.#stopped = true;
        this.#rooms.forEach((room) => room.wake());
    }

    /** A message has come as an event: if it is one of ours, its own answer may be lost. */
    arrived(message) {
        const one =
            message.client_id &&
            message.sender_id === this.#userId &&
            this.#find(message.client_id);
        if (one) {
            this.#sent(one, message);
        }
    }

    // ---- sending ----

    #send(roomId) {
        if (this.#rooms.has(roomId) || this.#stopped) {
            return;
        }
        const room = {
            wake: () => {},
            backoff: new Backoff(this.pace.backoffMin, this.pace.backoffMax),
        };
        this.#rooms.set(roomId, room);
        this.#empty(roomId, room);
    }

    async #empty(roomId, room) {
        let next;
        while (!this.#stopped && (next = this.#next(roomId))) {
            const pause = await this.#attempt(next, room);
            if (pause > 0 && !this.#stopped) {
                await sleep(pause, room);
            }
        }
        this.#rooms.delete(roomId);
    }

    #next(roomId) {
        return this.#entries.find((one) => one.room_id === roomId && one.state === "queued");
    }

    // Returns the time after which the next one is to be tried.
    async #attempt(one, room) {
        this.#change(one, "sending");
        try {
            if (this.#userId === null) {
                await this.identify();
            }
            if (one.state !== "sending") {
                return 0;
            }
            this.#sent(one, await this.post(one));
            room.backoff.reset();
            return 0;
        } catch (error) {
            return this.#missed(one, room, error);
        }
    }

    #missed(one, room, error) {
        if (one.state !== "sending") {
            return 0;
        } // arrived another way, or given up
        one.error = error;
        one.faults += error.status === 500 ? 1 : 0;
        if (error.status === 401) {
            this.#change(one, "queued");
            return Infinity; // until somebody is logged in
        }
        if (error.temporary && one.faults < SERVER_FAULTS) {
            this.#change(one, "queued");
            return Math.max(room.backoff.next(), (error.retryAfter ?? 0) * 1000);
        }
        this.#change(one, "failed");
        this.#keep(one);
        one.reject(error);
        return 0;
    }

    #sent(one, message) {
        if (!this.#entries.includes(one)) {
            return;
        }
        one.message = message;
        one.error = null;
        this.#remove(one, "sent");
        one.resolve(message);
    }

    // ---- the list ----

    #find(clientId) {
        return this.#entries.find((one) => one.client_id === clientId);
    }

    #remove(one, state) {
        this.#entries = this.#entries.filter((other) => other !== one);
        if (this.#userId !== null) {
            this.unsent.remove(this.#userId, one.client_id);
        }
        this.#change(one, state);
    }

    #drop() {
        const gone = this.#entries;
        this.#entries = [];
        for (const one of gone) {
            this.#change(one, "discarded");
            one.reject(new ConfabError(0, "The message was discarded."));
        }
    }

    #keep(one) {
        if (this.#userId !== null) {
            this.unsent.put(this.#userId, one.toJSON());
        }
    }

    // Older than all that was written since, so they go first.
    #adopt(userId, entries) {
        if (userId !== this.#userId) {
            return;
        }
        const left = entries.filter((entry) => !this.#find(entry.client_id)).map(restored);
        this.#entries = [...left, ...this.#entries];
        left.forEach((one) => this.emit("change", one));
        new Set(left.map((one) => one.room_id)).forEach((id) => this.#send(id));
    }

    #change(one, state) {
        one.state = state;
        if (state === "queued" && one.error === null) {
            this.#keep(one);
        }
        this.emit("change", one);
    }
}

function restored({ refused, tab, ...entry }) {
    const one = new Outgoing(entry);
    if (refused) {
        one.state = "failed";
        one.error = new ConfabError(400, refused);
        one.reject(one.error);
    }
    return one;
}

/** Unique is enough: the server knows it by its sender and room. */
function newId() {
    const part = () => Math.random().toString(36).slice(2, 12);
    return `${Date.now().toString(36)}-${part()}${part()}`;
}

/** Ends after the time (Infinity: never by itself), or when somebody calls room.wake(). */
function sleep(time, room) {
    return new Promise((resolve) => {
        const timer = time === Infinity ? null : setTimeout(resolve, time);
        room.wake = () => {
            clearTimeout(timer);
            room.backoff.reset();
            resolve();
        };
    });
}
