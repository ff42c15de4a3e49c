// Styles of what is loaded when it is used.

import { h } from "./dom.js";

// (In one expression bundlers take `new URL` and `import.meta.url` for the name of a file.)
const MODULE = import.meta.url;

/** The addresses of the style sheets that have been added to elements. */
const addresses = new WeakMap();
/** The address of the chat that an element shows, by its shadow root. */
const bases = new WeakMap();

/** Sets the address from which addStyles() requests what an element needs later. */
export function setStylesBase(shadowRoot, base) {
    bases.set(shadowRoot, base);
}

/** Whether addStyles() has added the sheet. */
export const isAdded = (sheet) => addresses.has(sheet);

/** A style sheet of this text. A rem is that of the user's own font size, not of the page's. */
export function sheetOf(text, rem) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
        text.replace(/(\d*\.?\d+)rem\b/g, (_, count) => `${Number((count * rem).toFixed(3))}px`),
    );
    return sheet;
}

/** The user's own font size, within the shadow root of the element. */
export function remOf(frame) {
    return Number.parseFloat(getComputedStyle(frame).fontSize) || 16;
}

/**
 * The text of a style sheet for the element. (A <link> fails where the page's policy forbids
 * style-src or requires a Cross-Origin-Resource-Policy.)
 */
export async function requestStyles(url) {
    const response = await fetch(url, { credentials: "omit" });
    if (!response.ok) {
        throw new Error(`${url}: ${response.status}`);
    }
    return response.text();
}

async function addToElement(place, url) {
    const isThere = () =>
        place.adoptedStyleSheets.some((sheet) => addresses.get(sheet) === url.href);
    if (isThere()) {
        return;
    }
    const text = await requestStyles(url);
    if (!isThere()) {
        const sheet = sheetOf(text, remOf(place.querySelector(".frame")));
        addresses.set(sheet, url.href);
        place.adoptedStyleSheets = [...place.adoptedStyleSheets, sheet];
    }
}

/**
 * Adds a stylesheet beside the chat, once, and waits for it; one that fails is left out. `path` is
 * relative to the folder chat/. The element requests it from the chat, as bundlers move modules but
 * not the styles; the element in one file has all styles already.
 */
export function addStyles(root, path) {
    if (globalThis.confabStyles) {
        return Promise.resolve();
    }
    const place = root.getRootNode();
    if (place instanceof ShadowRoot) {
        return addToElement(place, new URL(`chat/${path}`, bases.get(place))).catch(() => {});
    }
    const url = new URL(`../${path}`, MODULE);
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
