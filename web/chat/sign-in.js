// The way in: logging in, or registering.

import { fill, h } from "./dom.js";
import { form, textField } from "./form.js";
import { icon } from "./icons.js";

const LOGIN = {
    title: "Log in", action: "Log in", password: "current-password",
    question: "New here?", other: "Create an account",
};
const REGISTER = {
    title: "Create an account", action: "Create account", password: "new-password",
    question: "You have an account?", other: "Log in",
};

/** The screen for who is not logged in. `words` says why it is there, if there is a reason. */
export class SignIn {
    constructor(confab, words, done) {
        Object.assign(this, { confab, words, done });
        this.element = h("main", { class: "welcome" });
        this.#show(LOGIN);
    }

    #show(way) {
        const kept = this.username?.input.value ?? "";
        this.username = textField("username", "Username", { autocomplete: "username", value: kept,
            autocapitalize: "none", spellcheck: "false", required: true },
        way === REGISTER ? "3 to 32 letters, digits and _ . -" : null);
        const password = textField("password", "Password", { type: "password",
            autocomplete: way.password, required: true },
        way === REGISTER ? "At least 8 characters" : null);
        const submit = async () => {
            const { value } = this.username.input;
            await (way === REGISTER ? this.confab.register(value, password.input.value)
                : this.confab.login(value, password.input.value));
            this.done();
        };
        fill(this.element, h("div", { class: "card" },
            h("div", { class: "brand" }, icon("chat"), "confab"),
            h("h1", {}, way.title),
            this.words && h("p", { role: "status" }, this.words),
            form({ fields: [this.username, password], submit,
                buttons: [h("button", { class: "main", type: "submit" }, way.action)] }),
            h("p", { class: "other" }, way.question,
                h("button", { class: "link", type: "button", onclick: () => {
                    this.words = null;
                    this.#show(way === LOGIN ? REGISTER : LOGIN);
                    this.focus();
                } }, way.other))));
    }

    focus() {
        this.username.input.focus();
    }
}
