// Schemas as tables of fields.

import { h } from "../chat/ui/dom.js";

/** The id of the part about an object. */
export const anchor = (name) => `object-${name}`;

const nameOf = (ref) => ref.split("/").pop();

const link = (ref) => h("a", { href: `#${anchor(nameOf(ref))}` }, nameOf(ref));

/** Puts a word between the parts of a list. */
const join = (parts, word) => parts.flatMap((part, at) => (at > 0 ? [word, part] : [part]));

/** The type of a schema in words and links. */
function typeOf(schema) {
    if (schema.$ref) {
        return [link(schema.$ref)];
    }
    const several = schema.allOf ?? schema.anyOf ?? schema.oneOf;
    if (several) {
        return join(
            several.map((part) => typeOf(part)),
            " or ",
        ).flat();
    }
    if (schema.const !== undefined) {
        return [h("code", JSON.stringify(schema.const))];
    }
    if (schema.enum) {
        return join(
            schema.enum.map((word) => h("code", JSON.stringify(word))),
            " or ",
        );
    }
    if (schema.items) {
        return ["list of ", ...typeOf(schema.items)];
    }
    if (schema.type === undefined) {
        return ["any"];
    }
    const names = [schema.type].flat().map((name) => (name === "string" ? "text" : name));
    return [names.join(" or "), bounds(schema)];
}

function bounds({ minLength, maxLength, minimum, maximum, format }) {
    const least = minLength ?? minimum;
    const most = maxLength ?? maximum;
    const unit = (minLength ?? maxLength) === undefined ? "" : " characters";
    const words = [
        least !== undefined && most !== undefined && `${least} to ${most}${unit}`,
        least !== undefined && most === undefined && `at least ${least}${unit}`,
        least === undefined && most !== undefined && `at most ${most}${unit}`,
        format,
    ].filter(Boolean);
    return words.length > 0 ? `, ${words.join(", ")}` : "";
}

/** A table of the fields of an object; of any other schema, its type. */
export function fieldTable(schema) {
    const required = new Set(schema.required);
    const fields = Object.entries(schema.properties ?? {});
    if (fields.length === 0) {
        return h("p", typeOf(schema));
    }
    return h(
        "table",
        fields.map(([name, field]) =>
            h(
                "tr",
                h("th", h("code", name), !required.has(name) && h("small", "optional")),
                h("td", typeOf(field)),
                h("td", field.description),
            ),
        ),
    );
}

/** The fields of a reference, or of a schema itself. */
export function resolved(schemas, schema) {
    return schema.$ref ? schemas[nameOf(schema.$ref)] : schema;
}
