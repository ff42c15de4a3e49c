// The number of cases for a moderator: open reports, and messages that the word filter holds.
// Loaded for moderators of a room. New ones come as events; every minute all are counted.

import { Emitter } from "../../confab/emitter.js";
import { debounce } from "../ui/dom.js";

const COMPARE_MS = 60000;
const SETTLE_MS = 300;
/** Held messages are listed for each room: so many are asked for at first, the most active ones. */
const MOST_ROOMS = 20;

/** Emits "change" when something may be other than before. */
export class OpenCases extends Emitter {
    /**
     * `rooms()` gives the rooms that the user moderates; `channel` is the notifications channel, or
     * null where there is one room only.
     */
    constructor({ confab, rooms, channel }) {
        super();
        Object.assign(this, { confab, rooms });
        this.reports = 0;
        // By room id, how many messages are held.
        this.held = new Map();
        this.wanted = new Set();
        this.readSoon = debounce(SETTLE_MS, () => this.read());
        this.stops = [
            channel?.on("report_created", () => this.readSoon()),
            channel?.on("message_held", ({ room_id: id }) => this.heldIn(id)),
            channel?.on("resync", () => this.readAll()),
        ];
        this.compare = () => document.visibilityState === "visible" && this.readSoon();
        this.timer = setInterval(this.compare, COMPARE_MS);
        window.addEventListener("focus", this.compare);
        this.readAll();
    }

    close() {
        this.stops.forEach((stop) => stop?.());
        clearInterval(this.timer);
        window.removeEventListener("focus", this.compare);
        this.readSoon.cancel();
        this.isClosed = true;
    }

    get heldCount() {
        return [...this.held.values()].reduce((sum, count) => sum + count, 0);
    }

    get count() {
        return this.reports + this.heldCount;
    }

    /** Messages of this room are held, or not any more. */
    heldIn(roomId) {
        this.wanted.add(roomId);
        this.readSoon();
    }

    readAll() {
        const rooms = this.rooms().slice(0, MOST_ROOMS);
        rooms.forEach((room) => this.wanted.add(room.room_id));
        this.readSoon();
    }

    /** Asks the server; of the held messages, where there were some, or are perhaps. */
    async read() {
        const ids = new Set([...this.held.keys(), ...this.wanted]);
        this.wanted.clear();
        try {
            const { count } = await this.confab.reports({ state: "open", limit: 1 });
            this.reports = count;
            for (const id of ids) {
                const page = await this.confab.held(id, { limit: 1 });
                if (page.count > 0) {
                    this.held.set(id, page.count);
                } else {
                    this.held.delete(id);
                }
            }
        } catch {
            // Asked again in a minute.
        }
        if (!this.isClosed) {
            this.emit("change");
        }
    }
}
