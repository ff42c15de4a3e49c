// Links in the texts of users: web addresses, with or without https://, and e-mail addresses.

import { findAddresses } from "../../confab/addresses.js";
import { h } from "./dom.js";

/** Splits a text into nodes: links for addresses, text for the rest. */
export function linked(text) {
    const nodes = [];
    let done = 0;
    for (const { start, end, href } of findAddresses(text)) {
        nodes.push(
            text.slice(done, start),
            h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text.slice(start, end)),
        );
        done = end;
    }
    nodes.push(text.slice(done));
    return nodes.filter((node) => node !== "");
}
