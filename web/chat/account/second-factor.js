// The part of the settings in which a user turns two-factor login on and off.

import { button, form, submitButton, textField } from "../ui/controls.js";
import { tryTo } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

function codeForm(submit, ...buttons) {
    const code = textField("code", t("Code of your authenticator app"), {
        autocomplete: "one-time-code",
        autocapitalize: "none",
    });
    return form({
        fields: [code],
        buttons,
        submit: () => submit(code.input.value),
    });
}

/** The nodes of the part; each step replaces what the one before has shown. */
export function secondFactor(confab) {
    const content = h("div.part");
    const problem = h("p.wrong", { role: "alert" });

    const attempt = (step) => tryTo(step, problem);

    const showCodes = (codes) => {
        fill(
            content,
            h("p", t("It is on. Keep these codes: each logs you in once without the app.")),
            h(
                "ul.codes",
                { "aria-label": t("Recovery codes") },
                ...codes.map((code) => h("li", h("code", code))),
            ),
            h("div.buttons", button(t("Done"), show)),
        );
    };

    const begin = () =>
        attempt(async () => {
            const { secret, uri } = await confab.beginSecondFactor();
            fill(
                content,
                h(
                    "p",
                    t("Add this key to your authenticator app, then enter the code that it shows."),
                ),
                h("p", h("code.secret", secret)),
                h("p", h("a", { href: uri }, t("Open the app on this device"))),
                codeForm(
                    async (code) => showCodes(await confab.confirmSecondFactor(code)),
                    button(t("Back"), show),
                    submitButton(t("Turn on")),
                ),
            );
        });

    const show = () =>
        attempt(async () => {
            const { is_on: isOn, recovery_codes_left: left } = await confab.secondFactor();
            fill(
                content,
                isOn
                    ? [
                          h("p", t("On. Recovery codes left: {count}", { count: left })),
                          codeForm(
                              async (code) => {
                                  await confab.endSecondFactor(code);
                                  await show();
                              },
                              submitButton(t("Turn off")),
                          ),
                      ]
                    : [
                          h("p", t("Logins then need a code of an app on your phone, too.")),
                          h("div.buttons", button(t("Turn on two-factor login"), begin)),
                      ],
            );
        });

    show();
    return [content, problem];
}
