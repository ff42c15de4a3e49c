// The part of the settings about the user's e-mail address.

import { button, form, submitButton, textField } from "../ui/controls.js";
import { tryTo } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

function addressForm(confab, sent, back) {
    const email = textField("email", t("New e-mail address"), {
        type: "email",
        autocomplete: "email",
    });
    const password = textField("password", t("Current password"), {
        type: "password",
        autocomplete: "current-password",
    });
    return form({
        fields: [email, password],
        buttons: [button(t("Back"), back), submitButton(t("Send a mail to confirm it"))],
        submit: async () => {
            await confab.setEmail(email.input.value.trim(), password.input.value);
            sent(email.input.value.trim());
        },
    });
}

function codeForm(confab, confirmed, back) {
    const code = textField("token", t("Code in the mail"), {
        autocomplete: "one-time-code",
        autocapitalize: "none",
        spellcheck: "false",
    });
    return form({
        fields: [code],
        buttons: [button(t("Back"), back), submitButton(t("Confirm"))],
        submit: async () => {
            await confab.confirmEmail(code.input.value.trim());
            await confirmed();
        },
    });
}

/** The nodes of the part; each step replaces what the one before has shown. */
export function emailPart(confab) {
    const content = h("div.part");
    const problem = h("p.wrong", { role: "alert" });

    const attempt = (step) => tryTo(step, problem);

    const showSent = (email) =>
        fill(
            content,
            h("p", { role: "status" }, t("A mail is on its way to {email}.", { email })),
            h("p", t("Open the link in the mail. If it has a code in its place, enter that here.")),
            codeForm(confab, show, show),
        );

    const show = () =>
        attempt(async () => {
            const { email, is_confirmed: isConfirmed } = await confab.email();
            const remove = () =>
                attempt(async () => {
                    await confab.removeEmail();
                    await show();
                });
            const change = email ? t("Change the address") : t("Add an address");
            fill(
                content,
                h("p", t("You can use it to set a new password if you forget yours.")),
                email && h("p", h("bdi", email), !isConfirmed && ` ${t("(not confirmed)")}`),
                h(
                    "div.buttons",
                    email && button(t("Remove the address"), remove),
                    button(change, ask),
                ),
            );
        });

    const ask = () => {
        fill(content, addressForm(confab, showSent, show));
        content.querySelector("input").focus();
    };

    show();
    return [content, problem];
}
