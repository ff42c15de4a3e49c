// A button that opens a menu of actions.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { moveWithArrows, setTabStop } from "./keyboard.js";

/** Whether a menu below its button would be cut off, and one above it would not. */
function hasMoreSpaceAbove(list, button) {
    const frame = list.closest(".details .body, .confab").getBoundingClientRect();
    const { bottom, height } = list.getBoundingClientRect();
    return bottom > frame.bottom && button.getBoundingClientRect().top - frame.top > height;
}

/**
 * `button` is what opens the menu; `items()` returns, whenever it is opened, what it offers:
 * {icon, text, act, isDangerous, count}, or a promise of it. Returns the element of both.
 */
export function menu(button, label, items) {
    const list = h("div.menu", { role: "menu", "aria-label": label, hidden: true });
    const element = h("div.with-menu", button, list);
    let listening = null;
    const close = (toButton) => {
        listening?.abort();
        listening = null;
        list.hidden = true;
        button.setAttribute("aria-expanded", "false");
        if (toButton) {
            button.focus();
        }
    };
    const choose = (act) => {
        close(true);
        act();
    };
    const item = ({ icon: name, text, act, isDangerous = false, count = 0 }) =>
        h(
            "button",
            {
                type: "button",
                role: "menuitem",
                class: isDangerous ? "warns" : null,
                tabindex: "-1",
                onclick: () => choose(act),
            },
            icon(name),
            h("span", text),
            count > 0 && h("span.count", count),
        );
    const show = (offered) => {
        fill(list, offered.filter(Boolean).map(item));
        list.hidden = false;
        list.classList.remove("above");
        list.classList.toggle("above", hasMoreSpaceAbove(list, button));
        button.setAttribute("aria-expanded", "true");
        setTabStop(list, list.firstChild, "button");
        list.firstChild.focus();
        listening = new AbortController();
        const { signal } = listening;
        // In a shadow root the target of an event is the element of that root.
        const outside = (event) => !event.composedPath().includes(element) && close(false);
        document.addEventListener("pointerdown", outside, { signal });
        window.addEventListener("blur", () => close(false), { signal });
        // The button may be elsewhere then, or not be shown. (An on-screen keyboard that goes away
        // changes the height alone.)
        const { innerWidth: width } = window;
        const resized = () => window.innerWidth !== width && close(false);
        window.addEventListener("resize", resized, { signal });
    };
    const open = () => {
        const offered = items();
        if (offered instanceof Promise) {
            offered.then(show, () => {});
        } else {
            show(offered);
        }
    };
    Object.entries({ "aria-haspopup": "menu", "aria-expanded": "false" }).forEach((pair) =>
        button.setAttribute(...pair),
    );
    button.addEventListener("click", () => (list.hidden ? open() : close(true)));
    button.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            open();
        }
    });
    moveWithArrows(list, { keys: ["ArrowUp", "ArrowDown"], items: "button" });
    list.addEventListener("keydown", (event) => {
        if (event.key === "Escape" || event.key === "Tab") {
            // Not the panel or the dialog around it.
            event.stopPropagation();
            event.preventDefault();
            close(true);
        }
    });
    // A row that is drawn again takes its menu along.
    element.addEventListener("focusout", ({ relatedTarget }) => {
        if (!list.hidden && relatedTarget && !element.contains(relatedTarget)) {
            close(false);
        }
    });
    return element;
}
