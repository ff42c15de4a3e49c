// A dialog of actions, one below the other: what a menu is for fingers.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { moveWithArrows } from "./keyboard.js";

/** `actions`: {icon, text, act, isDangerous} each. Returns the dialog. */
export function openSheet(root, title, actions) {
    const dialog = openDialog(root, title, (close) =>
        actions.map(({ icon: name, text, act, isDangerous = false }) =>
            h(
                "button",
                {
                    type: "button",
                    class: isDangerous ? "warns" : null,
                    onclick: () => {
                        close();
                        act();
                    },
                },
                icon(name),
                text,
            ),
        ),
    );
    const inner = dialog.querySelector(".inner");
    dialog.classList.add("sheet");
    moveWithArrows(inner, { keys: ["ArrowUp", "ArrowDown"], items: "button" });
    inner.firstChild?.focus();
    return dialog;
}
