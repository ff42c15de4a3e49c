/** The two kinds of channels: a room's, with its events, who is there and who types; and that of
 *  the notifications, with what concerns the user in all rooms. */

import { Channel, isNumbered } from "./channel.js";
import { errorOf, query } from "./http.js";

const ROOMS = "/api/chat/rooms/?limit=200";
const BATCH = 1000;
// The server passes one on in 2 s, and takes 10 s of silence for the end of it.
const TYPING_EVERY = 3000;

export class RoomChannel extends Channel {
    #etag = null;
    #typedAt = -Infinity;
    #presenceAt = -Infinity;

    constructor(client, roomId, since) {
        super(client, since);
        this.roomId = roomId;
        this.online = [];
        this.typists = [];
    }

    get path() {
        return `/ws/chat/${this.roomId}/`;
    }

    typing() {
        if (performance.now() - this.#typedAt < TYPING_EVERY) {
            return;
        }
        if (this.say({ type: "typing" })) {
            this.#typedAt = performance.now();
        }
    }

    stopTyping() {
        if (this.#typedAt !== -Infinity) {
            this.say({ type: "stop_typing" });
        }
        this.#typedAt = -Infinity;
    }

    accept(frame) {
        this.#keepBooks(frame);
        this.emit("frame", frame);
        this.emit(frame.type, frame);
        if (isNumbered(frame)) {
            this.emit("event", frame);
        }
    }

    settle() {
        if (this.state === "live") {
            return;
        }
        this.#typedAt = -Infinity;
        this.#setTypists([]);
        if (this.state === "offline" || this.state === "closed") {
            this.#setOnline([]);
        }
    }

    async poll(signal) {
        if (this.seq === null) {
            const { body } = await this.client.http.expect("GET", this.#url(""), { signal });
            if (!signal.aborted) {
                this.start(body.last_seq);
            }
        }
        const news = await this.#pollEvents(signal);
        if (!signal.aborted && performance.now() - this.#presenceAt > this.client.pace.pollMax) {
            await this.#pollPresence(signal);
        }
        return news;
    }

    #url(rest) {
        return `/api/chat/rooms/${this.roomId}/${rest}`;
    }

    async #pollEvents(signal) {
        let news = false;
        let full = true;
        while (full && !signal.aborted) {
            const url = this.#url(`events/${query({ after: this.seq, limit: BATCH })}`);
            const etag = this.#etag?.url === url ? this.#etag.tag : null;
            const answer = await this.client.http.exchange("GET", url, { etag, signal });
            if (signal.aborted || answer.status === 304) {
                return news;
            }
            if (answer.status === 410) {
                this.lost(answer.body.last_seq);
                return true;
            }
            if (answer.status !== 200) {
                throw errorOf(answer);
            }
            this.#etag = { url, tag: answer.headers.get("ETag") };
            const { events } = answer.body;
            events.forEach((event) => this.take(event));
            news ||= events.length > 0;
            full = events.length === BATCH;
        }
        return news;
    }

    async #pollPresence(signal) {
        const { body } = await this.client.http.expect("GET", this.#url("presence/"), { signal });
        if (signal.aborted) {
            return;
        }
        this.#presenceAt = performance.now();
        this.#setOnline(body.online);
    }

    // ---- who is there, who types ----

    #keepBooks(frame) {
        const user = { user_id: frame.user_id, username: frame.user };
        const others = (list, id) => list.filter((one) => one.user_id !== id);
        switch (frame.type) {
            case "connected":
                this.#presenceAt = -Infinity;
                this.#setOnline(frame.online);
                break;
            case "user_joined":
                this.#setOnline([...others(this.online, user.user_id), user]);
                break;
            case "user_left":
                this.#setOnline(others(this.online, user.user_id));
                break;
            case "typing":
                this.#setTypists([...others(this.typists, user.user_id), user]);
                break;
            case "stop_typing":
                this.#setTypists(others(this.typists, user.user_id));
                break;
            case "new_message":
                this.client.outbox.arrived(frame.message);
                this.#setTypists(others(this.typists, frame.sender_id));
                break;
        }
    }

    #setOnline(list) {
        this.#set("online", "presence", list);
    }

    #setTypists(list) {
        this.#set("typists", "typists", list);
    }

    #set(key, name, list) {
        const ids = (users) =>
            users
                .map((user) => user.user_id)
                .sort()
                .join();
        const changed = ids(this[key]) !== ids(list);
        this[key] = list;
        if (changed) {
            this.emit(name, list);
        }
    }
}

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

    // The user's own stream can be had by socket only: its events are told when there is one
    // again. What they lead to, the list of rooms, can be asked for.
    async poll(signal) {
        const answer = await this.client.http.expect("GET", ROOMS, { etag: this.#etag, signal });
        if (signal.aborted || answer.status === 304) {
            return false;
        }
        this.#etag = answer.headers.get("ETag");
        this.emit("rooms", answer.body);
        return true;
    }
}
