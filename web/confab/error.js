/** The one error that promises are rejected with. */

const NO_STATUS = 0;
const TEMPORARY = new Set([NO_STATUS, 429, 500, 502, 503, 504]);

export class ConfabError extends Error {
    constructor(status, detail, { fields = {}, retryAfter = null, requestId = null, body = null,
        cause } = {}) {
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
export function noAnswer(detail, cause) {
    return new ConfabError(NO_STATUS, detail, { cause });
}

/** An answer as http.js gives them, whose status is no success. */
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
        ([name, words]) => name !== "non_field_errors" && Array.isArray(words));
    return Object.fromEntries(named);
}

function detailOf(body, fields) {
    if (typeof body?.detail === "string")
        return body.detail;
    if (Array.isArray(body?.non_field_errors))
        return body.non_field_errors.join(" ");
    const all = Object.entries(fields).map(([name, words]) => `${name}: ${words.join(" ")}`);
    return all.length > 0 ? all.join(" ") : null;
}
