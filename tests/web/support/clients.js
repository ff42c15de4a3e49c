// Users of an instance, each with a client whose requests and sockets are recorded.

import assert from "node:assert/strict";

import WebSocket from "ws";

import { Confab, ConfabError } from "../../../web/confab.js";
import { ONCE, until } from "./until.js";

let number = 0;

/** Short times for tests. */
export const SOON = {
    backoffMin: 50,
    backoffMax: 1000,
    socketRetryMin: 200,
    socketRetryMax: 1000,
    pollMin: 50,
    pollMax: 400,
};

export const PASSWORD = "correct horse";

export const freshName = () => `web-${process.pid}-${(number += 1)}`;

/** A WebSocket class that records its objects in `opened` and their close codes in `codes`. */
export function watchedSockets(Base = WebSocket) {
    return class Watched extends Base {
        static opened = [];
        static codes = [];

        constructor(...args) {
            super(...args);
            Watched.opened.push(this);
            this.on("close", (code) => Watched.codes.push(code));
        }
    };
}

/**
 * A fetch that records requests and statuses. `online`: false makes it fail; `lose`: the number
 * of responses to drop after the server has handled the request; `firewall(options)`: returns the
 * response of a firewall to what it refuses.
 */
export function watchedFetch() {
    const watched = async (url, options) => {
        const { pathname, search } = new URL(url);
        const entry = { method: options.method, path: pathname + search, headers: options.headers };
        watched.asked.push(entry);
        if (!watched.online) {
            throw new TypeError("offline");
        }
        const answer =
            watched.firewall(options) ??
            (await fetch(url, { ...options, headers: { ...options.headers, ...ONCE } }));
        entry.status = answer.status;
        if (watched.lose > 0) {
            watched.lose -= 1;
            throw new TypeError("the answer is lost");
        }
        return answer;
    };
    return Object.assign(watched, { asked: [], online: true, lose: 0, firewall: () => null });
}

/** The Web Storage interface over a Map. */
export class MemoryStorage {
    #items = new Map();
    get length() {
        return this.#items.size;
    }
    key(index) {
        return [...this.#items.keys()][index] ?? null;
    }
    getItem(key) {
        return this.#items.get(key) ?? null;
    }
    setItem(key, value) {
        this.#items.set(key, String(value));
    }
    removeItem(key) {
        this.#items.delete(key);
    }
}

const made = [];

/** Closes all clients created so far, for afterEach(). */
export function closeAll() {
    made.splice(0).forEach((client) => client.close());
}

/** A client that is not logged in. */
export function anonymousClient(system, options = {}) {
    const WebSocket = options.WebSocket === undefined ? watchedSockets() : options.WebSocket;
    const fetch = options.fetch ?? watchedFetch();
    const client = new Confab({
        url: system.url,
        ...options,
        WebSocket,
        fetch,
        pace: { ...SOON, ...options.pace },
    });
    made.push(client);
    return Object.assign(client, { sockets: WebSocket, asked: fetch.asked, net: fetch });
}

/** A client of a new user. */
export async function userClient(system, options) {
    const client = anonymousClient(system, options);
    await client.register(freshName(), PASSWORD);
    return client;
}

/** Another client of the same user. */
export async function anotherClient(system, { user, token }, options) {
    const client = anonymousClient(system, { token, ...options });
    if (user) {
        await client.me();
    }
    return client;
}

/** Creates a room of the first user with the others as members; returns its id. */
export async function roomOf(owner, ...others) {
    const { room_id: id } = await owner.createRoom({ name: "Kitchen" });
    for (const other of others) {
        await owner.invite(id, other.user.user_id);
    }
    return id;
}

/**
 * Invites a user back to the owner's only room made by roomOf(). By confabctl: the owner cannot
 * invite a user shortly after the user left.
 */
export async function inviteBack(system, owner, { user }) {
    const { username } = owner.user;
    await system.confabctl(
        "room",
        "ensure",
        "Kitchen",
        "--owner",
        username,
        "--member",
        user.username,
    );
}

/** Two users and a room of both. */
export async function pair(system, options) {
    const [alice, bob] = [await userClient(system, options), await userClient(system, options)];
    return { alice, bob, room: await roomOf(alice, bob) };
}

/** Posts `count` messages to a room, several at a time. */
export async function postMany(client, room, count) {
    for (let posted = 0; posted < count; posted += 50) {
        const batch = Array.from({ length: Math.min(50, count - posted) }, () =>
            client.postMessage(room, { content: "x" }),
        );
        await Promise.all(batch);
    }
}

/** Records the frames, events, states and resyncs of a channel. */
export function record(channel) {
    const received = { channel, frames: [], events: [], states: [], resyncs: [], closed: null };
    channel.on("frame", (frame) => received.frames.push(frame));
    channel.on("event", (event) => received.events.push(event));
    channel.on("state", (state) => received.states.push(state));
    channel.on("resync", (frame) => received.resyncs.push(frame));
    channel.on("closed", (closed) => {
        received.closed = closed;
    });
    return received;
}

/** The same, once the channel is connected by a socket. */
export async function recordLive(channel) {
    const received = record(channel);
    await until(() => channel.state === "live");
    return received;
}

export const receivedTexts = (received) =>
    received.events
        .filter((event) => event.type === "new_message")
        .map((event) => event.message.content);

/** For assert.rejects: an error of the API with this status, which `check` may look into. */
export const refusal =
    (status, check = () => {}) =>
    (error) => {
        assert.ok(error instanceof ConfabError, String(error));
        assert.equal(error.status, status);
        check(error);
        return true;
    };
