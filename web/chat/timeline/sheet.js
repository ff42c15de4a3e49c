// The actions on a message below the conversation, for fingers.

import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { t } from "../words.js";

/** `actions`: {icon, text, act, isDangerous} each; copying is added to them. */
export function openSheet(root, message, actions) {
    const copy = {
        icon: "file",
        text: t("Copy the text"),
        act: () => navigator.clipboard?.writeText(message.content).catch(() => {}),
    };
    const all = [...actions];
    // The action that cannot be undone comes last.
    all.splice(all.at(-1)?.isDangerous ? -1 : all.length, 0, copy);
    const dialog = openDialog(root, t("Message"), (close) =>
        all.map(({ icon: name, text, act, isDangerous }) =>
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
    dialog.classList.add("sheet");
    // The finger that opened it may be lifted over an action, which is no choice of that.
    let isReady = false;
    dialog.addEventListener("pointerdown", () => {
        isReady = true;
    });
    const ignoreLift = (event) => {
        if (!isReady && event.detail > 0) {
            event.stopImmediatePropagation();
        }
    };
    dialog.addEventListener("click", ignoreLift, { capture: true });
}
