/**
 * Files that are being sent, kept in the browser (IndexedDB), so that they can be sent after a
 * reload. Loaded with the first one. Where nothing can be kept, as in private windows, an upload
 * lasts as long as the page.
 */

const DATABASE = "confab-files";
const STORE = "files";
/** Files not claimed within this time (ms) are dropped. */
const MOST_AGE = 7 * 24 * 60 * 60 * 1000;

/** A key for a file, which is unique. */
export const newKey = () =>
    Array.from({ length: 3 }, () => Math.random().toString(36).slice(2, 12)).join("");

const answerOf = (request) =>
    new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });

export class KeptFiles {
    #factory;
    #owner;
    #opened = null;
    // Changes of one file are written one after the other.
    #last = Promise.resolve();

    /** `owner` tells the files of several users and chats apart. */
    constructor(factory, owner) {
        this.#factory = factory;
        this.#owner = owner;
    }

    /** Keeps { key, room_id, blob, details, file_id }. */
    put(record) {
        const whole = { ...record, owner: this.#owner, kept_at: Date.now() };
        return this.#run("readwrite", (store) => store.put(whole));
    }

    /** Resolves to null if there is none, or it is another user's. */
    async get(key) {
        const record = await this.#run("readonly", (store) => store.get(key));
        return record?.owner === this.#owner ? record : null;
    }

    remove(key) {
        return this.#run("readwrite", (store) => store.delete(key));
    }

    /** Removes all of this user. */
    clear() {
        return this.#removeIf(({ owner }) => owner === this.#owner);
    }

    #removeIf(isOld) {
        return this.#run("readwrite", async (store) => {
            for (const record of await answerOf(store.getAll())) {
                if (isOld(record)) {
                    store.delete(record.key);
                }
            }
            return null;
        });
    }

    #run(mode, act) {
        const own = this.#last.then(async () => {
            const store = (await this.#open()).transaction(STORE, mode).objectStore(STORE);
            const request = await act(store);
            return request && answerOf(request);
        });
        this.#last = own.catch(() => undefined);
        return this.#last;
    }

    #open() {
        this.#opened ??= this.#create();
        return this.#opened;
    }

    async #create() {
        const request = this.#factory.open(DATABASE, 1);
        request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
        const database = await answerOf(request);
        // Another tab wants to change or delete it.
        database.onversionchange = () => {
            database.close();
            this.#opened = null;
        };
        const before = Date.now() - MOST_AGE;
        const store = database.transaction(STORE, "readwrite").objectStore(STORE);
        for (const record of await answerOf(store.getAll())) {
            if (record.kept_at < before) {
                store.delete(record.key);
            }
        }
        return database;
    }
}
