// Buttons, labelled fields and forms, and the text of an error.

import { h } from "./dom.js";
import { counted } from "./format.js";
import { icon } from "./icons.js";

let fieldCount = 0;

/** Describes an error to the user. */
export function errorText(error) {
    if (error.name !== "ConfabError") {
        return `Something went wrong in this page: ${error.message}`;
    }
    if (error.status === 429) {
        const when = error.retryAfter ? ` in ${counted(error.retryAfter, "second")}` : " later";
        return `Too many requests in a short time. Try again${when}.`;
    }
    const fields = Object.values(error.fields).flat();
    return fields.length > 0 ? fields.join(" ") : error.detail;
}

/** A button with a text. `kind` is a class such as "main", "danger" or "link". */
export function button(text, onclick, kind = "") {
    return h(kind ? `button.${kind}` : "button", { type: "button", onclick }, text);
}

/** A button with an icon alone; the label is its tooltip and its name for a screen reader. */
export function iconButton(name, label, onclick, more = {}) {
    const properties = { type: "button", title: label, "aria-label": label, onclick, ...more };
    return h("button.bare", properties, icon(name));
}

/** The button that submits a form. */
export const submitButton = (text, kind = "main") => h(`button.${kind}`, { type: "submit" }, text);

/** A labelled input: `field.input` is the input, `field.element` includes label and hint. */
export function textField(name, label, attributes = {}, hint = null) {
    fieldCount += 1;
    const id = `confab-${name}-${fieldCount}`;
    const wrong = h("span.wrong", { id: `${id}-wrong` });
    const input = h("input", {
        id,
        name,
        type: "text",
        "aria-describedby": hint ? `${id}-wrong ${id}-hint` : `${id}-wrong`,
        ...attributes,
    });
    const element = h(
        "div.field",
        h("label", { for: id }, label),
        input,
        hint && h("span.hint", { id: `${id}-hint` }, hint),
        wrong,
    );
    return { name, input, element, wrong };
}

/** Shows what is wrong with a field, or with "" that nothing is. */
function setFieldError(field, text) {
    field.wrong.textContent = text;
    if (text) {
        field.input.setAttribute("aria-invalid", "true");
    } else {
        field.input.removeAttribute("aria-invalid");
    }
}

/**
 * A form of fields, other nodes and buttons, in this order. `submit()` returns a promise. If it
 * is rejected, the error is shown at the fields that it names, or else above the buttons.
 */
export function form({ fields, others = [], buttons, submit }) {
    const general = h("p.wrong", { role: "alert" });
    const submitter = buttons.find((one) => one.type === "submit");

    const showError = (error) => {
        const invalid = fields.filter((field) => error.fields?.[field.name]);
        invalid.forEach((field) => setFieldError(field, error.fields[field.name].join(" ")));
        if (invalid.length > 0) {
            invalid[0].input.focus();
        } else {
            general.textContent = errorText(error);
        }
    };
    const onsubmit = async (event) => {
        event.preventDefault();
        // One submission at a time.
        if (submitter.disabled) {
            return;
        }
        general.textContent = "";
        fields.forEach((field) => setFieldError(field, ""));
        submitter.disabled = true;
        try {
            await submit();
        } catch (error) {
            showError(error);
        } finally {
            submitter.disabled = false;
        }
    };
    return h(
        "form",
        { novalidate: true, onsubmit },
        ...fields.map((field) => field.element),
        ...others,
        general,
        h("div.buttons", ...buttons),
    );
}
