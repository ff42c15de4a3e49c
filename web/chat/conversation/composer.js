// Where one writes: a new message, a reply, or the new words of an old message.

import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { inOneLine } from "./message.js";

/** The longest message, as the API has it. */
const LONGEST = 8000;

/** On a phone Enter begins a new line, as its keyboard promises. */
const hasKeyboard = () => !window.matchMedia("(hover: none)").matches;

/**
 * `on.send(text, replyTo)`, `on.edit(message, text)`, `on.typing()`, `on.stopped()`, and
 * `on.editLast()` when the up arrow is pressed in an empty field.
 */
export class Composer {
    constructor(roomName, draft, on) {
        this.on = on;
        this.subject = null;
        this.text = h("textarea", {
            rows: "1",
            "aria-label": `Message to ${roomName}`,
            placeholder: "Write a message",
            maxlength: LONGEST,
            dir: "auto",
            oninput: () => this.#changed(),
            onkeydown: (event) => this.#key(event),
            onblur: () => on.stopped(),
        });
        this.text.value = draft;
        this.button = h(
            "button",
            { class: "bare", type: "submit", "aria-label": "Send", title: "Send" },
            icon("send"),
        );
        this.about = h("div", { class: "about", hidden: true });
        this.under = h("div", { class: "below" });
        this.element = h(
            "form",
            {
                class: "composer",
                onsubmit: (event) => {
                    event.preventDefault();
                    this.#submit();
                },
            },
            this.about,
            h("div", { class: "write" }, this.text, this.button),
            this.under,
        );
        this.#fit();
    }

    focus() {
        this.text.focus();
    }

    /** What is written and not sent; nothing while an old message is edited. */
    get draft() {
        return this.subject?.edit ? "" : this.text.value;
    }

    reply(message) {
        this.#about({ reply: message }, "Replying to ", message);
    }

    edit(message) {
        this.#about({ edit: message }, "Editing ", message);
        this.text.value = message.content;
        this.#changed(false);
    }

    #about(subject, words, message) {
        if (this.subject?.edit) {
            this.text.value = "";
        }
        this.subject = subject;
        fill(
            this.about,
            icon(subject.edit ? "edit" : "reply"),
            h("span", {}, words, h("b", {}, message.sender_username), `: ${inOneLine(message)}`),
            h(
                "button",
                {
                    class: "bare",
                    type: "button",
                    "aria-label": "Cancel",
                    title: "Cancel (Esc)",
                    onclick: () => this.cancel(),
                },
                icon("close"),
            ),
        );
        this.about.hidden = false;
        this.focus();
    }

    /** Back to a plain new message. */
    cancel() {
        if (this.subject?.edit) {
            this.text.value = "";
        }
        this.subject = null;
        this.about.hidden = true;
        this.#changed(false);
        this.focus();
    }

    #submit() {
        const text = this.text.value.trim();
        if (!text) {
            return;
        }
        const { subject } = this;
        this.subject = null;
        this.about.hidden = true;
        this.text.value = "";
        this.#changed(false);
        if (subject?.edit) {
            this.on.edit(subject.edit, text);
        } else {
            this.on.send(text, subject?.reply?.message_id ?? null);
        }
        this.focus();
    }

    #key(event) {
        if (event.isComposing) {
            return;
        }
        if (event.key === "Enter" && !event.shiftKey && hasKeyboard()) {
            event.preventDefault();
            this.#submit();
        } else if (event.key === "Escape" && this.subject) {
            event.preventDefault();
            this.cancel();
        } else if (event.key === "ArrowUp" && this.text.value === "" && !this.subject) {
            event.preventDefault();
            this.on.editLast();
        }
    }

    #changed(byHand = true) {
        this.#fit();
        if (byHand && !this.subject?.edit) {
            if (this.text.value) {
                this.on.typing();
            } else {
                this.on.stopped();
            }
        }
    }

    /** The field grows with its text; newer browsers do that by themselves. */
    #fit() {
        this.button.disabled = this.text.value.trim() === "";
        if (!CSS.supports("field-sizing", "content")) {
            this.text.style.height = "auto";
            this.text.style.height = `${this.text.scrollHeight}px`;
        }
    }
}
