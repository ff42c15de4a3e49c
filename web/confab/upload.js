/**
 * Sending a file in parts, loaded when the first one is sent. After a break the server is asked how
 * far it has come, and the upload continues from there.
 */

import { Emitter } from "./emitter.js";
import { ConfabError, errorOf } from "./http.js";
import { Backoff } from "./pace.js";

// What the server decides by the bytes, without a claim of the browser.
const UNKNOWN_TYPE = "application/octet-stream";
const CLAIMED = /^(image|audio|video)\//;

/** Uploads under way at the same time: the browser opens few connections to one server. */
const LANES = 2;
/** A connection that breaks in each part gets smaller ones, down to this size. */
const LEAST_PART = 8 * 1024;
/** An upload fails after this number of consecutive errors of the server. */
const MAX_SERVER_ERRORS = 5;
/** A longer pause than this (s) is not waited for: the quota of a day is used up. */
const MAX_WAIT = 120;
/** A larger file (bytes) is not kept in the browser. */
const MOST_KEPT = 200e6;
/** How often a file that the server has dropped is announced again. */
const MAX_RESTARTS = 2;

const path = (id, rest = "") => `/api/chat/files/${id}/${rest}`;

const cancelled = () =>
    new ConfabError(0, "The upload was cancelled.", { code: "upload_cancelled" });

const unreadable = (cause) =>
    new ConfabError(0, "The file cannot be read.", { code: "file_unreadable", cause });

/** Lets a few uploads run at a time, in their order. */
export class Lanes {
    #free = LANES;
    #waiting = [];

    async enter() {
        if (this.#free === 0) {
            await new Promise((resolve) => {
                this.#waiting.push(resolve);
            });
        } else {
            this.#free -= 1;
        }
    }

    leave() {
        const next = this.#waiting.shift();
        if (next) {
            next();
        } else {
            this.#free += 1;
        }
    }
}

export class Upload extends Emitter {
    #ask;
    #pace;
    #lanes;
    #kept;
    #isRunning = false;
    #ended;
    #aborter = new AbortController();
    #settle;
    #details;
    #isClaimed;
    #wake = () => {};
    // The next part has at most #part bytes, any at most #mostPart.
    #part = Infinity;
    #mostPart = Infinity;
    #serverErrors = 0;
    #restarts = 0;

    /**
     * `ask(method, path, options)` as Http.exchange(); `kept` are KeptFiles or null;
     * `ended(upload)` is called when it is no longer needed. `details`: { name, media_type,
     * width, height, duration, thumbnail, file_id, key }.
     */
    constructor({ ask, pace, lanes, kept, ended }, roomId, blob, details) {
        super();
        this.#ask = ask;
        this.#pace = pace;
        this.#lanes = lanes;
        this.#kept = details.key ? kept : null;
        this.#ended = ended;
        this.#details = details;
        this.room_id = roomId;
        this.blob = blob;
        this.key = details.key ?? null;
        this.name = details.name ?? blob.name ?? "file";
        this.size = blob.size;
        this.width = details.width ?? null;
        this.height = details.height ?? null;
        this.duration = details.duration ?? null;
        this.thumbnail = details.thumbnail ?? null;
        this.file_id = details.file_id ?? null;
        this.offset = 0;
        this.state = "sending";
        this.error = null;
        this.file = null;
        const type = details.media_type ?? blob.type;
        this.#isClaimed = CLAIMED.test(type);
        this.media_type = this.#isClaimed ? type : UNKNOWN_TYPE;
        // The page may be closed before it is its turn.
        if (this.file_id === null) {
            this.#keep();
        }
        this.#begin();
    }

    /** Stops. What was sent is deleted by the server after a while. */
    cancel() {
        this.forget();
        this.stop();
    }

    /** Internal: stops; what is kept in the browser stays. */
    stop() {
        if (this.state === "done" || this.state === "cancelled") {
            return;
        }
        const wasSending = this.state === "sending";
        this.#aborter.abort();
        this.error = cancelled();
        this.#setState("cancelled");
        this.#wake();
        if (wasSending) {
            this.#settle.reject(this.error);
        }
    }

    /** Continues after a failure, from the offset of the server. */
    retry() {
        if (this.state === "failed") {
            this.#begin();
        }
    }

    /** Internal: sends it once more: the server has dropped what no message used in time. */
    again() {
        if (this.state === "done") {
            this.file = null;
            this.#setFileId(null);
            this.#begin();
        }
    }

    /** Internal: continues now instead of waiting. */
    wake() {
        this.#wake();
    }

    /** Internal: the browser need not keep the file any longer. */
    forget() {
        this.#kept?.remove(this.key);
        this.#kept = null;
        this.#ended(this);
    }

    /** Keeps the file in the browser, with how it is known to the server. */
    #keep() {
        if (this.size <= MOST_KEPT) {
            const { key, room_id, blob, file_id } = this;
            const { file_id: _, ...details } = this.#details;
            this.#kept?.put({ key, room_id, blob, details, file_id });
        }
    }

    #begin() {
        this.error = null;
        this.#serverErrors = 0;
        this.#restarts = 0;
        this.done = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
        this.done.catch(() => {});
        this.#setState("sending");
        // Not twice, if a listener tries again at once.
        if (!this.#isRunning) {
            this.#run();
        }
    }

    async #run() {
        const backoff = new Backoff(this.#pace.backoffMin, this.#pace.backoffMax);
        this.#isRunning = true;
        await this.#lanes.enter();
        while (this.state === "sending") {
            try {
                await this.#send(backoff);
                this.#setState("done");
                this.#settle.resolve(this.file);
                if (!this.key) {
                    this.#ended(this);
                }
            } catch (error) {
                await this.#failed(error, backoff);
            }
        }
        this.#lanes.leave();
        this.#isRunning = false;
    }

    async #failed(error, backoff) {
        if (this.state !== "sending") {
            return;
        }
        const pause = this.#pauseAfter(error, backoff);
        if (pause !== null) {
            await this.#pause(pause);
            return;
        }
        // Its bytes were damaged on the way.
        if (error.codes.sha256) {
            this.#setFileId(null);
        }
        const { reject } = this.#settle;
        this.error = error;
        this.#setState("failed");
        reject(error);
    }

    /** How long to wait (ms) until another try; null: there is none. */
    #pauseAfter(error, backoff) {
        if (error.code === "file_unreadable" || error.code === "no_space") {
            return null;
        }
        // A picture under the name of another type: the server finds out by itself.
        if (error.codes.media_type?.[0] === "media_type" && this.#isClaimed) {
            this.#isClaimed = false;
            this.media_type = UNKNOWN_TYPE;
            this.#setFileId(null);
            return 0;
        }
        if (error.status === 401 && !error.foreign) {
            return Infinity; // until a login
        }
        if (error.status === 404 && !error.foreign && this.file_id !== null) {
            // It has expired.
            this.#setFileId(null);
            this.#restarts += 1;
            return this.#restarts > MAX_RESTARTS ? null : 0;
        }
        // A web server in front takes less at once.
        if (error.isTooMuch && this.#mostPart > LEAST_PART) {
            return 0;
        }
        this.#serverErrors += error.status >= 500 ? 1 : 0;
        const wait = error.retryAfter ?? 0;
        const isFinal =
            !error.temporary || wait > MAX_WAIT || this.#serverErrors >= MAX_SERVER_ERRORS;
        return isFinal ? null : Math.max(backoff.next(), wait * 1000);
    }

    #pause(ms) {
        return new Promise((resolve) => {
            const timer = ms === Infinity ? null : setTimeout(resolve, ms);
            this.#wake = () => {
                clearTimeout(timer);
                resolve();
            };
        });
    }

    async #send(backoff) {
        const place = this.file_id === null ? await this.#announce() : await this.#place();
        this.#setFileId(place.file_id);
        this.#moved(place.offset);
        while (this.offset < this.size) {
            await this.#sendPart(place.part_size);
            backoff.reset();
            this.#serverErrors = 0;
        }
        await this.#sendThumbnail();
        const { body } = await this.#expect("POST", path(this.file_id, "done/"), { body: {} });
        this.file = body;
    }

    async #sendPart(partSize) {
        const size = Math.min(partSize, this.#part, this.#mostPart);
        const part = this.blob.slice(this.offset, this.offset + size);
        let bytes;
        try {
            bytes = await part.arrayBuffer();
        } catch (error) {
            throw unreadable(error);
        }
        let answer;
        try {
            const query = `?offset=${this.offset}`;
            answer = await this.#request("PUT", path(this.file_id) + query, { bytes });
            // 409: another one has sent it, or the answer to it was lost.
            if (answer.status !== 200 && !Number.isInteger(answer.body?.offset)) {
                throw errorOf(answer);
            }
        } catch (error) {
            const half = Math.max(LEAST_PART, Math.floor(size / 2));
            error.isTooMuch = error.status === 413 && error.code !== "file_too_large";
            if (error.isTooMuch) {
                this.#mostPart = half;
            } else if (error.status === 0) {
                // Perhaps too slow for a part of this size.
                this.#part = half;
            }
            throw error;
        }
        this.#part *= 2;
        this.#moved(answer.body.offset);
    }

    async #sendThumbnail() {
        if (this.thumbnail) {
            const options = { bytes: this.thumbnail };
            const answer = await this.#request("PUT", path(this.file_id, "thumbnail/"), options);
            // 409: a message has used the file, with its thumbnail.
            if (answer.status !== 204 && answer.status !== 409) {
                throw errorOf(answer);
            }
        }
    }

    async #announce() {
        const { width, height, duration } = this.#details;
        const { body } = await this.#expect("POST", `/api/chat/rooms/${this.room_id}/files/`, {
            body: {
                name: this.name,
                size: this.size,
                media_type: this.media_type,
                width,
                height,
                duration,
            },
        });
        return body;
    }

    async #place() {
        const { body } = await this.#expect("GET", path(this.file_id), {});
        return body;
    }

    async #expect(method, url, options) {
        const answer = await this.#request(method, url, options);
        if (answer.status < 200 || answer.status > 299) {
            throw errorOf(answer);
        }
        return answer;
    }

    #request(method, url, options) {
        return this.#ask(method, url, { ...options, signal: this.#aborter.signal });
    }

    #setFileId(id) {
        if (this.file_id !== id) {
            this.file_id = id;
            this.#keep();
        }
    }

    #moved(offset) {
        this.offset = offset;
        this.emit("progress", this);
    }

    #setState(state) {
        this.state = state;
        this.emit("change", this);
    }
}
