/**
 * A room's events on the socket of the notifications channel, so that a page needs one socket for
 * all. To the room's channel it is what a Socket is.
 */

const ABNORMAL = 1006;
const TRY_LATER = 1013;
const FORBIDDEN = 4403;

/** Close codes for the errors in response to a watch. */
const REFUSALS = new Map([
    ["bad_since", 4400],
    ["forbidden", FORBIDDEN],
    ["banned", FORBIDDEN],
    ["not_found", 4404],
]);
// What ends a watch of a viewer: the room is no longer open to viewers, or the viewer is banned.
const ENDS = new Set(["forbidden", "banned"]);
// The room's channel needs a socket of its own.
const UNWATCHABLE = new Set(["already_watched", "too_many_watched", "unknown_type"]);

/** The code that end() gets if the channel has to open a socket of its own, at once. */
export const USE_SOCKET = null;

export class Watch {
    #timer = null;
    #started = false;
    #userId = null;
    #isRechecked = false;

    /**
     * `carrier` is the notifications channel, which calls start() when it is live, and receive()
     * with the frames of this room. `frame` and `end` as of a Socket.
     */
    constructor({ carrier, pace, roomId, since, frame, end }) {
        Object.assign(this, { carrier, pace, roomId, since, frame, end });
        this.connected = false;
    }

    start() {
        this.#started = true;
        this.#timer = setTimeout(() => this.stop(ABNORMAL), this.pace.connectTimeout);
        this.#request(this.since);
    }

    send(object) {
        return this.connected && this.carrier.send({ ...object, room_id: this.roomId });
    }

    probe(timeout) {
        this.carrier.probe(timeout);
    }

    /** Ends the watch without calling end(). */
    drop() {
        this.end = () => {};
        this.#finish(true);
    }

    /** Ends the watch because of the carrier or of a timeout. */
    stop(code, refusal = null) {
        const { end } = this;
        this.drop();
        end(code, refusal);
    }

    receive(frame) {
        if (frame.type === "error") {
            this.#error(frame);
            return;
        }
        if (frame.type === "connected") {
            clearTimeout(this.#timer);
            this.connected = true;
            this.#isRechecked = false;
            this.#userId = frame.user_id;
        }
        // Before, frames can only be those of an earlier watch of this room.
        if (!this.connected) {
            return;
        }
        this.frame(frame);
        if (frame.type === "room_deleted") {
            this.#ended(REFUSALS.get("not_found"), null);
        } else if (frame.type === "user_removed" && frame.user_id === this.#userId) {
            // Either the watch has ended, or this is a replay and the user has come back since:
            // watching again tells which.
            this.#isRechecked = true;
            this.#request(frame.seq);
        }
    }

    #request(since) {
        const cursor = since === null ? {} : { since };
        this.carrier.send({ type: "watch", room_id: this.roomId, ...cursor });
    }

    #error(frame) {
        const { code } = frame;
        if (this.#isRechecked) {
            this.#isRechecked = false;
            if (code !== "already_watched") {
                const refusal = code === "banned" ? frame : null;
                this.#ended(REFUSALS.has(code) ? FORBIDDEN : TRY_LATER, refusal);
            }
        } else if (this.connected && ENDS.has(code)) {
            this.#ended(FORBIDDEN, frame);
        } else if (this.connected) {
            this.frame(frame);
        } else if (UNWATCHABLE.has(code)) {
            this.carrier.refuse(this.roomId);
            this.#ended(USE_SOCKET, null);
        } else {
            this.#ended(REFUSALS.get(code) ?? TRY_LATER, frame);
        }
    }

    /** The server has ended the watch. */
    #ended(code, refusal) {
        const { end } = this;
        this.end = () => {};
        this.#finish(false);
        end(code, refusal);
    }

    #finish(mustTell) {
        clearTimeout(this.#timer);
        this.frame = () => {};
        this.connected = false;
        this.carrier.unwatch(this, mustTell && this.#started);
        this.#started = false;
    }
}
