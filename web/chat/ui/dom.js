// Creating and filling elements, and deferring work. User data becomes text nodes and attribute
// values only, never markup.

const isPresent = (child) => child !== null && child !== undefined && child !== false;

/**
 * Creates an element: `h("button.link", { onclick: close, "aria-label": "Close" }, "text", child)`.
 * The tag may carry classes; the properties may be left out. A property named on... adds a
 * listener, true sets an empty attribute, null, undefined and false set none. Children that are
 * null, undefined or false are skipped; strings become text.
 */
export function h(selector, ...rest) {
    const [tag, ...classes] = selector.split(".");
    const element = document.createElement(tag);
    if (classes.length > 0) {
        element.className = classes.join(" ");
    }
    const hasProperties = rest[0]?.constructor === Object;
    for (const [name, value] of Object.entries(hasProperties ? rest.shift() : {})) {
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (isPresent(value)) {
            element.setAttribute(name, value === true ? "" : value);
        }
    }
    return fill(element, ...rest);
}

/** Replaces the children of an element. */
export function fill(element, ...children) {
    element.replaceChildren(...children.flat().filter(isPresent));
    return element;
}

/** The tag of the main part of the chat. In a page of others <main> would be a second one. */
export const mainTag = (root) => (root.getRootNode() === document ? "main" : "section");

/** A hidden page gets no frames, and one that is hidden loses the frame it has requested. */
const FRAME_TIMEOUT_MS = 200;

/**
 * Returns a function that runs `work` once before the next frame, however often it is called, or
 * after a short time if there is no frame. Its cancel() drops a run that is due.
 */
export function oncePerFrame(work) {
    let timer = null;
    const run = () => {
        if (timer !== null) {
            clearTimeout(timer);
            timer = null;
            work();
        }
    };
    const request = () => {
        if (timer === null) {
            timer = setTimeout(run, FRAME_TIMEOUT_MS);
            requestAnimationFrame(run);
        }
    };
    request.cancel = () => {
        clearTimeout(timer);
        timer = null;
    };
    return request;
}

/**
 * Returns a function that calls `work` once no call has come for `delay` ms. Its cancel() drops a
 * call that is due.
 */
export function debounce(delay, work) {
    let timer = 0;
    const request = (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => work(...args), delay);
    };
    request.cancel = () => clearTimeout(timer);
    return request;
}

/**
 * Whether a key belongs to an input method, such as Enter that confirms a conversion. Safari
 * reports it after the end of the composition, with the key code 229 alone.
 */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** The browser's storage, null if it is forbidden. */
export function storageOf(name) {
    try {
        return window[name];
    } catch {
        return null;
    }
}

/** Whether the user is looking at this page. */
export const isAttended = () => document.visibilityState === "visible" && document.hasFocus();
