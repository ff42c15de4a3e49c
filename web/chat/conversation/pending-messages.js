// The user's messages on their way, shown below all others until their event has come.

import { h, oncePerFrame } from "../ui/dom.js";
import { inWords } from "../ui/form.js";
import { icon } from "../ui/icons.js";
import { dress, messageNode } from "./message.js";

/** Sent messages that are remembered as shown. */
const REMEMBERED = 1000;

/** `timeline` shows them, `isLive()` says whether there is a connection, `drawn()` is called when
 * there is something different to see. */
export class Outgoings {
    constructor({ confab, room, timeline, isLive, drawn }) {
        Object.assign(this, { confab, room, timeline, isLive, drawn });
        this.sent = new Map();
        this.shown = new Set();
        this.drawSoon = oncePerFrame(() => this.draw());
        this.stop = confab.outbox.on("change", (outgoing) => this.#changed(outgoing));
        this.drawSoon();
    }

    close() {
        this.stop();
    }

    #changed(outgoing) {
        if (outgoing.room_id !== this.room.room_id) {
            return;
        }
        if (outgoing.state === "sent" && !this.shown.has(outgoing.client_id)) {
            this.sent.set(outgoing.client_id, outgoing);
        }
        this.drawSoon();
    }

    /** These messages are in the page now; those of ours need no second place. */
    arrived(messages) {
        const own = messages.filter(
            (message) => message.client_id && message.sender_id === this.confab.user?.user_id,
        );
        for (const { client_id: id } of own) {
            this.sent.delete(id);
            this.shown.add(id);
            if (this.shown.size > REMEMBERED) {
                this.shown.delete(this.shown.values().next().value);
            }
        }
        if (own.length > 0) {
            this.draw();
        }
    }

    #waiting() {
        const listed = this.confab.outbox.list(this.room.room_id);
        return [...this.sent.values(), ...listed].filter((one) => !this.shown.has(one.client_id));
    }

    /** How many wait for the connection. */
    get unsent() {
        return this.#waiting().filter(({ state }) => state === "queued" || state === "sending")
            .length;
    }

    draw(toEnd = false) {
        if (!this.confab.user) {
            return;
        }
        const self = this.confab.user;
        let before = this.timeline.last();
        const nodes = this.#waiting().map((outgoing) => {
            const message = {
                message_id: 0,
                sender_id: self.user_id,
                sender_username: self.username,
                content: outgoing.content,
                message_type: outgoing.message_type,
                reply_to_id: outgoing.reply_to_id,
                created_at: outgoing.created_at,
            };
            const node = messageNode(message, (id) => this.timeline.repliedTo(id));
            dress(node, before, false);
            this.#state(node, outgoing);
            before = message;
            return node;
        });
        this.timeline.drawOutbox(nodes, toEnd);
        this.drawn();
    }

    /** Says how it stands, unless it is just being sent. */
    #state(node, { client_id: id, state, error }) {
        const { outbox } = this.confab;
        const article = node.querySelector(".message");
        delete article.dataset.id;
        if (state === "failed") {
            article.classList.add("failed");
            article
                .querySelector(".body")
                .append(
                    h(
                        "div",
                        { class: "state" },
                        icon("warning"),
                        `Not sent: ${inWords(error)}`,
                        h(
                            "button",
                            { class: "link", type: "button", onclick: () => outbox.retry(id) },
                            "Try again",
                        ),
                        h(
                            "button",
                            { class: "link", type: "button", onclick: () => outbox.discard(id) },
                            "Discard",
                        ),
                    ),
                );
        } else if (state === "queued" && (error || !this.isLive())) {
            article
                .querySelector(".body")
                .append(h("div", { class: "state" }, icon("clock"), "Waits for the connection"));
        }
    }
}
