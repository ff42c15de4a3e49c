// Forms: labelled fields, what is wrong with each beside it, one submit at a time; and how
// errors are said, in forms and elsewhere.

import { h } from "./dom.js";

let made = 0;

/** What went wrong, in words for the user. */
export function inWords(error) {
    if (error.name !== "ConfabError") {
        return `Something went wrong in this page: ${error.message}`;
    }
    const fields = Object.values(error.fields).flat();
    return fields.length > 0 ? fields.join(" ") : error.detail;
}

/** A labelled input. `field.input` is the input, `field.element` all of it. */
export function textField(name, label, attributes = {}, hint = null) {
    const id = `confab-${name}-${(made += 1)}`;
    const wrong = h("span", { class: "wrong", id: `${id}-wrong` });
    const input = h("input", {
        id,
        name,
        type: "text",
        "aria-describedby": hint ? `${id}-wrong ${id}-hint` : `${id}-wrong`,
        ...attributes,
    });
    const element = h(
        "div",
        { class: "field" },
        h("label", { for: id }, label),
        input,
        hint && h("span", { class: "hint", id: `${id}-hint` }, hint),
        wrong,
    );
    return { name, input, element, wrong };
}

function sayWrong(field, words) {
    field.wrong.textContent = words;
    if (words) {
        field.input.setAttribute("aria-invalid", "true");
    } else {
        field.input.removeAttribute("aria-invalid");
    }
}

/** Says an error at the fields to blame, what is left over in `rest`. */
function sayError(error, fields, rest) {
    const blamed = fields.filter((field) => error.fields?.[field.name]);
    blamed.forEach((field) => sayWrong(field, error.fields[field.name].join(" ")));
    if (blamed.length > 0) {
        blamed[0].input.focus();
    } else {
        rest.textContent = inWords(error);
    }
}

/**
 * A form around fields, other nodes and buttons, in the order given. `submit()` returns a promise;
 * when it fails, its error is said at the fields it names, else above the buttons.
 */
export function form({ fields, others = [], buttons, submit }) {
    const rest = h("p", { class: "wrong", role: "alert" });
    const button = buttons.find((one) => one.type === "submit");
    return h(
        "form",
        {
            novalidate: true,
            onsubmit: async (event) => {
                event.preventDefault();
                if (button.disabled) {
                    return;
                }
                rest.textContent = "";
                fields.forEach((field) => sayWrong(field, ""));
                button.disabled = true;
                try {
                    await submit();
                } catch (error) {
                    sayError(error, fields, rest);
                } finally {
                    button.disabled = false;
                }
            },
        },
        ...fields.map((field) => field.element),
        ...others,
        rest,
        h("div", { class: "buttons" }, ...buttons),
    );
}

/** The button for what is most likely wanted. */
export const mainButton = (words, act) =>
    h("button", { class: "main", type: "button", onclick: act }, words);
