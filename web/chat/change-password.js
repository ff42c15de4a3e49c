// The dialog in which a user changes the password.

import { form, submitButton, textField } from "./ui/controls.js";
import { cancelButton, openDialog } from "./ui/dialog.js";

/** `save(oldPassword, newPassword)` returns a promise. */
export function changePassword(root, save) {
    openDialog(root, "Change password", (close) => {
        const old = textField("old_password", "Current password", {
            type: "password",
            autocomplete: "current-password",
        });
        const fresh = textField(
            "new_password",
            "New password",
            { type: "password", autocomplete: "new-password" },
            "At least 8 characters. Your other sessions will be logged out.",
        );
        return form({
            fields: [old, fresh],
            buttons: [cancelButton(close), submitButton("Change password")],
            submit: async () => {
                await save(old.input.value, fresh.input.value);
                close();
            },
        });
    });
}
