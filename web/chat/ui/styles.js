// Styles of what is loaded when it is used.

import { h } from "./dom.js";

/**
 * Adds a stylesheet beside the chat, once, and waits for it; one that fails is left out. `path` is
 * relative to the module at `base`. The element in one file has all styles already.
 */
export function addStyles(root, base, path) {
    if (globalThis.confabStyles) {
        return Promise.resolve();
    }
    const url = new URL(path, base);
    const place = root.getRootNode();
    const parent = place.head ?? place;
    const there = [...parent.querySelectorAll("link")].find((link) => link.href === url.href);
    if (there) {
        return Promise.resolve();
    }
    const link = h("link", { rel: "stylesheet", href: url.href });
    return new Promise((done) => {
        link.addEventListener("load", done);
        link.addEventListener("error", done);
        parent.append(link);
    });
}
