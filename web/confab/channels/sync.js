/**
 * What all channels of a client share while they poll: one timer, and one request for all that is
 * new (POST sync/). Also asked when sockets come back: whether anything was missed, and whether the
 * server has another database, where the same numbers are other events.
 */

import { Bells, OWN } from "./bells.js";
import { errorOf } from "../http.js";
import { Poller } from "./poller.js";

const PATH = "/api/chat/sync/";
const LIMIT = 500;
/** The statuses of a server without sync/. */
const UNKNOWN = new Set([404, 405]);

/** To a channel it is its poller. With an older server each channel has a real one. */
class ChannelPoller {
    #sync;
    #own;

    constructor(sync, channel, { answered, ...options }) {
        Object.assign(this, { channel, answered, failed: options.failed });
        this.#sync = sync;
        this.#own = new Poller({ ...options, wait: () => sync.wait() });
    }

    get running() {
        return this.#sync.has(this) || this.#own.running;
    }

    hurry() {
        if (this.#sync.isOld) {
            this.#own.hurry();
        } else {
            this.#sync.join(this);
        }
    }

    stop() {
        this.#sync.leave(this);
        this.#own.stop();
    }
}

export class Sync {
    #members = new Set();
    #poller;
    #bells;
    #databaseId = null;
    #userSeq = null;
    #etag = null;
    // The last number of each room of the user.
    #rooms = new Map();
    #askedAt = -Infinity;
    #isDue = true;
    #wasLive = false;
    // Whether the user's own bell was missing at the path in me/.
    #isLost = false;
    // Rooms that the user reads without being in them, which sync/ does not have.
    #viewed = new Set();

    /** `client` is the context that client.js gives to its channels. */
    constructor(client) {
        this.client = client;
        // Strangers do not use sync/ either.
        this.isOld = Boolean(client.isStranger);
        this.#bells = new Bells({
            read: (path, signal) => client.http.bell(path, signal),
            answeredAt: () => client.http.answeredAt,
            pace: client.pace,
        });
        this.#poller = new Poller({
            pace: client.pace,
            request: (signal) => this.#poll(signal),
            failed: (error, pause) => this.#failed(error, pause),
            hidden: client.hidden,
            wait: () => (this.#hasBells() ? 0 : this.wait()),
        });
    }

    /** The poller of a channel: `answered()` is called after each poll; the rest as of Poller. */
    poller(channel, options) {
        return new ChannelPoller(this, channel, options);
    }

    /** How long (ms) the server wants no further request. */
    wait() {
        return Math.max(0, this.client.http.askableAt - performance.now());
    }

    /** Another user, or none: nothing is known. */
    reset() {
        this.#databaseId = null;
        this.#isLost = false;
        this.#forget();
    }

    #forget() {
        this.#userSeq = null;
        this.#etag = null;
        this.#rooms.clear();
        this.#bells.clear();
        this.#viewed.clear();
        this.#isDue = true;
    }

    // ---- channels that poll ----

    has(member) {
        return this.#members.has(member);
    }

    join(member) {
        const isNew = !this.#members.has(member);
        if (this.#wasLive && this.#members.size === 0) {
            // Sockets have delivered the news meanwhile.
            this.#wasLive = false;
            this.#forget();
        }
        this.#members.add(member);
        this.#isDue ||= isNew;
        this.#poller.hurry();
    }

    leave(member) {
        this.#members.delete(member);
        if (this.#members.size === 0) {
            this.#poller.stop();
        }
    }

    #channels(roomId) {
        return [...this.#members].filter(({ channel }) => channel.roomId === roomId);
    }

    get #notifications() {
        return [...this.#members].find(({ channel }) => channel.isOwn)?.channel ?? null;
    }

    #failed(error, pause) {
        [...this.#members].forEach((member) => member.failed(error, pause));
    }

    #becomeOld() {
        const members = [...this.#members];
        this.isOld = true;
        this.#members.clear();
        this.#poller.stop();
        members.forEach((member) => member.hurry());
    }

    // ---- one poll ----

    async #poll(signal) {
        if (!(await this.#isNew(signal)) || signal.aborted) {
            this.#answered();
            return false;
        }
        if (this.#hasBells() && this.wait() > 0) {
            this.#isDue = true;
            return false;
        }
        this.#isDue = false;
        let hasNews = await this.#ask(signal).catch((error) => {
            // A bell that has rung does not ring again.
            this.#isDue = true;
            throw error;
        });
        if (signal.aborted || this.isOld) {
            return hasNews;
        }
        hasNews = (await this.#pollViewed(signal)) || hasNews;
        await this.#learnBells(signal);
        await this.#pollMore(hasNews, signal);
        if (!signal.aborted) {
            this.#answered();
        }
        return hasNews;
    }

    #answered() {
        [...this.#members].forEach((member) => member.answered());
    }

    /**
     * Users online, where the channel wants to know them. With bells a request may start a program,
     * and where that is so there are hardly sockets.
     */
    async #pollMore(hasNews, signal) {
        const isSparing = this.#hasBells();
        const isQuiet = isSparing || this.wait() > 0;
        for (const { channel } of this.#members) {
            if (!signal.aborted && (hasNews || !isQuiet)) {
                await channel.pollMore?.(signal, isSparing);
            }
        }
    }

    /** Makes requests until there is no more. Resolves to whether anything was new. */
    async #ask(signal) {
        let hasNews = false;
        for (let more = true; more && !signal.aborted && !this.isOld;) {
            const isFirst = this.#rooms.size === 0;
            const answer = await this.#request(LIMIT, signal);
            if (answer === null || signal.aborted) {
                break;
            }
            hasNews = this.#apply(answer, isFirst) || hasNews;
            await this.#askUnlisted(answer, signal);
            more = answer.more;
        }
        return hasNews;
    }

    /** One request; null if nothing has changed, or the server does not know it. */
    async #request(limit, signal) {
        const opened = new Map();
        let etag = this.#etag;
        for (const { channel } of this.#members) {
            const { roomId } = channel;
            if (roomId === undefined || this.#viewed.has(roomId)) {
                continue;
            }
            // Opened after the room was listed, which is done once.
            if (channel.seq === null && this.#rooms.has(roomId)) {
                channel.start(this.#rooms.get(roomId));
            }
            if (channel.seq !== this.#rooms.get(roomId)) {
                // The answer to this tag was for another number, or did not list the room.
                etag = null;
            }
            if (channel.seq !== null) {
                opened.set(roomId, Math.min(channel.seq, opened.get(roomId) ?? Infinity));
            }
        }
        const userSeq = this.#notifications?.seq ?? this.#userSeq;
        if (userSeq !== this.#userSeq) {
            etag = null;
        }
        const body = {
            database_id: this.#databaseId,
            user_seq: userSeq,
            rooms: Object.fromEntries([...this.#rooms, ...opened]),
            etag,
            limit,
        };
        const response = await this.client.http.exchange("POST", PATH, { body, signal });
        const error = response.status === 200 ? null : errorOf(response);
        if (error && UNKNOWN.has(error.status) && !error.foreign) {
            this.#becomeOld();
            return null;
        }
        if (error) {
            throw error;
        }
        this.#askedAt = performance.now();
        return response.body.unchanged ? null : response.body;
    }

    // ---- an answer ----

    /** Passes on what is new; whether anything is. */
    #apply(answer, isFirst) {
        const { user, rooms, gone, more } = answer;
        this.#databaseId = answer.database_id;
        this.#etag = answer.etag;
        this.#applyUser(user, more);
        rooms.forEach((entry) => this.#applyRoom(entry));
        for (const id of gone) {
            this.#rooms.delete(id);
            this.#bells.delete(id);
        }
        const whole = rooms.filter(({ room }) => room).map(({ room }) => room);
        if (isFirst) {
            const isAll = !more && whole.length === rooms.length;
            const page = { count: whole.length, next: null, previous: null, results: whole };
            this.#notifications?.emit("rooms", isAll ? page : null);
        } else if (gone.length > 0) {
            this.#notifications?.emit("rooms", null);
        }
        return user.events.length > 0 || rooms.length > 0 || gone.length > 0;
    }

    #applyUser({ events, last_seq: last, resync }, more) {
        const seq = more ? (events.at(-1)?.seq ?? this.#userSeq) : last;
        this.#userSeq = resync ? last : seq;
        const channel = this.#notifications;
        if (resync) {
            channel?.lost(last);
            return;
        }
        channel?.start(more ? (events[0]?.seq ?? last + 1) - 1 : last);
        events.forEach((event) => channel?.take(event));
        if (!more) {
            channel?.passed(last);
        }
    }

    #applyRoom({ room, room_id: id = room.room_id, events = [], last_seq: last, ...entry }) {
        const channels = this.#channels(id).map(({ channel }) => channel);
        this.#rooms.set(id, entry.more ? (events.at(-1)?.seq ?? this.#rooms.get(id) ?? 0) : last);
        if (room) {
            this.#viewed.delete(id);
            this.#bells.set(id, room.bell ?? null);
            channels.forEach((channel) => channel.start(last));
            return;
        }
        if (entry.resync) {
            channels.forEach((channel) => channel.lost(last));
        }
        for (const event of events) {
            channels.forEach((channel) => channel.take(event));
            this.#notify(id, event);
        }
        const { unread_count, unread_mentions } = entry;
        this.#notifications?.emit("unread", { room_id: id, unread_count, unread_mentions });
    }

    /** As a socket would. */
    #notify(roomId, { type, message, sender, sender_id: senderId }) {
        if (type === "new_message" && senderId !== this.client.userId()) {
            const { user_ids: ids = [], all = false } = message.mentions ?? {};
            this.#notifications?.accept({
                type: "new_message_notification",
                room_id: roomId,
                message,
                sender,
                is_mention: all || ids.includes(this.client.userId()),
            });
        }
    }

    /** Rooms that no list has are asked for, which tells whether the user may read them. */
    async #askUnlisted({ gone, rooms, more }, signal) {
        const listed = new Set(rooms.map((entry) => entry.room_id ?? entry.room.room_id));
        for (const member of [...this.#members]) {
            const { seq, roomId } = member.channel;
            if (roomId === undefined) {
                continue;
            }
            if (gone.includes(roomId)) {
                this.#viewed.add(roomId);
            } else if (seq === null && !more && !listed.has(roomId)) {
                await this.#pollAlone(member, signal);
            }
        }
    }

    /** Polls the rooms that the user is not in, one by one; whether any has news. */
    async #pollViewed(signal) {
        let hasNews = false;
        for (const member of [...this.#members]) {
            if (this.#viewed.has(member.channel.roomId) && !signal.aborted) {
                hasNews = (await this.#pollAlone(member, signal)) || hasNews;
            }
        }
        return hasNews;
    }

    /** An error is that of this channel only: the user may not read the room, or not any more. */
    async #pollAlone(member, signal) {
        try {
            return await member.channel.poll(signal);
        } catch (error) {
            if (!signal.aborted) {
                member.failed(error, this.client.pace.pollMax);
            }
            return false;
        }
    }

    // ---- sockets ----

    /**
     * The socket of the notifications is connected: the list of rooms is to be loaded again if
     * anything has changed since the last time. `opened`: the channels of rooms that are open.
     */
    async cameBack(channel, opened) {
        const isFirst = this.#databaseId === null;
        this.#wasLive = true;
        const before = this.#databaseId;
        if (isFirst || this.isOld) {
            this.#rooms.clear();
        }
        if (this.isOld) {
            channel.emit("rooms", null);
            return;
        }
        for (const { roomId, seq } of opened) {
            if (seq !== null && !isFirst) {
                this.#rooms.set(roomId, seq);
            }
        }
        let answer = null;
        try {
            const aborter = new AbortController();
            answer = await this.#request(isFirst ? LIMIT : 1, aborter.signal);
        } catch {
            // The channels report what is wrong.
            channel.emit("rooms", null);
            return;
        }
        if (answer === null) {
            if (this.isOld) {
                channel.emit("rooms", null);
            }
            return;
        }
        this.#databaseId = answer.database_id;
        this.#etag = answer.etag;
        this.#userSeq = answer.user.last_seq;
        answer.rooms.forEach(({ room, room_id: id = room.room_id, last_seq: last }) =>
            this.#rooms.set(id, last),
        );
        answer.gone.forEach((id) => this.#rooms.delete(id));
        if (before !== null && answer.database_id !== before) {
            this.#otherDatabase(answer, channel, opened);
        }
        const results = answer.rooms.map(({ room }) => room);
        const isAll = isFirst && !answer.more && results.every(Boolean);
        const page = { count: results.length, next: null, previous: null, results };
        channel.emit("rooms", isAll ? page : null);
    }

    #otherDatabase({ user, rooms }, notifications, opened) {
        const last = new Map(rooms.map((entry) => [entry.room_id, entry.last_seq]));
        notifications.lost(user.last_seq);
        opened
            .filter(({ roomId }) => last.has(roomId))
            .forEach((channel) => channel.lost(last.get(channel.roomId)));
    }

    // ---- bells ----

    /** The user's own bell also tells that the login has ended, which no room does. */
    get #keys() {
        const rooms = [...this.#members].map(({ channel }) => channel.roomId);
        return [OWN, ...rooms.filter((id) => id !== undefined)];
    }

    #hasBells() {
        return this.#members.size > 0 && this.#bells.cover(this.#keys);
    }

    #known(key) {
        if (key === OWN) {
            return this.#userSeq;
        }
        return this.#channels(key)[0]?.channel.seq ?? this.#rooms.get(key);
    }

    /** Whether the API has to be asked. */
    async #isNew(signal) {
        const isOverdue = performance.now() - this.#askedAt > this.client.pace.bellTrust;
        if (this.#isDue || isOverdue || !this.#hasBells()) {
            return true;
        }
        const { rang, missing } = await this.#bells.listen(
            this.#keys,
            (key) => this.#known(key),
            signal,
        );
        if (missing.length > 0 && !signal.aborted) {
            missing.forEach((key) => this.#bells.delete(key));
            this.#isLost ||= missing.includes(OWN);
            return true;
        }
        return rang;
    }

    /** Asks for the bells that are needed and not known. */
    async #learnBells(signal) {
        const { http } = this.client;
        const own = this.client.ownBell();
        if (own !== undefined && !this.#bells.has(OWN) && !this.#isLost) {
            this.#bells.set(OWN, own);
        }
        for (const key of this.#keys) {
            if (this.#bells.has(key) || signal.aborted) {
                continue;
            }
            const path = key === OWN ? "/api/auth/me/" : `/api/chat/rooms/${key}/`;
            const { status, body } = await http.exchange("GET", path, { signal });
            if (status !== 200) {
                return; // the next poll tells why
            }
            this.#bells.set(key, body.bell ?? null);
            // One that cannot be read now is read again with the next poll.
            const number = body.bell ? await http.bell(body.bell, signal).catch(() => 0) : 0;
            if (number === null && !signal.aborted) {
                this.#bells.broken();
            }
        }
    }
}
