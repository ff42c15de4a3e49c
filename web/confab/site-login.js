/**
 * Logging in by the site's signed token (JWT): at first, when the server does not accept the token
 * of the chat any more, and before that ends.
 */

import { ConfabError, fetchSiteToken, notLoggedInAtSite } from "./http.js";
import { Backoff } from "./pace.js";

const SIGNED = /^[\w-]+\.[\w-]+\.[\w-]+$/u;
/** How long before its end a token is replaced: a tenth of its time, at most this (ms). */
const MARGIN_MS = 600000;
/** Browsers cannot wait longer than 24 days at once. */
const LONGEST_WAIT_MS = 86400000;
/** Gives up after this many new tokens in a row that are refused at their first use. */
const MOST_UNUSED = 3;

export class SiteLogin {
    #renewing = null;
    #renewAt = null;
    // How many tokens were obtained since one was accepted.
    #unused = 0;
    #timer = null;
    #backoff;
    #isWaiting = false;
    #isGivenUsed = false;

    /**
     * `source` has the signed token, or a function that returns one or a promise of it, as `jwt`,
     * or the address that gives one as `tokenUrl`; with both, the first login is by `jwt`. `http`
     * is an Http; `use(token, user)` takes a new login;
     * `failed(error)` is called when the site or the server refuses a login that was renewed in
     * the background.
     */
    constructor({ source, http, pace, use, failed }) {
        Object.assign(this, { source, http, use, failed });
        this.#backoff = new Backoff(pace.backoffMin, pace.backoffMax);
    }

    /** Logs in once more; rejected if that fails. */
    renew() {
        this.#renewing ??= this.#renew().finally(() => {
            this.#renewing = null;
        });
        return this.#renewing;
    }

    /**
     * The same, tried again after temporary failures; resolves to whether it has succeeded.
     * `refusal` is the error by which the server has refused the token, null if it is about to end.
     */
    async renewSoon(refusal) {
        if (refusal && this.#unused >= MOST_UNUSED) {
            this.failed(refusal);
            return false;
        }
        try {
            await this.renew();
            return true;
        } catch (error) {
            if (error.temporary) {
                this.#isWaiting = true;
                this.#wait(this.#backoff.next());
            } else {
                this.failed(error);
            }
            return false;
        }
    }

    /** The server has accepted the token. */
    accepted() {
        this.#unused = 0;
    }

    /** The network or the page is back. */
    wake() {
        if (this.#isWaiting) {
            this.#backoff.reset();
            this.#wait(0);
        }
    }

    start() {
        this.#schedule();
    }

    stop() {
        clearTimeout(this.#timer);
    }

    /** The answer to a login. One that came with the page may have ended while it was cached. */
    async #login() {
        const isGiven = !this.#isGivenUsed && this.source.jwt && this.source.tokenUrl;
        const jwt = await this.#signed();
        const options = { body: { jwt }, anonymous: true };
        try {
            return (await this.http.expect("POST", "/api/auth/jwt/", options)).body;
        } catch (error) {
            if (isGiven && error.status === 400) {
                return this.#login();
            }
            throw error;
        }
    }

    async #renew() {
        const body = await this.#login();
        this.#isWaiting = false;
        this.#backoff.reset();
        this.#unused += 1;
        const life = new Date(body.expires_at) - Date.now();
        // By a clock that is far ahead it has ended: then the server says when it has.
        this.#renewAt = life > 0 ? Date.now() + life - Math.min(life / 10, MARGIN_MS) : null;
        this.#schedule();
        this.use(body.token, body.user);
    }

    async #signed() {
        const { jwt, tokenUrl } = this.source;
        const mustFetch = tokenUrl && (!jwt || this.#isGivenUsed);
        this.#isGivenUsed = true;
        const given = mustFetch
            ? await fetchSiteToken(this.http, tokenUrl)
            : await (typeof jwt === "function" ? jwt() : jwt);
        const token = tokenOf(given);
        if (!token) {
            throw notLoggedInAtSite();
        }
        if (!SIGNED.test(token)) {
            const from = tokenUrl ?? "This site";
            const detail = `${from} gave no signed token (JWT) for the chat.`;
            throw new ConfabError(400, detail, { code: "no_site_token" });
        }
        return token;
    }

    #schedule() {
        if (this.#renewAt !== null) {
            this.#wait(this.#renewAt - Date.now());
        }
    }

    #wait(pause) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#due(), Math.min(pause, LONGEST_WAIT_MS));
    }

    #due() {
        if (this.#isWaiting || Date.now() >= this.#renewAt) {
            this.renewSoon(null);
        } else {
            this.#schedule();
        }
    }
}

/** A signed token as it is, or within {"jwt"} as text or object; null if there is none. */
function tokenOf(given) {
    if (typeof given !== "string") {
        return given?.jwt ?? null;
    }
    const text = given.trim();
    if (!text.startsWith("{") && !text.startsWith('"')) {
        return text;
    }
    try {
        return tokenOf(JSON.parse(text));
    } catch {
        return text;
    }
}
