/** The channel of what concerns the user, in all rooms. */

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
        if (frame.type === "connected")
            this.emit("rooms", null);
        else if (isNumbered(frame))
            this.emit("event", frame);
    }

    settle() {
        if (this.state !== "polling")
            this.#etag = null;
    }

    // The user's own stream can be had by socket only: its events are told when there is one
    // again. What they lead to, the list of rooms, can be asked for.
    async poll(signal) {
        const answer = await this.client.http.expect("GET", ROOMS, { etag: this.#etag, signal });
        if (signal.aborted || answer.status === 304)
            return false;
        this.#etag = answer.headers.get("ETag");
        this.emit("rooms", answer.body);
        return true;
    }
}
