// The target of an invite link: the room, and joining it as a user or as a guest.

import { card } from "../login.js";
import { whyNotJoined } from "../placeholder.js";
import { button, errorText, form, submitButton, textField } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { visibleName } from "../ui/format.js";
import { t, tn } from "../words.js";

/** Whether the server has guests at all; the room may have none. */
const hasGuests = (confab) =>
    confab.features().then(
        (features) => features.includes("guests"),
        () => false,
    );

class JoinScreen {
    constructor(element, { confab, secret, logIn, done }) {
        Object.assign(this, { element, confab, link: secret, logIn, done });
        this.problem = h("p.wrong", { role: "alert" });
    }

    async load() {
        const { confab } = this;
        try {
            [this.room, this.hasGuests] = await Promise.all([
                confab.link(this.link),
                confab.user ? false : hasGuests(confab),
            ]);
        } catch (error) {
            this.#showProblem(error);
            return;
        }
        this.#draw();
    }

    #showProblem(error) {
        const isUnknown = error.status === 404 && !error.foreign;
        const text = isUnknown ? t("This link is wrong, or was removed.") : errorText(error);
        fill(
            this.element,
            card(
                {},
                h("h1", t("This room cannot be shown")),
                h("p", { role: "alert" }, text),
                h(
                    "div.buttons",
                    error.temporary && button(t("Try again"), () => this.load()),
                    button(t("Continue"), () => this.done(), "main"),
                ),
            ),
        );
    }

    #draw() {
        const { name, topic, members_count: count } = this.room;
        fill(
            this.element,
            card(
                {},
                h("h1", h("bdi", visibleName(name))),
                topic && h("p", h("bdi", topic)),
                h("p", tn(count, "{count} member", "{count} members")),
                this.problem,
                this.confab.user ? this.#asUser() : this.#asStranger(),
            ),
        );
        this.element.querySelector("input, .buttons button").focus();
    }

    #asUser() {
        const { user } = this.confab;
        const name = visibleName(user.display_name ?? user.username);
        return [
            h("p", t("You join as {name}.", { name })),
            h(
                "div.buttons",
                button(t("Join room"), ({ target }) => this.#join(target), "main"),
                button(t("Not now"), () => this.done()),
            ),
        ];
    }

    #asStranger() {
        const login = h(
            "div.buttons",
            button(t("Log in to join"), () => this.#logIn(), this.hasGuests ? "" : "main"),
        );
        return this.hasGuests ? [this.#guestForm(), login] : login;
    }

    #guestForm() {
        const name = textField("display_name", t("Your name"), {
            autocomplete: "nickname",
            required: true,
        });
        return form({
            fields: [name],
            buttons: [submitButton(t("Enter as a guest"))],
            say: whyNotJoined,
            submit: async () => {
                // Not a second guest, if only the answer to the second request was lost.
                if (!this.confab.user) {
                    const guest = { display_name: name.input.value.trim(), link: this.link };
                    await this.confab.enterAsGuest(guest);
                }
                await this.#enter();
            },
        });
    }

    async #logIn() {
        await this.logIn(t("Log in to join the room."));
        this.#draw();
        await this.#join();
    }

    async #join(submitter = null) {
        this.problem.textContent = "";
        if (submitter) {
            submitter.disabled = true;
        }
        try {
            await this.#enter();
        } catch (error) {
            this.problem.textContent = whyNotJoined(error);
        }
        if (submitter) {
            submitter.disabled = false;
        }
    }

    /** Members of the room only get its number. */
    async #enter() {
        const { room_id: id } = await this.confab.useLink(this.link);
        this.done(id);
    }
}

/**
 * `secret` is the link. `logIn(reason)` shows the login and returns a promise, which resolves once
 * a user has logged in. Calls `done(roomId)` at the end, without an id if the user has not joined.
 */
export async function show(element, options) {
    await new JoinScreen(element, options).load();
}
