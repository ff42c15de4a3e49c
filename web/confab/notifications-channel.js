/** The notifications channel: what concerns the user, in any room. */

import { Channel, isNumbered } from "./channel.js";

const ROOMS = "/api/chat/rooms/?limit=200";

export class NotificationsChannel extends Channel {
    #etag = null;

    get path() {
        return "/ws/chat/notifications/";
    }

    accept(frame) {
        this.emit("frame", frame);
        this.emit(frame.type, frame);
        if (frame.type === "connected") {
            this.emit("rooms", null);
        } else if (isNumbered(frame)) {
            this.emit("event", frame);
        }
    }

    settle() {
        if (this.state !== "polling") {
            this.#etag = null;
        }
    }

    // The user's own stream needs a socket, so its events arrive once there is one again. What
    // they change, the list of rooms, can be polled.
    async poll(signal) {
        const response = await this.client.http.expect("GET", ROOMS, { etag: this.#etag, signal });
        if (signal.aborted || response.status === 304) {
            return false;
        }
        this.#etag = response.headers.get("ETag");
        this.emit("rooms", response.body);
        return true;
    }
}
