/** Names and pictures of users: asked for together, by id, and remembered for a minute. */

import { Emitter } from "./emitter.js";

/** The most ids in a request. */
const MOST_IDS = 200;
/** The most users remembered; a profile is about 200 bytes. */
const MOST_KNOWN = 10000;
const FRESH_MS = 60000;
/** How long get() collects ids for one request. */
const COLLECT_MS = 20;
/** After a failure the same ids are not requested again for this time, at first. */
const RETRY_MS = 5000;

function profileOf({
    user_id,
    username,
    display_name = username,
    avatar_url = null,
    is_bot = false,
}) {
    return Object.freeze({ user_id, username, display_name, avatar_url, is_bot });
}

export class Profiles extends Emitter {
    // By user id: {profile, until}; the profile is null if there is no such user. Its names,
    // if a list has told them, are newer until `namedUntil` than what a cache may answer.
    #known = new Map();
    // By user id: the request under way.
    #requested = new Map();
    #wanted = new Set();
    #timer = null;
    // The pause (ms) after the next failure.
    #pause = RETRY_MS;
    #request;

    /** `request(ids)` resolves to a list of profiles. */
    constructor(request) {
        super();
        this.#request = request;
    }

    /** The profile as last known, or null; asks for it if it is older than a minute. */
    get(userId) {
        if (!this.#isFresh(userId) && !this.#requested.has(userId)) {
            this.#wanted.add(userId);
            this.#timer ??= setTimeout(() => this.#askForWanted(), COLLECT_MS);
        }
        return this.#known.get(userId)?.profile ?? null;
    }

    /** Internal: the profile as last known, or null, without asking for it. */
    known(userId) {
        return this.#known.get(userId)?.profile ?? null;
    }

    /** Internal: the profile of a user name, if it is among those known, or null. */
    named(username) {
        for (const { profile } of this.#known.values()) {
            if (profile?.username === username) {
                return profile;
            }
        }
        return null;
    }

    /** Resolves to a map of the profiles of these users by id, without unknown ones. */
    async load(userIds) {
        const all = [...new Set(userIds)];
        const missing = all.filter((id) => !this.#isFresh(id));
        this.#ask(missing.filter((id) => !this.#requested.has(id)));
        await Promise.all(new Set(missing.map((id) => this.#requested.get(id))));
        const found = all.map((id) => [id, this.#known.get(id)?.profile]);
        return new Map(found.filter(([, profile]) => profile));
    }

    /**
     * Internal: remembers the profiles that came with another answer. Some do not say who is a bot:
     * they renew what is known, and otherwise hold until the profile itself is there.
     */
    put(users) {
        const named = users.filter(({ display_name: name }) => typeof name === "string");
        const isWhole = (user) => typeof user.is_bot === "boolean";
        const entryOf = (user) => {
            const { is_bot = false } = this.known(user.user_id) ?? {};
            return [user.user_id, profileOf({ is_bot, ...user })];
        };
        const [whole, parts] = [true, false].map((is) =>
            named
                .filter((user) => (isWhole(user) || this.known(user.user_id) !== null) === is)
                .map(entryOf),
        );
        const now = performance.now();
        this.#learn(whole);
        this.#learn(parts, now);
        for (const { user_id: id } of named) {
            Object.assign(this.#known.get(id) ?? {}, { namedUntil: now + FRESH_MS });
        }
    }

    /** Internal: the client is closed, or another user has logged in. */
    clear() {
        clearTimeout(this.#timer);
        this.#timer = null;
        this.#wanted.clear();
        this.#known.clear();
    }

    #isFresh(userId) {
        return (this.#known.get(userId)?.until ?? -Infinity) > performance.now();
    }

    #askForWanted() {
        const ids = [...this.#wanted];
        this.#timer = null;
        this.#wanted.clear();
        // What has failed is asked for again by a get() after "due".
        this.#ask(ids).forEach((request) => request.catch(() => {}));
    }

    /** Starts requests for these users; each is rejected if it fails. */
    #ask(ids) {
        const requests = [];
        for (let at = 0; at < ids.length; at += MOST_IDS) {
            const some = ids.slice(at, at + MOST_IDS);
            const request = this.#load(some);
            some.forEach((id) => this.#requested.set(id, request));
            requests.push(request);
        }
        return requests;
    }

    async #load(ids) {
        try {
            const found = await this.#request(ids);
            const byId = new Map(found.map((user) => [user.user_id, profileOf(user)]));
            this.#learn(ids.map((id) => [id, this.#newest(id, byId.get(id) ?? null)]));
            this.#pause = RETRY_MS;
        } catch (error) {
            const pause = this.#pause;
            const until = performance.now() + pause;
            ids.forEach((id) => this.#set(id, this.known(id), until));
            this.#pause = Math.min(2 * pause, FRESH_MS);
            // From then on get() asks for them again.
            setTimeout(() => this.emit("due", ids), pause + COLLECT_MS).unref?.();
            throw error;
        } finally {
            ids.forEach((id) => this.#requested.delete(id));
        }
    }

    /** An answer that a cache may have given: a list may have told newer names since. */
    #newest(id, answered) {
        const { profile, namedUntil = -Infinity } = this.#known.get(id) ?? {};
        return answered && profile && namedUntil > performance.now()
            ? Object.freeze({ ...profile, is_bot: answered.is_bot })
            : answered;
    }

    #learn(entries, until = performance.now() + FRESH_MS) {
        const changed = [];
        for (const [id, profile] of entries) {
            const before = this.#known.get(id)?.profile ?? null;
            if (JSON.stringify(before) !== JSON.stringify(profile)) {
                changed.push(id);
            }
            this.#set(id, profile, until);
        }
        if (changed.length > 0) {
            this.emit("change", changed);
        }
    }

    #set(id, profile, until) {
        this.#known.delete(id);
        this.#known.set(id, { profile, until });
        if (this.#known.size > MOST_KNOWN) {
            this.#known.delete(this.#known.keys().next().value);
        }
    }
}
