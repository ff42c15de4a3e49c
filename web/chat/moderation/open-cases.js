// The number of cases for a moderator: open reports, and messages that the word filter holds.
// Loaded for moderators of a room. Events report when they have changed.

import { Emitter } from "../../confab/emitter.js";
import { debounce } from "../ui/dom.js";

const SETTLE_MS = 300;
/** Where events may be missing, as in one room alone, all are counted again after this time. */
const OLD_MS = 60000;

/** Emits "change" when something may have changed. */
export class OpenCases extends Emitter {
    /** `channel` is the notifications channel, or null where there is one room only. */
    constructor(confab, channel) {
        super();
        this.confab = confab;
        this.reports = 0;
        this.held = 0;
        this.readSoon = debounce(SETTLE_MS, () => this.read());
        this.stops = ["report_created", "message_held", "moderation_changed", "resync"].map(
            (type) => channel?.on(type, this.readSoon),
        );
        this.compare = () => performance.now() > this.readAt + OLD_MS && this.readSoon();
        window.addEventListener("focus", this.compare);
        this.read();
    }

    close() {
        this.stops.forEach((stop) => stop?.());
        window.removeEventListener("focus", this.compare);
        this.readSoon.cancel();
        this.isClosed = true;
    }

    get count() {
        return this.reports + this.held;
    }

    async read() {
        this.readAt = performance.now();
        try {
            const [reports, held] = await Promise.all([
                this.confab.reports({ state: "open", limit: 1 }),
                this.confab.heldMessages({ limit: 1 }),
            ]);
            this.reports = reports.count;
            this.held = held.count;
        } catch {
            // Asked again later.
        }
        if (!this.isClosed) {
            this.emit("change");
        }
    }
}
