/** The outbox: sends each message once and in the order of its room, whatever the network does. */

import { Emitter } from "./emitter.js";
import { ConfabError } from "./http.js";
import { Backoff } from "./pace.js";

// After this many failures by the server, or by a proxy in front of it, a message counts as failed.
const MAX_SERVER_ERRORS = 5;
// Without a response the network may be to blame. After this many failures more, each of them
// followed by a response to another request, it is the message.
const MAX_LONE_FAILURES = 3;

/** The text of an error, without the names of fields. */
const reasonOf = ({ detail, fields }) => Object.values(fields).flat().join(" ") || detail;

/** A message being sent. */
class Outgoing {
    /** As in Emitter. */
    get __v_skip() {
        return true;
    }

    #settle;

    constructor(entry) {
        // `files` are the ids of its files once all are sent, null until then.
        Object.assign(this, { state: "queued", message: null, uploads: [], files: null }, entry);
        this.reset();
    }

    /** Whether it waits for its files. */
    get isIncomplete() {
        return Boolean(this.keys) && !this.files;
    }

    /** The fields that are stored. */
    toJSON() {
        const { client_id, room_id, content, message_type, reply_to_id, mentions } = this;
        const { created_at, state, keys } = this;
        return {
            client_id,
            room_id,
            content,
            message_type,
            reply_to_id,
            mentions,
            created_at,
            keys,
            refused: state === "failed" ? reasonOf(this.error) : null,
            refused_code: state === "failed" ? this.error.code : null,
        };
    }

    resolve(message) {
        this.#settle.resolve(message);
    }

    reject(error) {
        this.#settle.reject(error);
    }

    /** Prepares a message for its first try, or a failed one for another. */
    reset() {
        this.done = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
        // An application that does not use `done` gets no unhandled rejection.
        this.done.catch(() => {});
        this.serverErrors = 0;
        this.loneFailures = 0;
        this.error = null;
    }
}

export class Outbox extends Emitter {
    #entries = [];
    #rooms = new Map();
    #userId = null;
    #stopped = false;
    #released = false;

    /**
     * `post(entry)` sends a message; `identify()` requests the current user; `keptUpload(key)`
     * gives the upload of an earlier visit.
     */
    constructor({ post, identify, keptUpload, storage, pace }) {
        super();
        Object.assign(this, { post, identify, keptUpload, storage, pace });
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
        const isLate = one.error.codes.files !== undefined;
        one.reset();
        this.#entries = [...this.#entries.filter((other) => other !== one), one];
        this.#setState(one, "queued");
        // The server has dropped the files, as no message used them in time.
        one.uploads.forEach((upload) => (isLate ? upload.again() : upload.retry()));
        this.#complete(one);
    }

    discard(clientId, { keepFiles = false } = {}) {
        const one = this.#find(clientId);
        if (!one) {
            return;
        }
        this.#remove(one, "discarded");
        if (!keepFiles) {
            one.uploads.forEach((upload) => upload.cancel());
        }
        one.reject(new ConfabError(0, "The message was discarded.", { code: "discarded" }));
    }

    // ---- for the client ----

    /** `uploads` are the files of the message: each an Upload, or a promise of one. */
    add(entry, uploads = []) {
        const one = new Outgoing({
            ...entry,
            uploads: uploads.filter((upload) => !(upload instanceof Promise)),
            client_id: newId(),
            created_at: new Date().toISOString().replace("Z", "000Z"),
        });
        this.#entries.push(one);
        one.keys = uploads.length > 0 ? uploads.map(({ key }) => key ?? null) : undefined;
        this.#setState(one, "queued");
        this.#complete(one, uploads);
        return one;
    }

    /** Sets the sender, and resumes what this user left unsent. */
    setUser(userId) {
        this.#stopped = false;
        if (userId !== this.#userId) {
            if (this.#userId !== null || this.#released) {
                this.#discardAll();
            }
            this.#released = false;
            this.#userId = userId;
            this.#entries.forEach((one) => this.#store(one));
            this.storage.recover(userId, (entries) => this.#restore(userId, entries));
        }
        this.wake();
    }

    /** The user has logged out: drops all unsent messages. */
    clear() {
        if (this.#userId !== null) {
            this.storage.clear(this.#userId);
        }
        this.#discardAll();
        this.#userId = null;
    }

    /** Another user is logged in: unsent messages stay stored until their sender is back. */
    release() {
        this.stop();
        this.#discardAll();
        this.#userId = null;
        this.#released = true;
    }

    /** Retries now what is waiting for its next try. */
    wake() {
        this.#rooms.forEach((room) => room.wake());
        new Set(this.#entries.map((one) => one.room_id)).forEach((id) => this.#send(id));
    }

    /** Sends again after stop(). */
    start() {
        this.storage.open();
        if (!this.#released) {
            this.#stopped = false;
            // Their uploads were stopped.
            for (const one of this.#entries.filter(({ isIncomplete }) => isIncomplete)) {
                one.uploads = [];
                this.#complete(one);
            }
            this.wake();
        }
    }

    /** The client is closed: stops sending; unsent messages stay in the storage. */
    close() {
        this.stop();
        this.storage.close();
    }

    stop() {
        this.#stopped = true;
        this.#rooms.forEach((room) => room.wake());
    }

    /** A message arrived as an event. If it is from this outbox, its response may be lost. */
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

    /** Waits for the files of a message, then sends it; those after it do not wait for it. */
    async #complete(one, uploads = one.uploads) {
        if (!one.keys) {
            this.#send(one.room_id);
            return;
        }
        one.files = null;
        let found = one.uploads;
        try {
            // Those of an earlier visit are found by their keys.
            const wanted = uploads.length > 0 ? uploads : one.keys.map((key) => this.#kept(key));
            found = await Promise.all(wanted);
            if (!this.#entries.includes(one)) {
                found.forEach((upload) => upload.stop());
                return;
            }
            one.uploads = found;
            one.keys = found.map(({ key }) => key);
            this.#setState(one, one.state);
            const files = await Promise.all(found.map(({ done }) => done));
            one.files = files.map(({ file_id: id }) => id);
            this.#send(one.room_id);
        } catch (error) {
            // Not if they were stopped, as the client was closed.
            const isCurrent = one.uploads === found && this.#entries.includes(one);
            if (isCurrent && one.state === "queued" && !this.#stopped) {
                this.#refused(one, error);
            }
        }
    }

    async #kept(key) {
        const upload = await this.keptUpload(key);
        if (!upload) {
            const detail = "The file is not kept in this browser any longer.";
            throw new ConfabError(0, detail, { code: "file_lost" });
        }
        return upload;
    }

    #send(roomId) {
        if (this.#rooms.has(roomId) || this.#stopped) {
            return;
        }
        const room = {
            wake: () => {},
            backoff: new Backoff(this.pace.backoffMin, this.pace.backoffMax),
        };
        this.#rooms.set(roomId, room);
        this.#sendAll(roomId, room);
    }

    async #sendAll(roomId, room) {
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
        return this.#entries.find(
            (one) => one.room_id === roomId && one.state === "queued" && !one.isIncomplete,
        );
    }

    // Returns the pause before the next try, in ms.
    async #attempt(one, room) {
        this.#setState(one, "sending");
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
            return this.#attemptFailed(one, room, error);
        }
    }

    async #attemptFailed(one, room, error) {
        if (one.state !== "sending") {
            return 0;
        } // its event arrived, or it was discarded
        one.error = error;
        if (error.status === 401 && !error.foreign) {
            this.#setState(one, "queued");
            return Infinity; // until a login
        }
        if (error.temporary && !(await this.#isGivenUp(one, error))) {
            if (one.state === "sending") {
                this.#setState(one, "queued");
            }
            return Math.max(room.backoff.next(), (error.retryAfter ?? 0) * 1000);
        }
        if (one.state !== "sending") {
            return 0;
        }
        this.#refused(one, error);
        return 0;
    }

    #refused(one, error) {
        one.error = error;
        this.#setState(one, "failed");
        this.#store(one);
        one.reject(error);
    }

    /**
     * Whether a temporary error has lasted too long. A firewall may answer 503, or nothing that the
     * chat sends, for what a message says: if the server answers another request meanwhile, waiting
     * does not help.
     */
    async #isGivenUp(one, { status, foreign }) {
        const isForeign = foreign && (status >= 500 || status === 0);
        one.serverErrors += isForeign || status === 500 ? 1 : 0;
        if (one.serverErrors < MAX_SERVER_ERRORS || !isForeign) {
            return one.serverErrors >= MAX_SERVER_ERRORS;
        }
        const isAnswered = await this.identify().then(
            () => true,
            () => false,
        );
        one.loneFailures += isAnswered ? 1 : 0;
        return isAnswered && (status >= 500 || one.loneFailures >= MAX_LONE_FAILURES);
    }

    #sent(one, message) {
        if (!this.#entries.includes(one)) {
            return;
        }
        one.message = message;
        one.error = null;
        this.#remove(one, "sent");
        one.uploads.forEach((upload) => upload.forget());
        one.resolve(message);
    }

    // ---- the list ----

    #find(clientId) {
        return this.#entries.find((one) => one.client_id === clientId);
    }

    #remove(one, state) {
        this.#entries = this.#entries.filter((other) => other !== one);
        if (this.#userId !== null) {
            this.storage.remove(this.#userId, one.client_id);
        }
        this.#setState(one, state);
    }

    #discardAll() {
        const gone = this.#entries;
        this.#entries = [];
        for (const one of gone) {
            this.#setState(one, "discarded");
            one.reject(new ConfabError(0, "The message was discarded.", { code: "discarded" }));
        }
    }

    #store(one) {
        if (this.#userId !== null) {
            this.storage.put(this.#userId, one.toJSON());
        }
    }

    // They are older than messages written since, so they go first.
    #restore(userId, entries) {
        if (userId !== this.#userId) {
            return;
        }
        const left = entries.filter((entry) => !this.#find(entry.client_id)).map(restored);
        this.#entries = [...left, ...this.#entries];
        left.forEach((one) => this.emit("change", one));
        left.filter((one) => one.state === "queued").forEach((one) => this.#complete(one));
    }

    #setState(one, state) {
        one.state = state;
        if (state === "queued" && one.error === null) {
            this.#store(one);
        }
        this.emit("change", one);
    }
}

/** An outgoing message from its stored fields. */
function restored({ refused, refused_code: code, tab, ...entry }) {
    const one = new Outgoing(entry);
    if (refused) {
        one.state = "failed";
        one.error = new ConfabError(400, refused, { code });
        one.reject(one.error);
    }
    return one;
}

/** The server deduplicates by sender, room and this id, so it only has to be unique. */
function newId() {
    const part = () => Math.random().toString(36).slice(2, 12);
    return `${Date.now().toString(36)}-${part()}${part()}`;
}

/** Resolves after the pause (Infinity: never by itself), or when room.wake() is called. */
function sleep(pause, room) {
    return new Promise((resolve) => {
        const timer = pause === Infinity ? null : setTimeout(resolve, pause);
        room.wake = () => {
            clearTimeout(timer);
            room.backoff.reset();
            resolve();
        };
    });
}
