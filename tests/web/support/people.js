/** Users of a system, each with a client library of their own that tells what it does. */

import WebSocket from "ws";

import { Confab } from "../../../web/confab.js";
import { ONCE, until } from "./wait.js";

let number = 0;

/** Times for tests: all of it sooner. */
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

/** A WebSocket class that remembers: `opened` and `codes` of all that it made. */
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

/** A fetch that remembers what was asked and answered; `online` false cuts it off, `lose`
 *  makes it lose so many answers after the server has worked on the request. */
export function watchedFetch() {
    const watched = async (url, options) => {
        const { pathname, search } = new URL(url);
        const entry = { method: options.method, path: pathname + search, headers: options.headers };
        watched.asked.push(entry);
        if (!watched.online) {
            throw new TypeError("offline");
        }
        const answer = await fetch(url, { ...options, headers: { ...options.headers, ...ONCE } });
        entry.status = answer.status;
        if (watched.lose > 0) {
            watched.lose -= 1;
            throw new TypeError("the answer is lost");
        }
        return answer;
    };
    return Object.assign(watched, { asked: [], online: true, lose: 0 });
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

/** Closes all clients made so far: for afterEach(). */
export function closeAll() {
    made.splice(0).forEach((client) => client.close());
}

/** A client of nobody yet. */
export function stranger(system, options = {}) {
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
export async function person(system, options) {
    const client = stranger(system, options);
    await client.register(freshName(), PASSWORD);
    return client;
}

/** Another client of the same user. */
export async function device(system, { user, token }, options) {
    const client = stranger(system, { token, ...options });
    if (user) {
        await client.me();
    }
    return client;
}

/** A room of the first, with all the others in it; its id. */
export async function roomOf(owner, ...others) {
    const { room_id: id } = await owner.createRoom({ name: "Kitchen" });
    for (const other of others) {
        await owner.invite(id, other.user.user_id);
    }
    return id;
}

/** Two users and a room of both. */
export async function pair(system, options) {
    const [alice, bob] = [await person(system, options), await person(system, options)];
    return { alice, bob, room: await roomOf(alice, bob) };
}

/** Opens a channel and collects: frames, events, states, resyncs. */
export function listen(channel) {
    const heard = { channel, frames: [], events: [], states: [], resyncs: [], closed: null };
    channel.on("frame", (frame) => heard.frames.push(frame));
    channel.on("event", (event) => heard.events.push(event));
    channel.on("state", (state) => heard.states.push(state));
    channel.on("resync", (frame) => heard.resyncs.push(frame));
    channel.on("closed", (closed) => {
        heard.closed = closed;
    });
    return heard;
}

/** The same, once it is connected by socket. */
export async function live(channel) {
    const heard = listen(channel);
    await until(() => channel.state === "live");
    return heard;
}

export const said = (heard) =>
    heard.events
        .filter((event) => event.type === "new_message")
        .map((event) => event.message.content);
