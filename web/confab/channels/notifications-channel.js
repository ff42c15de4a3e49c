/** The notifications channel: what concerns the user, in any room. It also carries rooms. */

import { Channel, isNumbered } from "./channel.js";
import { USE_SOCKET, Watch } from "./watch.js";

const ROOMS = "/api/chat/rooms/?limit=200";
const ABNORMAL = 1006;
const UNAUTHORIZED = 4401;

/** Frames with a room_id that concern the user; all others with one are of a watched room. */
const USER_TYPES = new Set([
    "mentioned",
    "message_held",
    "moderation_changed",
    "new_message_notification",
    "preferences_changed",
    "read_changed",
    "report_created",
    "room_created",
    "room_deleted",
    "room_invitation",
    "room_removed",
    "silence_changed",
]);

export class NotificationsChannel extends Channel {
    #etag = null;
    // By room id.
    #watches = new Map();
    // Until the next connection: rooms that the server does not let this channel watch, and whether
    // it has turned out to be an older one that does not know watches.
    #unwatchable = new Set();
    #isOldServer = false;

    get path() {
        return "/ws/chat/notifications/";
    }

    /** Whether this is the channel of the user, not that of a room. */
    get isOwn() {
        return true;
    }

    /** Numbers of the user's own stream are left out: not all events are shown to clients. */
    take(event) {
        if (!this.closed && event.seq > this.seq) {
            this.seq = event.seq;
            this.accept(event);
        }
        return true;
    }

    /** There are no events up to this number but those taken. */
    passed(seq) {
        this.seq = Math.max(this.seq ?? 0, seq);
    }

    accept(frame) {
        this.emit("frame", frame);
        this.emit(frame.type, frame);
        if (frame.type === "connected") {
            this.client.cameBack(this);
            this.client.carrierConnected(this);
        } else if (isNumbered(frame)) {
            this.emit("event", frame);
        }
    }

    settle() {
        if (this.state !== "polling") {
            this.#etag = null;
        }
        if (this.state === "live") {
            this.#unwatchable.clear();
            this.#isOldServer = false;
            this.#watches.forEach((watch) => watch.start());
        } else if (this.state === "polling") {
            this.#stopWatches(ABNORMAL);
        } else if (this.state === "closed") {
            const isLoggedOut = this.closed.code === UNAUTHORIZED;
            this.#stopWatches(isLoggedOut ? UNAUTHORIZED : USE_SOCKET);
        }
    }

    // For servers without sync/. There the user's own stream needs a socket, so its events arrive
    // once there is one again. What they change, the list of rooms, can be polled.
    async poll(signal) {
        const response = await this.client.http.expect("GET", ROOMS, { etag: this.#etag, signal });
        if (signal.aborted || response.status === 304) {
            return false;
        }
        this.#etag = response.headers.get("ETag");
        this.emit("rooms", response.body);
        return true;
    }

    // ---- rooms on this channel's socket ----

    /** Watches a room as soon as this channel is live; null if it needs a socket of its own. */
    watch(roomId, handlers) {
        if (this.#isOldServer || this.#unwatchable.has(roomId) || this.#watches.has(roomId)) {
            return null;
        }
        const { pace } = this.client;
        const watch = new Watch({ carrier: this, roomId, pace, ...handlers });
        this.#watches.set(roomId, watch);
        if (this.state === "live") {
            watch.start();
        } else if (this.state === "polling") {
            queueMicrotask(() => watch.stop(ABNORMAL));
        }
        return watch;
    }

    /** The end of a watch; `mustTell`: the server does not know. */
    unwatch(watch, mustTell) {
        if (this.#watches.get(watch.roomId) !== watch) {
            return;
        }
        this.#watches.delete(watch.roomId);
        if (mustTell) {
            this.send({ type: "unwatch", room_id: watch.roomId });
        }
    }

    divert(frame) {
        const watch = this.#watches.get(frame.room_id);
        if (frame.type === "room_deleted") {
            // In the room's channel it has no number: `seq` is that of the user's own stream.
            const notice = { ...frame };
            delete notice.seq;
            watch?.receive(notice);
        }
        if (USER_TYPES.has(frame.type)) {
            return false;
        }
        if (frame.room_id !== undefined) {
            watch?.receive(frame);
            return true;
        }
        return frame.type === "error" && this.#divertError(frame);
    }

    /** An error without a room may be the answer to a watch. */
    #divertError(frame) {
        const waiting = [...this.#watches.values()].filter((watch) => !watch.connected);
        const isOld = frame.code === "unknown_type" && waiting.length > 0;
        this.#isOldServer ||= isOld;
        if (isOld || frame.code === "rate_limited") {
            waiting.forEach((watch) => watch.receive(frame));
        }
        return isOld;
    }

    /** The server does not let this channel watch the room. */
    refuse(roomId) {
        this.#unwatchable.add(roomId);
    }

    /** The socket, or an attempt to open one, has ended. */
    socketEnded(code) {
        this.#stopWatches(code);
    }

    #stopWatches(code) {
        const watches = [...this.#watches.values()];
        this.#watches.clear();
        // Later, since the client may be about to close them, too.
        watches.forEach((watch) => queueMicrotask(() => watch.stop(code)));
    }
}
