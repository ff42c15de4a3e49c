/** A room's channel: its events, the users online, and the users typing. */

import { Channel, isNumbered } from "./channel.js";
import { errorOf, query } from "../http.js";

/** Events per request. */
const BATCH = 1000;
// The server forwards one in 2 s, and ends typing after 10 s without one.
const TYPING_INTERVAL = 3000;

export class RoomChannel extends Channel {
    #etag = null;
    #typedAt = -Infinity;
    #presenceAt = -Infinity;
    // The number of users online in a live or large room; null in others, which use `online`.
    #counted = null;

    constructor(client, roomId, since) {
        super(client, since);
        this.roomId = roomId;
        this.online = [];
        this.typists = [];
    }

    /** How many users are online: in a live or large room that is all the server tells. */
    get onlineCount() {
        return this.#counted ?? this.online.length;
    }

    get path() {
        return `/ws/chat/${this.roomId}/`;
    }

    /** Uses the socket of the notifications channel, if there is one. */
    openSocket(handlers) {
        return this.client.carrier()?.watch(this.roomId, handlers) ?? super.openSocket(handlers);
    }

    carrierPolls() {
        return this.client.carrier()?.state === "polling";
    }

    typing() {
        if (performance.now() - this.#typedAt < TYPING_INTERVAL) {
            return;
        }
        if (this.send({ type: "typing" })) {
            this.#typedAt = performance.now();
        }
    }

    stopTyping() {
        if (this.#typedAt !== -Infinity) {
            this.send({ type: "stop_typing" });
        }
        this.#typedAt = -Infinity;
    }

    accept(frame) {
        this.#updateUsers(frame);
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
        const hasNews = await this.#pollEvents(signal);
        await this.pollMore(signal);
        return hasNews;
    }

    /** `isSparing`: not again if nobody was online. */
    async pollMore(signal, isSparing = false) {
        const isDue = performance.now() - this.#presenceAt > this.client.pace.pollMax;
        const isEmpty = this.#presenceAt !== -Infinity && this.onlineCount === 0;
        const isWanted = isDue && !this.client.isStranger && !(isSparing && isEmpty);
        if (isWanted && !signal.aborted) {
            await this.#pollPresence(signal);
        }
    }

    #url(rest) {
        return `/api/chat/rooms/${this.roomId}/${rest}`;
    }

    async #pollEvents(signal) {
        let hasNews = false;
        let full = true;
        while (full && !signal.aborted) {
            const url = this.#url(`events/${query({ after: this.seq, limit: BATCH })}`);
            const etag = this.#etag?.url === url ? this.#etag.tag : null;
            const response = await this.client.http.exchange("GET", url, { etag, signal });
            if (signal.aborted || response.status === 304) {
                return hasNews;
            }
            if (response.status === 410) {
                this.lost(response.body.last_seq);
                return true;
            }
            if (response.status !== 200) {
                throw errorOf(response);
            }
            this.#etag = { url, tag: response.headers.get("ETag") };
            const { events, more = false } = response.body;
            events.forEach((event) => this.take(event));
            hasNews ||= events.length > 0;
            // A page may end earlier, if its events are long.
            full = more || events.length === BATCH;
        }
        return hasNews;
    }

    async #pollPresence(signal) {
        const answer = await this.client.http.exchange("GET", this.#url("presence/"), { signal });
        if (signal.aborted) {
            return;
        }
        const { status, body } = answer;
        if (status === 403 && body) {
            // The room does not show it; its events tell whether it can be read.
            this.#presenceAt = Infinity;
            return;
        }
        if (status !== 200) {
            throw errorOf(answer);
        }
        this.#presenceAt = performance.now();
        this.client.profiles.put(body.online);
        this.#setOnline(body.online, body.online_count);
    }

    // ---- users online and typing ----

    #updateUsers(frame) {
        // These frames have user names only.
        const profile = this.client.profiles.known(frame.user_id);
        const user = {
            user_id: frame.user_id,
            username: frame.user,
            display_name: profile?.display_name ?? frame.user,
            avatar_url: profile?.avatar_url ?? null,
        };
        const others = (list, id) => list.filter((one) => one.user_id !== id);
        switch (frame.type) {
            case "connected":
                this.#presenceAt = -Infinity;
                this.client.profiles.put(frame.online);
                this.#setOnline(frame.online, frame.online_count);
                break;
            case "online_changed":
                this.#setOnline([], frame.online_count);
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

    #setOnline(list, count = null) {
        const before = this.#counted;
        this.#counted = count;
        if (!this.#set("online", "presence", list) && count !== before) {
            this.emit("presence", list);
        }
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
        return changed;
    }
}
