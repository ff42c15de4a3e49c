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

/**
 * Returns a function that runs `work` once before the next frame, however often it is called.
 * Hidden pages get no frames; a timer serves them.
 */
export function oncePerFrame(work) {
    let scheduled = false;
    const run = () => {
        scheduled = false;
        work();
    };
    return () => {
        if (scheduled) {
            return;
        }
        scheduled = true;
        if (document.hidden) {
            setTimeout(run, 100);
        } else {
            requestAnimationFrame(run);
        }
    };
}

/** Returns a function that calls `work` once no call has come for `delay` ms. */
export function debounce(delay, work) {
    let timer = 0;
    return (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => work(...args), delay);
    };
}
