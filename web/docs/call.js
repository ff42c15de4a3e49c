// The form of one operation: its parameters and body, a button that calls it, and the answer.

import { fill, h } from "../chat/ui/dom.js";
import { query } from "../confab/http.js";
import { fieldTable, resolved } from "./fields.js";

const pretty = (value) => JSON.stringify(value, null, 2);

function parameterRow(parameter) {
    const input = h("input", {
        name: parameter.name,
        required: parameter.required,
        placeholder: String(parameter.example ?? ""),
        autocomplete: "off",
    });
    const row = h(
        "tr",
        h("th", h("label", h("code", parameter.name), input)),
        h("td", parameter.description ?? "The number in the path."),
    );
    return { ...parameter, input, row };
}

function answersOf(responses) {
    return h(
        "p",
        "Answers: ",
        Object.keys(responses)
            .filter((status) => status !== "default")
            .join(", "),
        ".",
    );
}

/** Calls the operation and shows status and body, also of an error. */
async function call(chat, { method, path, fields, text }, out) {
    const value = ({ input }) => input.value.trim() || undefined;
    const named = (place) =>
        fields.filter((one) => one.in === place).map((one) => [one.name, value(one)]);
    let address = path;
    for (const [name, given] of named("path")) {
        address = address.replace(`{${name}}`, encodeURIComponent(given ?? ""));
    }
    fill(out, "…");
    try {
        const answer = await chat.http.exchange(
            method.toUpperCase(),
            address + query(Object.fromEntries(named("query"))),
            { body: text?.value.trim() ? JSON.parse(text.value) : undefined },
        );
        const body = answer.body === null ? "" : `\n\n${pretty(answer.body)}`;
        fill(out, `${answer.status}${body}`);
    } catch (error) {
        fill(out, error.message);
    }
}

/** The form of one operation of the schema. */
export function callForm(chat, schemas, { method, path, operation }) {
    const fields = (operation.parameters ?? []).map(parameterRow);
    const content = operation.requestBody?.content["application/json"];
    const text = content && h("textarea", { rows: 6, spellcheck: "false", "aria-label": "Body" });
    if (text) {
        text.value = pretty(content.example);
    }
    const out = h("pre.answer", { "aria-live": "polite" });
    const isPage = operation.responses["200"]?.content?.["text/html"];
    return h(
        "form",
        {
            onsubmit: (event) => {
                event.preventDefault();
                call(chat, { method, path, fields, text }, out);
            },
        },
        fields.length > 0 &&
            h(
                "table",
                fields.map(({ row }) => row),
            ),
        content && fieldTable(resolved(schemas, content.schema)),
        text,
        answersOf(operation.responses),
        !isPage && h("button", "Send"),
        out,
    );
}
