/**
 * Sending a file in parts, loaded when the first one is sent. After a break the server is asked how
 * far it has come, and the upload goes on from there.
 */

import { Emitter } from "./emitter.js";
import { ConfabError, errorOf } from "./http.js";
import { Backoff } from "./pace.js";

// What the server decides by the bytes, without a claim of the browser.
const UNKNOWN_TYPE = "application/octet-stream";
const CLAIMED = /^(image|audio|video)\//;

const path = (id, rest = "") => `/api/chat/files/${id}/${rest}`;

const cancelled = () =>
    new ConfabError(0, "The upload was cancelled.", { code: "upload_cancelled" });

export class Upload extends Emitter {
    #http;
    #pace;
    #aborter = new AbortController();
    #settle;
    #details;
    #isClaimed;

    /** `details`: { name, media_type, width, height, duration, thumbnail, file_id }. */
    constructor({ http, pace }, roomId, blob, details) {
        super();
        this.#http = http;
        this.#pace = pace;
        this.#details = details;
        this.room_id = roomId;
        this.blob = blob;
        this.name = details.name ?? blob.name ?? "file";
        this.size = blob.size;
        this.file_id = details.file_id ?? null;
        this.offset = 0;
        this.state = "sending";
        this.error = null;
        this.file = null;
        const type = details.media_type ?? blob.type;
        this.#isClaimed = CLAIMED.test(type);
        this.media_type = this.#isClaimed ? type : UNKNOWN_TYPE;
        this.#begin();
    }

    /** Stops. What was sent is deleted by the server after a while. */
    cancel() {
        if (this.state === "done" || this.state === "cancelled") {
            return;
        }
        this.#aborter.abort();
        this.error = cancelled();
        this.#setState("cancelled");
        this.#settle.reject(this.error);
    }

    /** Goes on after a failure, from where the server stands. */
    retry() {
        if (this.state === "failed") {
            this.error = null;
            this.#begin();
        }
    }

    #begin() {
        this.done = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
        this.done.catch(() => {});
        this.#setState("sending");
        this.#run();
    }

    async #run() {
        const backoff = new Backoff(this.#pace.backoffMin, this.#pace.backoffMax);
        while (this.state === "sending") {
            try {
                await this.#send(backoff);
                this.#setState("done");
                this.#settle.resolve(this.file);
            } catch (error) {
                await this.#failed(error, backoff);
            }
        }
    }

    async #failed(error, backoff) {
        if (this.state !== "sending") {
            return;
        }
        // A picture under the name of another type: the server finds out by itself.
        if (error.codes.media_type?.[0] === "media_type" && this.#isClaimed) {
            this.#isClaimed = false;
            this.media_type = UNKNOWN_TYPE;
            this.file_id = null;
        } else if (error.temporary && error.code !== "no_space") {
            await new Promise((resolve) => setTimeout(resolve, backoff.next()));
        } else {
            // It has expired, or its bytes were damaged on the way.
            if (error.status === 404 || error.codes.sha256) {
                this.file_id = null;
            }
            this.error = error;
            this.#setState("failed");
            this.#settle.reject(error);
        }
    }

    async #send(backoff) {
        let place = this.file_id ? await this.#place() : await this.#announce();
        this.file_id = place.file_id;
        this.#moved(place.offset);
        while (this.offset < this.size) {
            const part = this.blob.slice(this.offset, this.offset + place.part_size);
            const query = `?offset=${this.offset}`;
            const answer = await this.#ask("PUT", path(this.file_id) + query, { bytes: part });
            // 409: another one has sent it, or the answer to it was lost.
            if (answer.status !== 200 && !Number.isInteger(answer.body?.offset)) {
                throw errorOf(answer);
            }
            place = { ...place, offset: answer.body.offset };
            this.#moved(place.offset);
            backoff.reset();
        }
        const { thumbnail } = this.#details;
        if (thumbnail) {
            await this.#expect("PUT", path(this.file_id, "thumbnail/"), { bytes: thumbnail });
        }
        const { body } = await this.#expect("POST", path(this.file_id, "done/"), { body: {} });
        this.file = body;
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
        const answer = await this.#ask(method, url, options);
        if (answer.status < 200 || answer.status > 299) {
            throw errorOf(answer);
        }
        return answer;
    }

    #ask(method, url, options) {
        return this.#http.exchange(method, url, { ...options, signal: this.#aborter.signal });
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
