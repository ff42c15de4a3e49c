// Acts of moderators that can be undone: what was chosen is shown in place of the row, with "Undo",
// and done a few seconds later, or at once when the list is left.

import { button, errorText } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

const UNDO_MS = 6000;

export class Deferred {
    /**
     * Calls `done(item)` after an act has succeeded, and `failed(error)` if it has not, and its row
     * is no longer shown.
     */
    constructor(done, failed) {
        Object.assign(this, { done, failed });
        // By row: what does it.
        this.waiting = new Map();
        this.flush = () => [...this.waiting.values()].forEach((act) => act());
        window.addEventListener("pagehide", this.flush);
    }

    close() {
        window.removeEventListener("pagehide", this.flush);
        return this.flush();
    }

    has(item) {
        return this.waiting.has(item);
    }

    /** `text` says what is done with the row `item`; `act()` does it, and returns a promise. */
    add(item, text, act) {
        const before = [...item.childNodes];
        const restore = (...more) => {
            this.waiting.delete(item);
            fill(item, ...before, ...more);
            item.querySelector(".buttons button")?.focus();
        };
        const undo = button(t("Undo"), () => {
            clearTimeout(timer);
            restore();
        });
        const run = async () => {
            if (undo.disabled) {
                return;
            }
            clearTimeout(timer);
            undo.disabled = true;
            try {
                await act();
            } catch (error) {
                // Another moderator was faster.
                if (error.status !== 404 || error.foreign) {
                    restore(h("p.wrong", { role: "alert" }, errorText(error)));
                    if (!item.isConnected) {
                        this.failed(error);
                    }
                    return;
                }
            }
            this.waiting.delete(item);
            this.done(item);
        };
        const timer = setTimeout(run, UNDO_MS);
        item.querySelector(":scope > .wrong")?.remove();
        this.waiting.set(item, run);
        fill(item, h("div.buttons.undo", h("span", { role: "status" }, text), undo));
        undo.focus();
    }
}
