// A new password for one that is forgotten: asking for a mail, and the form to which the link
// in the mail leads.

import { card } from "../login.js";
import { button, form, submitButton, textField } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

const other = (text, act) => h("p.other", button(text, act, "link"));

/** The form for the new password. Without a token, the user enters the code of the mail. */
function passwordForm(confab, token, changed) {
    const code = textField("token", t("Code in the mail"), {
        autocomplete: "one-time-code",
        autocapitalize: "none",
        spellcheck: "false",
        required: true,
    });
    const password = textField(
        "new_password",
        t("New password"),
        { type: "password", autocomplete: "new-password", required: true },
        t("At least 8 characters"),
    );
    return form({
        fields: token ? [password] : [code, password],
        buttons: [submitButton(t("Change password"))],
        submit: async () => {
            await confab.resetPassword(token ?? code.input.value.trim(), password.input.value);
            changed();
        },
    });
}

function showChanged(element, done) {
    const next = button(t("Continue"), () => done(), "main");
    fill(
        element,
        card(
            {},
            h("h1", t("New password")),
            h("p", { role: "status" }, t("Your password has been changed.")),
            h("div.buttons", next),
        ),
    );
    next.focus();
}

function showSent(element, confab, done) {
    fill(
        element,
        card(
            {},
            h("h1", t("New password")),
            h(
                "p",
                { role: "status" },
                t("If this is the confirmed address of an account, a mail is on its way to it."),
            ),
            h("p", t("Open the link in the mail. If it has a code in its place, enter that here.")),
            passwordForm(confab, null, () => showChanged(element, done)),
            other(t("Back to the login"), () => done()),
        ),
    );
}

/** Asks for the address to which a mail is sent. Calls `done()` to go back to the login. */
export function showForgotten(element, { confab, done }) {
    const email = textField("email", t("Your e-mail address"), {
        type: "email",
        autocomplete: "email",
        required: true,
    });
    fill(
        element,
        card(
            {},
            h("h1", t("Forgot your password?")),
            h("p", t("You get a mail with which you can set a new one.")),
            form({
                fields: [email],
                buttons: [submitButton(t("Send the mail"))],
                submit: async () => {
                    await confab.requestPasswordReset(email.input.value.trim());
                    showSent(element, confab, done);
                },
            }),
            other(t("Back to the login"), () => done()),
        ),
    );
    email.input.focus();
}

/** The target of the link in a mail; `secret` is its token. Calls `done()` at the end. */
export function show(element, { confab, secret, done }) {
    fill(
        element,
        card(
            {},
            h("h1", t("New password")),
            passwordForm(confab, secret, () => showChanged(element, done)),
            other(t("Request another mail"), () => showForgotten(element, { confab, done })),
        ),
    );
    element.querySelector("input").focus();
}
