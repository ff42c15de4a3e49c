// The dialog that makes a user of a guest, with the same messages and rooms: a name, a password,
// and an address where the server sends mails.

import { button, errorText, form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

/** Only letters, digits and _ . - of the name by which the guest is known; it may be too short. */
const proposal = ({ display_name: name }) =>
    (name ?? "")
        .normalize("NFD")
        .replace(/\s+/gu, "_")
        .replace(/[^\w.-]/gu, "")
        .slice(0, 32);

/** Adds the address; resolves to a text about the result. */
async function addAddress(confab, email, password) {
    try {
        await confab.setEmail(email, password);
        return t("A mail is on its way to {email}.", { email });
    } catch (error) {
        const reason = errorText(error);
        return t("The address was not added: {reason} You can do it in the settings.", { reason });
    }
}

/** The form; `done(name, text)` is called at the end, with a text about the address or null. */
function keepForm(confab, hasMail, buttons, done) {
    const username = textField(
        "username",
        t("Username"),
        {
            autocomplete: "username",
            value: proposal(confab.user),
            autocapitalize: "none",
            spellcheck: "false",
            required: true,
        },
        t("3 to 32 letters, digits and _ . -"),
    );
    const password = textField(
        "password",
        t("Password"),
        { type: "password", autocomplete: "new-password", required: true },
        t("At least 8 characters"),
    );
    const email = textField(
        "email",
        t("Your e-mail address"),
        { type: "email", autocomplete: "email" },
        t("May be empty. You can use it to set a new password if you forget yours."),
    );
    return form({
        fields: hasMail ? [username, password, email] : [username, password],
        buttons: [...buttons, submitButton(t("Keep this account"))],
        submit: async () => {
            const [name, secret] = [username.input.value, password.input.value];
            const address = email.input.value.trim();
            await confab.register(name, secret);
            done(name, address ? await addAddress(confab, address, secret) : null);
        },
    });
}

/** Opens the dialog. Calls `kept()` once the guest has become a user and the dialog is closed. */
export async function openKeepAccount(root, confab, kept) {
    // Without an answer it is not offered; the settings have it.
    const features = await confab.features().catch(() => []);
    const dialog = openDialog(root, t("Keep this account"), (close) => [
        h(
            "p",
            t("You are a guest. With a name and a password, your messages and rooms stay yours."),
        ),
        keepForm(confab, features.includes("mail"), [cancelButton(close)], (name, text) => {
            dialog.addEventListener("close", kept);
            const next = button(t("Continue"), close, "main");
            fill(
                dialog.querySelector(".inner"),
                h(
                    "p",
                    { role: "status" },
                    t("The account is yours. You log in as {name}.", { name }),
                ),
                text && h("p", text),
                h("div.buttons", next),
            );
            next.focus();
        }),
    ]);
    dialog.classList.add("narrow");
}
