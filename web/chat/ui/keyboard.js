// Groups of controls in which arrow keys, Home and End move, and Escape in search fields.

import { isComposing } from "./dom.js";

/**
 * To be called for each key before all others are: Escape in a search field takes the text out,
 * and ends what is around the field only if there is none. (Some browsers do this by themselves.)
 */
export function clearOnEscape(event) {
    const field = event.target;
    const isSearch = field.type === "search" && field.value !== "";
    if (event.key === "Escape" && isSearch && !isComposing(event)) {
        event.preventDefault();
        event.stopPropagation();
        field.value = "";
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }
}

/** Makes `stop` the one item of a group that Tab reaches. `items` is a selector. */
export function setTabStop(group, stop, items) {
    for (const item of group.querySelectorAll(items)) {
        item.tabIndex = item === stop ? 0 : -1;
    }
}

/** Handles the keys of a group. `keys` are the two arrows, backwards and forwards; `items` is a
 * selector. */
export function moveWithArrows(group, { keys: [back, forward], items }) {
    const move = (event, to) => {
        if (to) {
            event.preventDefault();
            to.focus();
        }
    };
    group.addEventListener("keydown", (event) => {
        const all = [...group.querySelectorAll(items)];
        const at = all.indexOf(event.target);
        if (at === -1 || event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        // In a script from right to left the next one is on the left.
        const isFlipped =
            back === "ArrowLeft" && getComputedStyle(group).direction === "rtl" ? -1 : 1;
        const step = { [back]: -1, [forward]: 1 }[event.key];
        if (step) {
            move(event, all[at + step * isFlipped]);
        } else if (event.key === "Home") {
            move(event, all[0]);
        } else if (event.key === "End") {
            move(event, all[all.length - 1]);
        }
    });
}
