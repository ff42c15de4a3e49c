// The page of GET /api/docs/: both schemas of this chat, where each call can be tried with a token
// or the session of the browser, and a socket watched. It shows what the schemas say, nothing else.

import { fill, h } from "../chat/ui/dom.js";
import { Http } from "../confab/http.js";
import { callForm } from "./call.js";
import { anchor, fieldTable } from "./fields.js";
import { socketForm } from "./socket.js";

const TIMEOUT_MS = 30000;
const url = location.href.replace(/\/api\/docs\/?(?:[?#].*)?$/, "");
const token = h("input", {
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "without one, the session of this browser counts",
});

/** What the forms share: the address of the chat, the token given, and a client. */
const chat = {
    url,
    token: () => token.value.trim() || null,
    http: new Http({
        url,
        fetch: (...args) => fetch(...args),
        timeout: TIMEOUT_MS,
        token: () => token.value.trim() || null,
        cookies: true,
        userId: () => null,
        answeredAs: () => {},
    }),
};

const documentOf = async (path) => (await chat.http.expect("GET", path)).body;

// ---- the API ----

function operationPart(schemas, method, path, operation) {
    return h(
        "details.operation",
        { id: operation.operationId },
        h(
            "summary",
            h(`code.method.${method}`, method.toUpperCase()),
            h("code", path),
            h("span", operation.summary),
        ),
        h("p", operation.description),
        callForm(chat, schemas, { method, path, operation }),
    );
}

function apiPart(api) {
    const all = Object.entries(api.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
    return h(
        "section",
        { id: "api" },
        h("h2", "API"),
        h("p", api.info.description),
        api.tags.flatMap(({ name }) => [
            h("h3", name),
            ...all
                .filter(({ operation }) => operation.tags.includes(name))
                .map(({ method, path, operation }) =>
                    operationPart(api.components.schemas, method, path, operation),
                ),
        ]),
    );
}

// ---- WebSockets, objects and codes ----

function socketsPart(events) {
    return h(
        "section",
        { id: "sockets" },
        h("h2", "WebSockets"),
        h("p", events.info.description),
        Object.entries(events.channels).flatMap(([name, channel]) => [
            h("h3", h("code", channel.address)),
            h("p", channel.description),
            ...["sends", "takes"].flatMap((verb) => [
                h("h4", verb === "sends" ? "From the server" : "From clients"),
                h(
                    "ul",
                    events.operations[`${name}_${verb}`].messages.map(({ $ref }) => {
                        const { title, summary } =
                            events.components.messages[$ref.split("/").pop()];
                        return h("li", h("a", { href: `#${anchor(title)}` }, title), ` ${summary}`);
                    }),
                ),
            ]),
        ]),
        socketForm(chat, events),
    );
}

function objectsPart(schemas) {
    return h(
        "section",
        { id: "objects" },
        h("h2", "Objects"),
        Object.entries(schemas)
            .filter(([name]) => name !== "ErrorCode")
            .flatMap(([name, schema]) => [
                h("h3", { id: anchor(name) }, name),
                h("p", schema.description),
                fieldTable(schema),
            ]),
    );
}

function codesPart({ enum: words, "x-enum-descriptions": meanings }) {
    return h(
        "section",
        { id: anchor("ErrorCode") },
        h("h2", "Error codes"),
        h(
            "table",
            words.map((word, at) => h("tr", h("th", h("code", word)), h("td", meanings[at]))),
        ),
    );
}

async function start() {
    const main = document.querySelector("main");
    try {
        const [api, events] = await Promise.all([
            documentOf("/api/schema/"),
            documentOf("/api/schema/events/"),
        ]);
        const schemas = { ...events.components.schemas, ...api.components.schemas };
        fill(
            main,
            h("h1", `${api.info.title} ${api.info.version}`),
            h(
                "nav",
                h("a", { href: "#api" }, "API"),
                h("a", { href: "#sockets" }, "WebSockets"),
                h("a", { href: "#objects" }, "Objects"),
                h("a", { href: `#${anchor("ErrorCode")}` }, "Error codes"),
                h("a", { href: `${url}/api/schema/` }, "OpenAPI"),
                h("a", { href: `${url}/api/schema/events/` }, "AsyncAPI"),
            ),
            h("label.token", "Token", token),
            apiPart(api),
            socketsPart(events),
            objectsPart(schemas),
            codesPart(schemas.ErrorCode),
        );
    } catch (error) {
        fill(main, h("p.wrong", `The schemas cannot be loaded: ${error.message}`));
    }
}

start();
