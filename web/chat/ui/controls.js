// Buttons, labelled fields and forms, and the text of an error.

import { errorWords, isEnglish, t, tn } from "../words.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

let fieldCount = 0;

/** Limits are for seconds, hours or days. */
function laterText(seconds) {
    if (seconds < 120) {
        return tn(
            seconds,
            "Too many requests in a short time. Try again in {count} second.",
            "Too many requests in a short time. Try again in {count} seconds.",
        );
    }
    return seconds < 7200
        ? tn(
              Math.ceil(seconds / 60),
              "This was done too often. Try again in {count} minute.",
              "This was done too often. Try again in {count} minutes.",
          )
        : tn(
              Math.ceil(seconds / 3600),
              "This was done too often. Try again in {count} hour.",
              "This was done too often. Try again in {count} hours.",
          );
}

/** Describes an error to the user. */
export function errorText(error) {
    if (error.name !== "ConfabError") {
        return t("Something went wrong in this page: {text}", { text: error.message });
    }
    if (error.status === 429 && error.retryAfter) {
        return laterText(error.retryAfter);
    }
    const fields = Object.keys(error.fields);
    if (fields.length > 0) {
        return fields.map((name) => fieldErrorText(error, name)).join(" ");
    }
    const code = error.status === 429 ? "throttled" : error.code;
    return errorWords(code, { status: error.status }) ?? error.detail;
}

/** What is wrong with one field: in English what the server says, else the words for its codes. */
function fieldErrorText({ fields, codes }, name) {
    const say = (text, at) => (isEnglish() ? text : (errorWords(codes[name]?.[at]) ?? text));
    return fields[name].map(say).join(" ");
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
        dir: "auto",
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
 * A form of fields, other nodes and buttons, in this order; the element of a field that is among
 * the other nodes has its place there. `submit()` returns a promise. If it is rejected, the error
 * is shown at the fields that it names, or else above the buttons, in the words of `say(error)`.
 */
export function form({ fields, others = [], buttons, submit, say = errorText }) {
    const general = h("p.wrong", { role: "alert" });
    const submitter = buttons.find((one) => one.type === "submit");

    const showError = (error) => {
        const invalid = fields.filter((field) => error.fields?.[field.name]);
        invalid.forEach((field) => setFieldError(field, fieldErrorText(error, field.name)));
        if (invalid.length > 0) {
            invalid[0].input.focus();
        } else {
            general.textContent = say(error);
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
