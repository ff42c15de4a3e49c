// The actions on a message below the conversation, for fingers.

import { openSheet } from "../ui/sheet.js";
import { t } from "../words.js";

/** `actions` as for openSheet(); copying is added to them. */
export function openMessageSheet(root, message, actions) {
    const copy = {
        icon: "file",
        text: t("Copy the text"),
        act: () => navigator.clipboard?.writeText(message.content).catch(() => {}),
    };
    const all = [...actions];
    // The action that cannot be undone comes last.
    all.splice(all.at(-1)?.isDangerous ? -1 : all.length, 0, copy);
    const dialog = openSheet(root, t("Message"), all);
    // The finger that opened it may be lifted over an action, which does not choose it.
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
