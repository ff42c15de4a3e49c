// Modal dialogs: the frame of all of them, the question before an action that cannot be undone,
// a list of search results and what is in it, and a step that may fail.

import { t } from "../words.js";
import { button, errorText, form, iconButton, submitButton, textField } from "./controls.js";
import { debounce, fill, h } from "./dom.js";

const SEARCH_DELAY_MS = 200;

/**
 * Opens a dialog in `root`; `body(close)` returns its content. The browser keeps the focus
 * inside, closes the dialog on Escape and restores the focus. Returns the element.
 */
export function openDialog(root, title, body) {
    const heading = `confab-dialog-${Date.now()}`;
    const dialog = h("dialog", {
        "aria-labelledby": heading,
        onclose: () => dialog.remove(),
        // A click on the backdrop has the dialog itself as its target.
        onclick: (event) => event.target === dialog && dialog.close(),
    });
    const close = () => dialog.close();
    dialog.append(
        h("header", h("h2", { id: heading }, title), iconButton("close", t("Close"), close)),
        h("div.inner", body(close)),
    );
    root.append(dialog);
    dialog.showModal();
    dialog.querySelector("input, select, .buttons button")?.focus();
    return dialog;
}

/** Takes a step, and shows in the element `problem` why it failed, if it did. */
export async function tryTo(step, problem) {
    problem.textContent = "";
    try {
        await step();
    } catch (error) {
        problem.textContent = errorText(error);
    }
}

export const cancelButton = (close) => button(t("Cancel"), close);

/**
 * Asks for confirmation. `act()` returns a promise; `then()` is called once it has succeeded and
 * the dialog is closed.
 */
export function confirm(root, { title, text, action, act, then }) {
    openDialog(root, title, (close) => [
        h("p", text),
        form({
            fields: [],
            buttons: [cancelButton(close), submitButton(action, "danger")],
            submit: async () => {
                await act();
                close();
                then?.();
            },
        }),
    ]);
}

/** A user in a list: the display name, and the user name where it is another one. */
export function personName(people, { user_id: id, username }) {
    const differs = people.name(id, username) !== username;
    const under = differs && h("span.under", { dir: "auto" }, username);
    return h("span.who", people.nameNode(id, username), under);
}

/**
 * A search field with results while the user types. `search(text)` returns a promise of
 * {items, more}, `more` telling whether there are others; `row(item, refresh)` returns the node of
 * one; `nothing` is shown when there are none.
 */
export function searchList({ label, search, row, nothing }) {
    const results = h("ul.results", { "aria-label": t("Results"), tabindex: "0" });
    let latest = 0;
    const refresh = async () => {
        latest += 1;
        const own = latest;
        let rows;
        try {
            const { items, more } = await search(field.input.value.trim());
            rows = items.map((item) => row(item, refresh));
            if (more) {
                rows.push(h("li.note", t("There are more. Type more of the name to see them.")));
            }
        } catch (error) {
            const retry = button(t("Try again"), refresh, "link");
            rows = [h("li.note", { role: "alert" }, errorText(error), " ", retry)];
        }
        // A later search may have been answered first.
        if (own === latest) {
            fill(results, rows.length > 0 ? rows : h("li.note", nothing));
        }
    };
    const searchSoon = debounce(SEARCH_DELAY_MS, refresh);
    const field = textField("search", label, {
        type: "search",
        autocomplete: "off",
        oninput: searchSoon,
    });
    // After a click on a row, an answer to what was typed before would take the row away, with what
    // is said there.
    const keepRows = () => {
        latest += 1;
        searchSoon.cancel();
    };
    results.addEventListener("click", keepRows, true);
    refresh();
    return [field.element, results];
}

/** A button in a row of results, with a longer label; a failure is shown beside it. */
export function rowButton(text, label, act) {
    const element = button(text, async () => {
        element.disabled = true;
        try {
            await act();
        } catch (error) {
            element.disabled = false;
            element.after(h("span.wrong", { role: "alert" }, errorText(error)));
        }
    });
    element.setAttribute("aria-label", label);
    return element;
}
