// TypeScript types of the objects of a schema.

const nameOf = (ref) => ref.split("/").pop();

/** The type of a schema, as TypeScript. */
function typeOf(schema) {
    if (schema.$ref) {
        return nameOf(schema.$ref);
    }
    const several = schema.allOf ?? schema.anyOf ?? schema.oneOf;
    if (several) {
        return several.map(typeOf).join(" | ");
    }
    if (schema.const !== undefined || schema.enum) {
        return (schema.enum ?? [schema.const]).map((word) => JSON.stringify(word)).join(" | ");
    }
    if (schema.type === undefined) {
        return "unknown";
    }
    return [schema.type]
        .flat()
        .map((name) => plainType(name, schema))
        .join(" | ");
}

function plainType(name, schema) {
    if (name === "array") {
        return `(${typeOf(schema.items)})[]`;
    }
    if (name === "object" && schema.properties) {
        return objectType(schema);
    }
    if (name === "object") {
        return `Record<string, ${typeOf(schema.additionalProperties)}>`;
    }
    return name === "integer" ? "number" : name;
}

function objectType({ properties, required = [] }) {
    const members = Object.entries(properties).map(
        ([name, schema]) => `${name}${required.includes(name) ? "" : "?"}: ${typeOf(schema)};`,
    );
    return `{ ${members.join(" ")} }`;
}

/** A type for each component; more codes of errors may be added, so they are a string. */
export function typesOf(schemas) {
    return Object.entries(schemas)
        .map(([name, schema]) => {
            const type = name === "ErrorCode" ? "string" : typeOf(schema);
            return `export type ${name} = ${type};`;
        })
        .join("\n");
}
