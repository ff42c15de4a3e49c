/** Listeners of named events. */

export class Emitter {
    #listeners = new Map();

    /** Vue leaves an object with this property alone; its proxies would lack private fields. */
    get __v_skip() {
        return true;
    }

    on(name, listener) {
        const listeners = this.#listeners.get(name) ?? new Set();
        this.#listeners.set(name, listeners.add(listener));
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

    /** Internal. A listener that throws does not stop the others; its error stays uncaught. */
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
