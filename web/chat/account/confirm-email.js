// The target of the link in a mail that confirms an address.

import { card } from "../login.js";
import { button, errorText } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

/** Confirms the address by the token of the mail, `secret`. Calls `done()` at the end. */
export async function show(element, link) {
    const { confab, secret, done } = link;
    const say = (role, text, ...buttons) =>
        fill(
            element,
            card(
                {},
                h("h1", t("Your e-mail address")),
                h("p", { role }, text),
                h("div.buttons", ...buttons),
            ),
        );
    const next = button(t("Continue"), () => done(), "main");
    say("status", t("Loading…"));
    try {
        await confab.confirmEmail(secret);
        say("status", t("Your e-mail address is confirmed."), next);
    } catch (error) {
        const again = button(t("Try again"), () => show(element, link));
        say("alert", errorText(error), error.temporary && again, next);
    }
    next.focus();
}
