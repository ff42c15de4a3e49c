// Making elements. Data only ever becomes text nodes and attribute values, so nothing that a
// user wrote can become markup.

/**
 * A new element: `h("button", {class: "quiet", onclick: f, "aria-label": "Close"}, "text", child)`.
 * Properties that begin with "on" are listeners; true is an empty attribute; null, undefined and
 * false are none. Children that are null or false are left out, strings become text.
 */
export function h(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties ?? {})) {
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (value !== null && value !== undefined && value !== false) {
            element.setAttribute(name, value === true ? "" : value);
        }
    }
    element.append(
        ...children
            .flat()
            .filter((child) => child !== null && child !== undefined && child !== false),
    );
    return element;
}

/** Puts children into an element in place of what it has. */
export function fill(element, ...children) {
    element.replaceChildren(
        ...children
            .flat()
            .filter((child) => child !== null && child !== undefined && child !== false),
    );
    return element;
}

/** Runs `work` once before the next picture, however often it is asked for. A page that nobody
 * sees gets no pictures; it is served by a timer. */
export function oncePerFrame(work) {
    let waiting = false;
    const run = () => {
        waiting = false;
        work();
    };
    return () => {
        if (waiting) {
            return;
        }
        waiting = true;
        if (document.hidden) {
            setTimeout(run, 100);
        } else {
            requestAnimationFrame(run);
        }
    };
}

/** Calls `work` `delay` ms after the last time it was asked for. */
export function settled(delay, work) {
    let timer = 0;
    return (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => work(...args), delay);
    };
}
