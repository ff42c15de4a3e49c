/** The client: the logged-in user, requests as that user, channels and outbox. */

import { Api } from "./api.js";
import { ConfabError, errorOf, Http, partMissing } from "./http.js";
import { NotificationsChannel } from "./channels/notifications-channel.js";
import { OutboxStorage } from "./outbox-storage.js";
import { Outbox } from "./outbox.js";
import { PACE } from "./pace.js";
import { Profiles } from "./profiles.js";
import { RoomChannel } from "./channels/room-channel.js";
import { Sync } from "./channels/sync.js";
import { Uploads } from "./uploads.js";

const DEFAULT_URL = "http://localhost:8000";
const CLOSE_UNAUTHORIZED = 4401;
/** The longest download (ms) of a file to memory. */
const BLOB_TIMEOUT = 600000;
// What can be requested while another user is logged in.
const LOGIN_PATHS = new Set(["/api/auth/register/", "/api/auth/token/"]);

// The folder that this library was loaded from is the chat's site; the page loads it from a folder
// of its version, v/.../. If a bundler has put it elsewhere, the page's own site is.
// (In one expression bundlers take `new URL` and `import.meta.url` for the name of a file.)
const MODULE = import.meta.url;
const HOME = /^https?:.*\/confab\/client\.js([?#]|$)/.test(MODULE)
    ? new URL("..", MODULE).href.replace(/\/v\/[0-9a-f]{12}\/$/, "/")
    : /^https?:/.test(globalThis.location?.origin)
      ? globalThis.location.origin
      : null;

/** The URL of the chat's site, without a trailing slash. */
export function siteOf({ url }) {
    return (url ?? HOME ?? DEFAULT_URL).replace(/\/+$/, "");
}

const isOwnOrigin = (url) => {
    const { href, origin } = globalThis.location ?? {};
    return /^https?:/.test(origin ?? "") && new URL(url, href).origin === origin;
};

const ownStorage = () => {
    try {
        return globalThis.document ? globalThis.localStorage : null;
    } catch {
        return null; // the browser forbids it
    }
};

const userChanged = () =>
    new ConfabError(409, "Another user has logged in in this browser.", { code: "user_changed" });

/** The proof of work, which few need. */
const loadWork = () =>
    import("./proof-of-work.js").catch((cause) => {
        throw partMissing(cause);
    });

export class Confab extends Api {
    #channels = new Set();
    #expired = new Set();
    #generation = 0;
    #refused = false;
    // The error for requests while another user's cookie is in use.
    #otherUser = null;
    #http;
    #context;
    #options;
    // Logging in by the site: whether that was asked for, its module, and the object once loaded.
    #isSigned;
    #siteLoading = null;
    #site = null;
    #isClosed = false;
    #unlisten = [];
    #uploads;
    // What the server offers, a promise.
    #features = null;
    // Whether a guest is becoming a user.
    #isChanging = false;
    // The class of sockets, until it is known whether a stranger may open them.
    #openSockets = null;

    constructor(options = {}) {
        super();
        const pace = { ...PACE, ...options.pace };
        this.url = siteOf(options);
        this.token = options.token ?? null;
        this.#isSigned = Boolean(options.jwt || options.tokenUrl);
        const byCookie = this.token === null && isOwnOrigin(this.url);
        this.auth = this.#isSigned ? "token" : (options.auth ?? (byCookie ? "cookie" : "token"));
        // Reads open rooms without credentials, and asks for nothing else.
        const isStranger = this.auth === "none";
        this.user = null;
        this.#http = new Http({
            url: this.url,
            timeout: pace.requestTimeout,
            second: pace.second,
            fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
            token: () => this.token,
            cookies: this.auth === "cookie",
            userId: () => this.user?.user_id ?? null,
            answeredAs: () => this.#anotherUser(),
        });
        this.outbox = this.#makeOutbox(isStranger ? { ...options, storage: null } : options, pace);
        this.profiles = new Profiles(async (ids) => {
            const { results } = isStranger ? { results: [] } : await this.users({ ids });
            return results;
        });
        this.#context = this.#channelContext(options, pace);
        this.#uploads = new Uploads(this, pace, options.storage === undefined);
        this.#options = options;
        this.#listen(options);
    }

    // ---- accounts ----

    /** A guest becomes this user, and keeps messages and rooms. */
    async register(username, password) {
        const body = { username, password };
        return this.#asMoreThanGuest(async () => {
            const { token } = await this.request("POST", "/api/auth/register/", body);
            return this.auth === "token" ? this.#useToken(token) : this.#exchangeForCookie(token);
        });
    }

    /** Enters a room as a guest: { display_name, link } or { display_name, key }. */
    async enterAsGuest(guest) {
        const path = "/api/auth/guest/";
        const { token } = await this.request("POST", path, guest).catch(async (error) => {
            if (error.code !== "work_required") {
                throw error;
            }
            const { challenge, bits } = error.body;
            const work = await (await loadWork()).prove(challenge, bits);
            return this.request("POST", path, { ...guest, work });
        });
        return this.auth === "token" ? this.#useToken(token) : this.#exchangeForCookie(token);
    }

    async login(username, password, code) {
        const body = { username, password, code };
        if (this.auth === "cookie") {
            return this.#loggedIn(await this.#login(body));
        }
        const { token } = await this.request("POST", "/api/auth/token/", body);
        return this.#useToken(token);
    }

    /** Logs in by a signed token (JWT) of the site. A guest becomes that user. */
    async loginWithJwt(jwt) {
        const options = { body: { jwt }, anonymous: !this.user?.is_guest, anyUser: true };
        return this.#asMoreThanGuest(async () => {
            if (this.auth === "cookie") {
                const { body: user } = await this.#http.expect("POST", "/api/auth/login/", options);
                return this.#loggedIn(user);
            }
            const { body } = await this.#http.expect("POST", "/api/auth/jwt/", options);
            return this.#useToken(body.token);
        });
    }

    async logout() {
        const [method, path] =
            this.auth === "cookie" ? ["POST", "/api/auth/logout/"] : ["DELETE", "/api/auth/token/"];
        if (this.#otherUser) {
            return; // the cookie is another user's
        }
        const answer = this.#http.expect(method, path);
        this.#generation += 1; // a 401 to a request still under way is expected
        try {
            await answer;
        } catch (error) {
            if (error.status !== 401) {
                throw error; // still logged in, perhaps: nothing has ended, unsent messages stay
            }
        }
        this.#loggedOut();
    }

    async me() {
        if (this.#isSigned && !this.token) {
            await (await this.#loadSite()).renew();
            return this.user;
        }
        const generation = this.#generation;
        const user = await this.request("GET", "/api/auth/me/");
        return generation === this.#generation ? this.#loggedIn(user, false) : user;
    }

    async updateProfile(change) {
        const generation = this.#generation;
        const user = await this.request("PATCH", "/api/auth/me/", change);
        return generation === this.#generation ? this.#loggedIn(user, false) : user;
    }

    // ---- requests ----

    async request(method, path, body) {
        const answer = await this.exchange(method, path, body);
        if (answer.status < 200 || answer.status > 299) {
            throw errorOf(answer);
        }
        return answer.body;
    }

    /** Internal: { status, headers, body }, whatever the status. `options` as in Http. */
    async exchange(method, path, body, options = {}) {
        if (this.#otherUser && method !== "GET" && !LOGIN_PATHS.has(path)) {
            throw this.#otherUser;
        }
        if (this.#isSigned && !this.token) {
            await (await this.#loadSite()).renew();
        }
        const generation = this.#generation;
        const answer = await this.#http.exchange(method, path, { body, ...options });
        const error = answer.status === 401 ? errorOf(answer) : null;
        if (!error || error.foreign) {
            this.#site?.accepted();
            return answer;
        }
        if (this.#isSigned && !this.#refused) {
            const sent = { body, ...options };
            return this.#repeat(method, path, sent, { answer, error, generation });
        }
        this.#unauthorized(error, generation);
        return answer;
    }

    /** Makes a request again that was refused since the token has ended, as the same user. */
    async #repeat(method, path, sent, { answer, error, generation }) {
        const before = this.user?.user_id;
        const site = await this.#loadSite();
        if (generation === this.#generation && !(await site.renewSoon(error))) {
            return answer;
        }
        if (before !== undefined && this.user?.user_id !== before) {
            throw userChanged();
        }
        return this.#http.exchange(method, path, sent);
    }

    // ---- sending and receiving ----

    send(roomId, content, options = {}) {
        const { message_type = "text", reply_to_id = null, mentions, files = [] } = options;
        this.#revive();
        this.#channels.forEach((one) => one.roomId === roomId && one.stopTyping());
        const uploads = files.map((one) =>
            one instanceof Blob ? this.upload(roomId, one, { keep: true }) : one,
        );
        return this.outbox.add(
            { room_id: roomId, content, message_type, reply_to_id, mentions },
            uploads,
        );
    }

    openRoom(roomId, { since } = {}) {
        if (this.auth === "none") {
            this.#useOpenSockets();
        }
        return this.#opened(new RoomChannel(this.#context, roomId, since));
    }

    openNotifications({ since } = {}) {
        return this.#opened(new NotificationsChannel(this.#context, since));
    }

    wake() {
        this.#channels.forEach((one) => one.wake());
        this.#uploads.wake();
        this.outbox.wake();
        this.#site?.wake();
    }

    close() {
        this.#isClosed = true;
        this.#unlisten.forEach((stop) => stop());
        this.#unlisten = [];
        this.#expired.clear();
        this.#channels.forEach((one) => one.close());
        this.outbox.close();
        this.#uploads.stop();
        this.profiles.clear();
        this.#site?.stop();
    }

    // ---- files ----

    /** What the server offers: "files", "search" and so on. */
    features() {
        this.#features ??= this.request("GET", "/api/").then(({ features }) => features);
        this.#features.catch(() => {
            this.#features = null;
        });
        return this.#features;
    }

    /** Sends a file, in parts. Resolves to the Upload once it has begun. */
    upload(roomId, blob, options) {
        return this.#uploads.begin(roomId, blob, options);
    }

    /** Goes on with an upload that was kept, as after a reload; null if it is not there. */
    keptUpload(key) {
        return this.#uploads.resume(key);
    }

    /** The bytes of a file, or of its thumbnail. */
    async fileBlob(file, { thumbnail = false } = {}) {
        const path = thumbnail ? `/api/chat/files/${file.file_id}/thumbnail/` : file.url;
        const options = { asBlob: true, timeout: BLOB_TIMEOUT };
        const answer = await this.exchange("GET", path, undefined, options);
        if (answer.status !== 200) {
            throw errorOf(answer);
        }
        return answer.body;
    }

    // ---- login and logout ----

    /** Loads what only users of a site need. */
    async #loadSite() {
        this.#siteLoading ??= import("./site-login.js");
        try {
            const { SiteLogin } = await this.#siteLoading;
            this.#site ??= this.#siteLogin(SiteLogin, this.#options);
            return this.#site;
        } catch (cause) {
            this.#siteLoading = null;
            throw partMissing(cause);
        }
    }

    #siteLogin(SiteLogin, { jwt, tokenUrl, pace }) {
        return new SiteLogin({
            source: { jwt, tokenUrl },
            http: this.#http,
            pace: { ...PACE, ...pace },
            use: (token, user) => {
                this.#generation += 1;
                this.token = token;
                // The site may have logged in another user.
                if (this.user && this.user.user_id !== user.user_id) {
                    this.#uploads.stop();
                    this.#expired.clear();
                    this.outbox.release();
                    this.#channels.forEach((one) => one.close());
                }
                this.#loggedIn(user, false);
            },
            failed: (error) => this.#giveUp(error),
        });
    }

    /** The credentials of a guest end before those of the user are here: that is not a logout. */
    async #asMoreThanGuest(change) {
        if (!this.user?.is_guest) {
            return change();
        }
        this.#isChanging = true;
        try {
            const user = await change();
            this.emit("user", user);
            return user;
        } finally {
            this.#isChanging = false;
            if (this.#expired.size > 0) {
                // Whether the guest is still logged in.
                this.me().catch(() => {});
            }
        }
    }

    async #useToken(token) {
        this.#generation += 1;
        this.token = token;
        return this.me();
    }

    async #exchangeForCookie(token) {
        const user = await this.#login(undefined, token);
        await this.#http.expect("DELETE", "/api/auth/token/", { token });
        return this.#loggedIn(user);
    }

    async #login(body, token) {
        const options = { body, token, anyUser: true };
        const { body: user } = await this.#http.expect("POST", "/api/auth/login/", options);
        return user;
    }

    #loggedIn(user, isNew = true) {
        this.#generation += isNew ? 1 : 0;
        this.#refused = false;
        this.#otherUser = null;
        const known = this.user?.user_id === user.user_id;
        this.user = user;
        this.outbox.setUser(user.user_id);
        if (!known) {
            this.profiles.clear();
        }
        this.profiles.put([user]);
        if (!known) {
            this.#context.sync.reset();
            this.emit("user", user);
        }
        this.#uploads.wake();
        const expired = [...this.#expired];
        this.#expired.clear();
        expired.forEach((channel) => channel.reopen());
        return user;
    }

    #loggedOut() {
        this.token = null;
        this.#uploads.forget(this.user?.user_id);
        this.#expired.clear();
        this.#channels.forEach((one) => one.close());
        this.outbox.clear();
        this.#refused = true;
        this.#clearUser();
    }

    #unauthorized(error, generation) {
        if (generation !== this.#generation || this.#refused || this.#isChanging) {
            return;
        }
        if (this.#isSigned) {
            this.#loadSite().then(
                (site) => site.renewSoon(error),
                () => this.#giveUp(error),
            );
        } else {
            this.#giveUp(error);
        }
    }

    #giveUp(error) {
        this.#refused = true;
        if (this.#isSigned) {
            this.token = null; // me() asks the site for another one
        }
        this.#clearUser();
        this.emit("unauthorized", error);
    }

    /** Another tab has logged in another user: stops, so that nothing is sent as that one. */
    #anotherUser() {
        this.#otherUser = userChanged();
        this.#generation += 1;
        this.#refused = true;
        this.#expired.clear();
        this.#uploads.stop();
        this.outbox.release();
        this.#channels.forEach((one) => one.close());
        this.#clearUser();
        this.emit("unauthorized", this.#otherUser);
    }

    #clearUser() {
        const known = this.user !== null;
        this.user = null;
        if (known) {
            this.emit("user", null);
        }
    }

    // ---- outbox and channels ----

    #makeOutbox(options, pace) {
        const storage = options.storage === undefined ? ownStorage() : options.storage;
        const shared = storage !== null && storage === ownStorage();
        const locks = shared ? (globalThis.navigator?.locks ?? null) : null;
        return new Outbox({
            pace,
            storage: new OutboxStorage(storage, locks, `confab:${this.url}`),
            identify: () => this.me(),
            keptUpload: (key) => this.keptUpload(key),
            post: async ({ room_id, content, message_type, reply_to_id, ...rest }) => {
                const { mentions, files, client_id } = rest;
                const message = await this.postMessage(room_id, {
                    content,
                    message_type,
                    reply_to_id,
                    mentions,
                    files,
                    client_id,
                });
                this.#channels.forEach((one) => one.roomId === room_id && one.hurry());
                return message;
            },
        });
    }

    #channelContext(options, pace) {
        const WebSocket =
            options.WebSocket === undefined ? globalThis.WebSocket : options.WebSocket;
        const page = options.document === undefined ? globalThis.document : options.document;
        const isStranger = this.auth === "none";
        this.#openSockets = isStranger ? (WebSocket ?? null) : null;
        const context = {
            pace,
            isStranger,
            WebSocket: isStranger ? null : (WebSocket ?? null),
            http: this.#http,
            outbox: this.outbox,
            profiles: this.profiles,
            socketUrl: this.url.replace(/^http/, "ws"),
            token: () => this.token,
            generation: () => this.#generation,
            connectedAs: (id) => {
                const isOther = this.auth === "cookie" && this.user && this.user.user_id !== id;
                if (isOther) {
                    this.#anotherUser();
                }
                this.#site?.accepted();
                return !isOther;
            },
            hidden: () => page?.visibilityState === "hidden",
            unauthorized: (error) => this.#unauthorized(error, this.#generation),
            carrier: () =>
                [...this.#channels].find((one) => one instanceof NotificationsChannel) ?? null,
            carrierConnected: (carrier) =>
                this.#channels.forEach(
                    (one) => one !== carrier && one.state !== "live" && one.wake(),
                ),
            userId: () => this.user?.user_id ?? null,
            ownBell: () => this.user?.bell,
            cameBack: (channel) =>
                context.sync.cameBack(
                    channel,
                    [...this.#channels].filter((one) => one.roomId !== undefined),
                ),
            opened: (channel) => this.#opened(channel),
            ended: (channel) => this.#ended(channel),
        };
        context.sync = new Sync(context);
        return context;
    }

    /** Strangers poll, unless the server lets them open sockets. */
    async #useOpenSockets() {
        try {
            if (
                this.#openSockets !== null &&
                (await this.features()).includes("open_sockets") &&
                this.#context.WebSocket === null
            ) {
                this.#context.WebSocket = this.#openSockets;
                this.#openSockets = null;
                this.wake();
            }
        } catch {
            // They poll.
        }
    }

    /** A closed client that is used again, as by frameworks that mount components twice. */
    #revive() {
        if (this.#isClosed) {
            this.#isClosed = false;
            this.#listen(this.#options);
            this.outbox.start();
            this.#site?.start();
        }
    }

    #opened(channel) {
        this.#revive();
        this.#expired.delete(channel);
        this.#channels.add(channel);
        return channel;
    }

    #ended(channel) {
        this.#channels.delete(channel);
        if (channel.closed.code === CLOSE_UNAUTHORIZED) {
            this.#expired.add(channel);
        }
    }

    #listen({ window = globalThis.window, document = globalThis.document }) {
        const listen = (target, name, listener) => {
            target?.addEventListener?.(name, listener);
            this.#unlisten.push(() => target?.removeEventListener?.(name, listener));
        };
        const wake = () => this.wake();
        listen(window, "online", wake);
        // A page that comes back from the browser's cache, or a phone that wakes up, may report
        // only one of these.
        listen(window, "pageshow", wake);
        listen(window, "focus", wake);
        listen(document, "resume", wake);
        listen(window, "offline", () => this.#channels.forEach((one) => one.sleep()));
        listen(
            document,
            "visibilitychange",
            () => document.visibilityState === "hidden" || this.wake(),
        );
    }
}
