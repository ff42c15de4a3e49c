// The input below a conversation: for a new message, a reply, or an edit.

import { iconButton } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { messageSummary } from "./message.js";

/** The API's limit for a message, in characters. */
const MAX_LENGTH = 8000;

/** Without a hardware keyboard, Enter starts a new line. */
const hasKeyboard = () => !window.matchMedia("(hover: none)").matches;

/**
 * Calls `on.send(text, replyTo)`, `on.edit(message, text)`, `on.typing()`, and `on.stopped()` when
 * the user stops typing. An up arrow in the empty input edits `on.lastOwn()`, if there is one.
 */
export class Composer {
    constructor(roomName, draft, on) {
        this.on = on;
        // The message being replied to ({reply}) or edited ({edit}), null for a new message.
        this.subject = null;
        this.text = h("textarea", {
            rows: "1",
            "aria-label": `Message to ${roomName}`,
            placeholder: "Write a message",
            maxlength: MAX_LENGTH,
            dir: "auto",
            oninput: () => this.#changed(),
            onkeydown: (event) => this.#key(event),
            onblur: () => on.stopped(),
        });
        this.text.value = draft;
        this.button = iconButton("send", "Send", null, { type: "submit" });
        this.about = h("div.about", { hidden: true });
        this.under = h("div.below");
        this.element = h(
            "form.composer",
            {
                onsubmit: (event) => {
                    event.preventDefault();
                    this.#submit();
                },
            },
            this.about,
            h("div.write", this.text, this.button),
            this.under,
        );
        this.#fit();
    }

    focus() {
        this.text.focus();
    }

    /** The text not sent yet; "" while a message is being edited. */
    get draft() {
        return this.subject?.edit ? "" : this.text.value;
    }

    reply(message) {
        this.#setSubject({ reply: message }, "Replying to ", message);
    }

    edit(message) {
        this.#setSubject({ edit: message }, "Editing ", message);
        this.text.value = message.content;
        this.#changed(false);
    }

    #setSubject(subject, label, message) {
        if (this.subject?.edit) {
            this.text.value = "";
        }
        this.subject = subject;
        fill(
            this.about,
            icon(subject.edit ? "edit" : "reply"),
            h("span", label, h("b", message.sender_username), `: ${messageSummary(message)}`),
            iconButton("close", "Cancel", () => this.cancel(), { title: "Cancel (Esc)" }),
        );
        this.about.hidden = false;
        this.focus();
    }

    /** Ends a reply or an edit. */
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
            const last = this.on.lastOwn();
            if (last) {
                this.edit(last);
            }
        }
    }

    #changed(byUser = true) {
        this.#fit();
        if (byUser && !this.subject?.edit) {
            if (this.text.value) {
                this.on.typing();
            } else {
                this.on.stopped();
            }
        }
    }

    /** Makes the input as high as its text, where CSS cannot. */
    #fit() {
        this.button.disabled = this.text.value.trim() === "";
        if (!CSS.supports("field-sizing", "content")) {
            this.text.style.height = "auto";
            this.text.style.height = `${this.text.scrollHeight}px`;
        }
    }
}
