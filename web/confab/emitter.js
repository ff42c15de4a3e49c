/** Who has events. */

export class Emitter {
    #listeners = new Map();

    on(name, listener) {
        const known = this.#listeners.get(name) ?? new Set();
        this.#listeners.set(name, known.add(listener));
        return () => this.off(name, listener);
    }

    once(name, listener) {
        const stop = this.on(name, (value) => {
            stop();
            listener(value);
        });
        return stop;
    }

    off(name, listener) {
        this.#listeners.get(name)?.delete(listener);
    }

    /** For the library itself. One listener's fault neither stops the others nor goes unseen. */
    emit(name, value) {
        for (const listener of [...(this.#listeners.get(name) ?? [])]) {
            try {
                listener(value);
            } catch (error) {
                queueMicrotask(() => {
                    throw error;
                });
            }
        }
    }
}
