/**
 * The uploads of a client, and the modules that send files: they are loaded with the first one.
 */

import { partMissing } from "./http.js";

export class Uploads {
    #client;
    #pace;
    #mayKeep;
    #active = new Set();
    // {owner, kept, newKey, start}, a promise, once it was needed.
    #modules = null;

    /** `mayKeep`: whether files may be kept in the browser. */
    constructor(client, pace, mayKeep) {
        this.#client = client;
        this.#pace = pace;
        this.#mayKeep = mayKeep;
    }

    /** Begins to send a file to a room, in parts. Resolves to the Upload. */
    async begin(roomId, blob, { keep = false, ...details } = {}) {
        const { newKey, start } = await this.#loaded();
        return start(roomId, blob, { ...details, key: keep ? newKey() : null });
    }

    /** Goes on with an upload that was kept, as after a reload; null if it is not there. */
    async resume(key) {
        const { kept, start } = await this.#loaded();
        const known = [...this.#active].find((one) => one.key === key);
        if (known) {
            return known;
        }
        const { room_id: roomId, blob, details, file_id } = (await kept?.get(key)) ?? {};
        return blob ? start(roomId, blob, { ...details, file_id, key }) : null;
    }

    wake() {
        this.#active.forEach((one) => one.wake());
    }

    /** Stops what is being sent. What is kept in the browser stays. */
    stop() {
        this.#active.forEach((one) => one.stop());
        this.#active.clear();
        this.#modules = null;
    }

    /** The user `id` has logged out: also removes the files that are kept in the browser. */
    async forget(id) {
        const modules = this.#modules;
        this.stop();
        if (!this.#database() || id === undefined) {
            return;
        }
        try {
            const owner = this.#name(id);
            const loaded = await modules?.catch(() => null);
            // What is being written to it is written before it is cleared.
            const known = loaded?.owner === owner ? loaded.kept : null;
            const { KeptFiles } = await import("./kept-files.js");
            await (known ?? new KeptFiles(this.#database(), owner)).clear();
        } catch {
            // They are removed after a week.
        }
    }

    #database() {
        return this.#mayKeep ? globalThis.indexedDB : null;
    }

    #name(userId) {
        return `${this.#client.url}:${userId}`;
    }

    #loaded() {
        this.#modules ??= this.#load();
        this.#modules.catch(() => {
            this.#modules = null;
        });
        return this.#modules;
    }

    async #load() {
        const [{ Lanes, Upload }, { KeptFiles, newKey }] = await Promise.all([
            import("./upload.js"),
            import("./kept-files.js"),
        ]).catch((cause) => {
            throw partMissing(cause);
        });
        const client = this.#client;
        const { user_id: id } = client.user ?? (await client.me());
        const database = this.#database();
        const owner = this.#name(id);
        const kept = database ? new KeptFiles(database, owner) : null;
        const ask = (method, path, { body, ...more }) => client.exchange(method, path, body, more);
        const ended = (upload) => this.#active.delete(upload);
        const context = { ask, pace: this.#pace, kept, ended, lanes: new Lanes() };
        const start = (...what) => {
            const upload = new Upload(context, ...what);
            this.#active.add(upload);
            return upload;
        };
        return { owner, kept, newKey, start };
    }
}
