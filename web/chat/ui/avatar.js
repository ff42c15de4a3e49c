// Pictures of users and rooms: round and square tiles with initials, covered by a picture if there
// is one.

import { fill, h } from "./dom.js";
import { firstCharacter } from "./format.js";

const HUES = 8;
/** A picture that has failed is not requested again for this time. */
const FAILED_MS = 300000;
/** When each picture has failed, by address. */
const failures = new Map();

const hasFailed = (url) => performance.now() - (failures.get(url) ?? -Infinity) < FAILED_MS;

/** The first letters of the first two words of a name. */
function initials(name) {
    const parts = name
        .trim()
        .split(/[\s._-]+/u)
        .filter(Boolean);
    return parts.slice(0, 2).map(firstCharacter).join("").toUpperCase() || "?";
}

/** A number for a text, for what has no id. */
function hash(text) {
    let sum = 0;
    for (const character of text) {
        sum = (sum * 31 + character.codePointAt(0)) % 9973;
    }
    return sum;
}

function picture(node, url) {
    return h("img", {
        src: url,
        alt: "",
        decoding: "async",
        draggable: "false",
        referrerpolicy: "no-referrer",
        onload: () => node.classList.add("pictured"),
        onerror: (event) => {
            failures.set(url, performance.now());
            event.target.remove();
        },
    });
}

/**
 * Creates a tile, or draws one again. Its colour follows `id`, which may be null, so that it stays
 * when the name changes. `kind` is "", "small" or "tile" (a room).
 */
export function avatar({ id = null, name, url = null, kind = "" }, node = h("span")) {
    const drawn = JSON.stringify([id, name, url, kind]);
    if (node.drawn !== drawn) {
        node.drawn = drawn;
        node.className = `avatar hue${(id ?? hash(name)) % HUES} ${kind}`;
        node.setAttribute("aria-hidden", "true");
        const isPictured = url?.startsWith("https://") && !hasFailed(url);
        fill(node, h("span", initials(name)), isPictured && picture(node, url));
    }
    return node;
}
