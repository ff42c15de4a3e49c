// The screen that logs a user in or creates an account.

import { button, errorText, form, submitButton, textField } from "./ui/controls.js";
import { fill, h, mainTag } from "./ui/dom.js";
import { fullTime } from "./ui/format.js";
import { icon } from "./ui/icons.js";
import { t } from "./words.js";

/** A card in the middle of the screen, under the name of the application. */
export function card(properties, ...children) {
    return h("div.card", properties, h("div.brand", icon("chat"), "confab"), ...children);
}

/** Where users log in at the site, as an error of the server says: a URL, or null. */
export function siteLogin(confab, error) {
    const { login_url: address } = error?.body ?? {};
    if (typeof address !== "string" || address === "") {
        return null;
    }
    const url = new URL(address, confab.url);
    return /^https?:$/u.test(url.protocol) ? url : null;
}

/** Sends the user to the login of the site, a URL or null. */
export function siteCard(url, reason) {
    const text = reason ?? t("Log in at the site to which this chat belongs.");
    const link = url && { href: url.href, target: "_top" };
    return card(
        {},
        h("h1", t("Log in")),
        h("p", { role: "status" }, text),
        url && h("a.button", link, t("Log in at {site}", { site: url.host })),
    );
}

/** Why a user cannot log in. */
export function whyNotLoggedIn(error) {
    if (error.code !== "banned") {
        return errorText(error);
    }
    const { until } = error.body ?? {};
    return until
        ? t("You are banned from this site until {time}.", { time: fullTime(until) })
        : t("You are banned from this site.");
}

/**
 * `name` is the user name to begin with, "" for none. `reason` says why the user has to log in,
 * null if there is nothing to say. `done()` is called after the login and returns a promise; if
 * that is rejected, the form shows the error. `back()`, or null, leads back to an open room;
 * `below` is shown below the card.
 */
export class LoginScreen {
    constructor(root, confab, { reason, name, done, below, back = null }) {
        Object.assign(this, { confab, reason, name, done, below, back });
        // Until the features of the server are known.
        Object.assign(this, { hasRegistration: true, hasMail: false });
        this.element = h(`${mainTag(root)}.welcome`);
        this.#show(false);
        this.#useFeatures();
    }

    /** Offers no account, no mail, and no password where the server has none. */
    async #useFeatures() {
        let features;
        try {
            features = await this.confab.features();
        } catch {
            return; // it says so when it is asked for it
        }
        if (!features.includes("password_login")) {
            await this.#showSite();
            return;
        }
        this.hasRegistration = features.includes("registration");
        this.hasMail = features.includes("mail");
        this.#drawOffers();
    }

    /** Users log in at the site; the refusal of a registration has its address. */
    async #showSite() {
        try {
            await this.confab.request("POST", "/api/auth/register/", {});
        } catch (error) {
            if (error.code === "password_login_off") {
                const url = siteLogin(this.confab, error);
                fill(this.element, siteCard(url, this.reason), this.below);
            }
        }
    }

    focus() {
        (this.username.input.value ? this.password : this.username).input.focus();
    }

    /** Shows the form for a new account, or the login; a name already typed is kept. */
    #show(isNew) {
        this.isNew = isNew;
        this.username = textField(
            "username",
            t("Username"),
            {
                autocomplete: "username",
                value: this.username?.input.value ?? this.name,
                autocapitalize: "none",
                spellcheck: "false",
                required: true,
            },
            isNew ? t("3 to 32 letters, digits and _ . -") : null,
        );
        const autocomplete = isNew ? "new-password" : "current-password";
        this.password = textField(
            "password",
            t("Password"),
            { type: "password", autocomplete, required: true },
            isNew ? t("At least 8 characters") : null,
        );
        const code = textField("code", t("Code of your authenticator app"), {
            autocomplete: "one-time-code",
            autocapitalize: "none",
        });
        code.element.hidden = true;
        const submit = async () => {
            const values = [this.username.input.value, this.password.input.value];
            try {
                await (isNew
                    ? this.confab.register(...values)
                    : this.confab.login(...values, code.input.value || undefined));
            } catch (error) {
                if (error.code === "code_required") {
                    code.element.hidden = false;
                    code.input.focus();
                }
                throw error;
            }
            await this.done();
        };
        const toggle = () => {
            this.reason = null;
            this.#show(!isNew);
            this.focus();
        };
        this.forgot = h(
            "p.other",
            button(t("Forgot your password?"), () => this.#forgotten(), "link"),
        );
        this.other = h(
            "p.other",
            isNew ? t("Already have an account?") : t("New here?"),
            button(isNew ? t("Log in") : t("Create an account"), toggle, "link"),
        );
        fill(
            this.element,
            card(
                {},
                h("h1", isNew ? t("Create an account") : t("Log in")),
                this.reason && h("p", { role: "status" }, this.reason),
                form({
                    fields: [this.username, this.password, code],
                    submit,
                    say: whyNotLoggedIn,
                    buttons: [submitButton(isNew ? t("Create account") : t("Log in"))],
                }),
                this.forgot,
                this.other,
                this.back && h("p.other", button(t("Read without an account"), this.back, "link")),
            ),
            this.below,
        );
        this.#drawOffers();
    }

    #drawOffers() {
        this.forgot.hidden = this.isNew || !this.hasMail;
        if (!this.hasRegistration) {
            this.other.remove();
        }
    }

    async #forgotten() {
        const done = () => {
            this.reason = null;
            this.#show(false);
            this.focus();
        };
        try {
            const { showForgotten } = await import("./account/new-password.js");
            showForgotten(this.element, { confab: this.confab, done });
        } catch {
            fill(this.forgot, t("A part of this page could not be loaded."));
        }
    }
}
