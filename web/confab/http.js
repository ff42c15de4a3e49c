/** HTTP requests (no other file calls fetch), and ConfabError, which all rejections carry. */

import { demandedPause } from "./pace.js";

const USER_ID = "X-Confab-User-Id";
const OVERRIDE = "X-HTTP-Method-Override";
const PACE_HEADER = "X-Confab-Pace";
// Methods that hosts refuse, and the statuses of these refusals.
const REFUSED_METHODS = new Set(["PATCH", "PUT", "DELETE"]);
const REFUSALS = new Set([400, 403, 404, 405, 406, 501]);
const NO_STATUS = 0;
// Not listed: 5xx, all of which are temporary but those below.
const TEMPORARY = new Set([NO_STATUS, 408, 425, 429]);
const PERMANENT = new Set([501, 505]);

// Whether the page is being left: requests made then must outlive it.
let isLeaving = false;
globalThis.addEventListener?.("pagehide", () => (isLeaving = true));
globalThis.addEventListener?.("pageshow", () => (isLeaving = false));

export class ConfabError extends Error {
    constructor(
        status,
        detail,
        {
            code = null,
            fields = {},
            codes = {},
            retryAfter = null,
            requestId = null,
            body = null,
            foreign = status === NO_STATUS,
            cause,
        } = {},
    ) {
        super(detail, { cause });
        this.name = "ConfabError";
        this.status = status;
        this.detail = detail;
        this.code = code;
        this.fields = fields;
        this.codes = codes;
        this.retryAfter = retryAfter;
        this.requestId = requestId;
        this.body = body;
        this.foreign = foreign;
    }

    get temporary() {
        return TEMPORARY.has(this.status) || (this.status >= 500 && !PERMANENT.has(this.status));
    }
}

/** The error for a module of the library that could not be loaded. */
export const partMissing = (cause) =>
    new ConfabError(NO_STATUS, "A part of the client library could not be loaded.", {
        code: "unreachable",
        cause,
    });

/** No response, or not one of this server. */
function noResponse({ code, detail }, cause) {
    return new ConfabError(NO_STATUS, detail, { code, cause });
}

/** The error for a response, as returned by exchange(), whose status is not a success. */
export function errorOf({ status, headers, body }) {
    const retryAfter = Number.parseInt(headers.get("Retry-After") ?? "", 10);
    const fields = fieldsOf(body);
    const known = detailOf(body, fields);
    const { code, detail } = known ? { code: codeOf(body), detail: known } : foreignFailure(status);
    return new ConfabError(status, detail, {
        code,
        fields,
        codes: codesOf(body),
        retryAfter: Number.isNaN(retryAfter) ? null : retryAfter,
        requestId: headers.get("X-Request-ID"),
        body,
        foreign: known === null,
    });
}

function foreignFailure(status) {
    return status < 500
        ? {
              code: "refused_in_front",
              detail: `A firewall or proxy in front of the chat refused this (status ${status}).`,
          }
        : {
              code: "unavailable_in_front",
              detail: `The chat is unavailable at the moment (status ${status}).`,
          };
}

function fieldsOf(body) {
    const named = Object.entries(body ?? {}).filter(
        ([name, words]) => name !== "non_field_errors" && Array.isArray(words),
    );
    return Object.fromEntries(named);
}

/** The code of an answer; where fields are invalid, that of the first one. */
function codeOf(body) {
    const [first = []] = Object.values(codesOf(body));
    return typeof body?.code === "string" ? body.code : (first[0] ?? null);
}

function codesOf(body) {
    const isNamed = body?.codes && typeof body.codes === "object" && !Array.isArray(body.codes);
    return isNamed ? body.codes : {};
}

function detailOf(body, fields) {
    if (typeof body?.detail === "string") {
        return body.detail;
    }
    if (Array.isArray(body?.non_field_errors)) {
        return body.non_field_errors.join(" ");
    }
    const all = Object.entries(fields).map(([name, words]) => `${name}: ${words.join(" ")}`);
    return all.length > 0 ? all.join(" ") : null;
}

export class Http {
    /**
     * `token()` returns the token to use or null; `cookies`: whether to send them. With a cookie
     * another tab can log in another user: `userId()` returns the id of the known one or null, and
     * `answeredAs(id)` is called with the id that the server names, if it is another.
     */
    constructor({ url, fetch, timeout, second, token, cookies, userId, answeredAs }) {
        Object.assign(this, { url, fetch, timeout, second, token, cookies, userId, answeredAs });
        // Whether the server names the user. It then also compares.
        this.namesUser = false;
        this.wasAnswered = false;
        // Whether the host refuses PATCH and DELETE, and takes them as POST.
        this.overrides = false;
        // The time (performance.now) from which the server may be asked again by a poll.
        this.askableAt = -Infinity;
        // When it has answered last.
        this.answeredAt = -Infinity;
    }

    /**
     * The number in a bell; null if there is none. Rejected if the web server does not answer, or
     * has too much to do. No request to the API.
     */
    async bell(path, signal) {
        const file = path.slice(path.lastIndexOf("/bell/"));
        const aborter = new AbortController();
        const stop = () => aborter.abort();
        const timer = setTimeout(stop, this.timeout);
        signal?.addEventListener("abort", stop);
        try {
            const response = await this.fetch(this.url + file, {
                cache: "no-store",
                credentials: "omit",
                signal: aborter.signal,
            });
            const text = await response.text();
            if (response.status >= 500 || response.status === 429) {
                const { code, detail } = foreignFailure(503);
                throw new ConfabError(503, detail, { code, foreign: true });
            }
            return response.ok && /^[0-9]{1,20}$/.test(text) ? Number(text) : null;
        } catch (error) {
            throw error instanceof ConfabError ? error : noResponse(failureOf(error), error);
        } finally {
            clearTimeout(timer);
            signal?.removeEventListener("abort", stop);
        }
    }

    /**
     * Resolves to { status, headers, body } whatever the status; the body is parsed, null if it
     * is empty or the page of a firewall or proxy that refuses the request. Rejected with status 0
     * if there is no response, or a success that is not JSON. `bytes` are sent as they are; with
     * `asBlob` the body of a success is a Blob.
     */
    async exchange(method, path, options = {}) {
        const { body, bytes, etag, token, signal, anyUser = false, anonymous = false } = options;
        const { asBlob = false, timeout = this.timeout } = options;
        const isChecked = this.cookies && !token && !anyUser;
        const expected = isChecked ? this.userId() : null;
        const credentials = anonymous ? null : (token ?? this.token());
        const aborter = new AbortController();
        const stop = () => aborter.abort();
        const timer = setTimeout(stop, timeout);
        signal?.addEventListener("abort", stop);
        try {
            const response = await this.#send(path, {
                ...this.#options(method, body, etag, credentials, expected),
                // Browsers let no more than some kilobytes outlive the page.
                ...(bytes && { body: bytes, keepalive: false }),
                signal: aborter.signal,
            });
            this.wasAnswered = true;
            this.#keepPace(response);
            this.#compare(expected, response);
            return {
                status: response.status,
                headers: response.headers,
                body:
                    asBlob && response.ok
                        ? await response.blob()
                        : parse(await response.text(), response),
            };
        } catch (error) {
            throw noResponse((await this.#originRefused(error)) ?? failureOf(error), error);
        } finally {
            clearTimeout(timer);
            signal?.removeEventListener("abort", stop);
        }
    }

    /** The same, but rejected unless the status is 2xx, or 304 if an etag was given. */
    async expect(method, path, options) {
        const response = await this.exchange(method, path, options);
        if ((response.status < 200 || response.status > 299) && response.status !== 304) {
            throw errorOf(response);
        }
        return response;
    }

    /** Sends a method that the host refuses as POST with X-HTTP-Method-Override. */
    async #send(path, options) {
        const asPost = {
            ...options,
            method: "POST",
            headers: { ...options.headers, [OVERRIDE]: options.method },
        };
        const canOverride = REFUSED_METHODS.has(options.method);
        if (canOverride && this.overrides) {
            return this.fetch(this.url + path, asPost);
        }
        const response = await this.fetch(this.url + path, options);
        if (!canOverride || isOurs(response) || !REFUSALS.has(response.status)) {
            return response;
        }
        const again = await this.fetch(this.url + path, asPost);
        this.overrides = isOurs(again);
        return this.overrides ? again : response;
    }

    /**
     * A browser does not tell why a request to another origin fails. If the server is there, but
     * its answers may not be read, it does not allow this page.
     */
    async #originRefused({ name }) {
        const own = globalThis.location?.origin;
        const isOther = /^https?:/.test(own) && new URL(this.url, own).origin !== own;
        if (this.wasAnswered || !isOther || name !== "TypeError") {
            return null;
        }
        try {
            await this.fetch(`${this.url}/healthz`, { mode: "no-cors", credentials: "omit" });
        } catch {
            return null;
        }
        return {
            code: "page_not_allowed",
            detail:
                `The chat at ${this.url} does not allow pages of ${own}. ` +
                "Its administrator can add this address to allowed_origins.",
        };
    }

    /** X-Confab-Pace: how often all clients together may ask. */
    #keepPace(response) {
        const seconds = Number(response.headers.get(PACE_HEADER) ?? 0);
        const now = performance.now();
        this.askableAt = now + demandedPause(seconds, this.second);
        this.answeredAt = response.headers.has(PACE_HEADER) ? now : this.answeredAt;
    }

    #compare(expected, response) {
        const id = Number(response.headers.get(USER_ID) ?? 0);
        this.namesUser ||= id > 0;
        // Meanwhile this client may have logged in as another user itself.
        if (id > 0 && expected !== null && id !== expected && expected === this.userId()) {
            this.answeredAs(id);
        }
    }

    #options(method, body, etag, token, expected) {
        const headers = { Accept: "application/json" };
        if (token) {
            headers.Authorization = `Token ${token}`;
        }
        if (etag) {
            headers["If-None-Match"] = etag;
        }
        if (body !== undefined) {
            headers["Content-Type"] = "application/json";
        }
        // The server refuses a change that another user's cookie would make.
        if (method !== "GET" && expected !== null && this.namesUser) {
            headers[USER_ID] = String(expected);
        }
        return {
            method,
            headers,
            body: body === undefined ? undefined : JSON.stringify(body),
            credentials: this.cookies ? "include" : "omit",
            ...(isLeaving && { keepalive: true }),
        };
    }
}

/**
 * Requests a signed token from a page's own site, as its user: the answer is the token, or
 * {"jwt": the token}. Rejected with status 401 without a login at the site.
 */
export async function fetchSiteToken({ fetch, timeout }, url) {
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), timeout);
    let response;
    let text;
    try {
        response = await fetch(url, {
            credentials: "include",
            cache: "no-store",
            headers: { Accept: "application/json, text/plain" },
            signal: aborter.signal,
        });
        text = await response.text();
    } catch (error) {
        throw noResponse(failureOf(error), error);
    } finally {
        clearTimeout(timer);
    }
    if (response.status >= 500 || response.status === 429) {
        const { code, detail } = foreignFailure(503);
        throw new ConfabError(503, detail, { code, foreign: true });
    }
    if (!response.ok || text.trim() === "") {
        throw notLoggedInAtSite();
    }
    return text;
}

export function notLoggedInAtSite() {
    const detail = "You are not logged in at this site.";
    return new ConfabError(401, detail, { code: "not_logged_in_at_site" });
}

/** Whether a response comes from the API, not from a web server or firewall in front of it. */
function isOurs(response) {
    return response.headers.has("X-Request-ID");
}

class NotJson extends Error {}

/** A firewall may answer 200 with a page, or with nothing. */
function parse(text, { status, ok }) {
    if (text === "" && status !== 200 && status !== 201) {
        return null;
    }
    try {
        return JSON.parse(text);
    } catch (error) {
        if (!ok) {
            return null;
        }
        throw new NotJson("not JSON", { cause: error });
    }
}

function failureOf(error) {
    if (error instanceof NotJson) {
        return {
            code: "not_from_chat",
            detail: "The response did not come from the chat server.",
        };
    }
    if (error?.name === "AbortError") {
        return { code: "no_answer", detail: "The server did not respond in time." };
    }
    return { code: "unreachable", detail: "The server cannot be reached." };
}

/** A query string "?a=1&b=2" of the values that are defined, or "". */
export function query(options = {}) {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(given).toString();
    return text && `?${text}`;
}
