/** Requests and answers, the only file that calls fetch; what promises are rejected with. */

const NO_STATUS = 0;
const TEMPORARY = new Set([NO_STATUS, 429, 500, 502, 503, 504]);

export class ConfabError extends Error {
    constructor(
        status,
        detail,
        { fields = {}, retryAfter = null, requestId = null, body = null, cause } = {},
    ) {
        super(detail, { cause });
        this.name = "ConfabError";
        this.status = status;
        this.detail = detail;
        this.fields = fields;
        this.retryAfter = retryAfter;
        this.requestId = requestId;
        this.body = body;
    }

    get temporary() {
        return TEMPORARY.has(this.status);
    }
}

/** There was no answer, or none of this server's. */
function noAnswer(detail, cause) {
    return new ConfabError(NO_STATUS, detail, { cause });
}

/** An answer as exchange() gives them, whose status is no success. */
export function errorOf({ status, headers, body }) {
    const seconds = Number.parseInt(headers.get("Retry-After") ?? "", 10);
    const fields = fieldsOf(body);
    return new ConfabError(status, detailOf(body, fields) ?? `The server answered ${status}.`, {
        fields,
        retryAfter: Number.isNaN(seconds) ? null : seconds,
        requestId: headers.get("X-Request-ID"),
        body,
    });
}

function fieldsOf(body) {
    const named = Object.entries(body ?? {}).filter(
        ([name, words]) => name !== "non_field_errors" && Array.isArray(words),
    );
    return Object.fromEntries(named);
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
    /** `token()` gives the one to use, null for none; `cookies`: whether they go along. */
    constructor({ url, fetch, timeout, token, cookies }) {
        this.url = url;
        this.fetch = fetch;
        this.timeout = timeout;
        this.token = token;
        this.cookies = cookies;
    }

    /**
     * { status, headers, body } whatever the status; body is parsed, null where there is none.
     * Rejected (status 0) only if there is no answer, or none in JSON.
     */
    async exchange(method, path, { body, etag, token, signal } = {}) {
        const gate = new AbortController();
        const stop = () => gate.abort();
        const timer = setTimeout(stop, this.timeout);
        signal?.addEventListener("abort", stop);
        try {
            const answer = await this.fetch(this.url + path, {
                ...this.#options(method, body, etag, token ?? this.token()),
                signal: gate.signal,
            });
            return {
                status: answer.status,
                headers: answer.headers,
                body: parse(await answer.text()),
            };
        } catch (error) {
            throw noAnswer(wordsFor(error), error);
        } finally {
            clearTimeout(timer);
            signal?.removeEventListener("abort", stop);
        }
    }

    /** The same, rejected unless the status is a success (or 304, which needs an etag). */
    async expect(method, path, options) {
        const answer = await this.exchange(method, path, options);
        if ((answer.status < 200 || answer.status > 299) && answer.status !== 304) {
            throw errorOf(answer);
        }
        return answer;
    }

    #options(method, body, etag, token) {
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
        return {
            method,
            headers,
            body: body === undefined ? undefined : JSON.stringify(body),
            credentials: this.cookies ? "include" : "omit",
        };
    }
}

class NotJson extends Error {}

function parse(text) {
    if (text === "") {
        return null;
    }
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new NotJson("no JSON", { cause: error });
    }
}

function wordsFor(error) {
    if (error instanceof NotJson) {
        return "Something else than the chat server answered.";
    }
    if (error?.name === "AbortError") {
        return "The server did not answer in time.";
    }
    return "The server cannot be reached.";
}

/** "?a=1&b=2" of what is given, "" for nothing. */
export function query(options = {}) {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(given).toString();
    return text && `?${text}`;
}
