// The user's messages that are being sent, shown below the others until their event arrives.

import { button } from "../ui/controls.js";
import { storedPrefix } from "../stored.js";
import { h, oncePerFrame, storageOf } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { t } from "../words.js";
import { messageNode, placeMessage, prepareToShow, whyNotSent } from "./message.js";

/** How many sent messages to remember as shown in the timeline. */
const REMEMBERED = 1000;
/** What the room does not allow. */
const REFUSALS = new Set(["silenced", "read_only", "archived", "slow_mode", "too_new"]);

/** Why a message waits. */
function waitingText(error, isTooFast) {
    if (error?.code === "slow_mode") {
        return t("Slow mode: it is sent as soon as you may write again");
    }
    return isTooFast ? t("Waiting to send: too many at once") : t("Waiting to send");
}

/**
 * Draws into `timeline`. `isConnected()` tells whether messages can be sent now; `drawn()` is
 * called after each drawing, `refused(error)` when the room does not allow a message,
 * `takenBack(outgoing)` when the user wants to edit one that is not sent, and `failed(error)` when
 * one that is held could not be withdrawn.
 */
export class PendingMessages {
    constructor({ confab, room, people, timeline, isConnected, ...on }) {
        Object.assign(this, { confab, room, people, timeline, isConnected, ...on });
        // By client_id: messages that are sent but not in the timeline yet, and those that are.
        this.sent = new Map();
        this.shown = new Set();
        this.drawSoon = oncePerFrame(() => this.draw());
        this.stopListening = confab.outbox.on("change", (outgoing) => this.#changed(outgoing));
        this.drawSoon();
        this.#restoreHeld();
    }

    close() {
        this.stopListening();
        this.drawSoon.cancel();
    }

    #changed(outgoing) {
        if (outgoing.room_id !== this.room.room_id) {
            return;
        }
        if (REFUSALS.has(outgoing.error?.code) && outgoing.state !== "sending") {
            this.refused(outgoing.error);
        }
        if (outgoing.state === "sent" && !this.shown.has(outgoing.client_id)) {
            this.sent.set(outgoing.client_id, outgoing);
            if (outgoing.message?.held_id) {
                this.#rememberHeld();
            }
        }
        this.drawSoon();
    }

    /** The name under which the browser knows that messages of the user are held in this room. */
    get #heldKey() {
        const { url, user } = this.confab;
        return user && storedPrefix("held", url, user.user_id) + this.room.room_id;
    }

    /** Shows those that a moderator has to look at again, as after a reload. */
    async #restoreHeld() {
        const [key, storage] = [this.#heldKey, storageOf("localStorage")];
        if (!key || !storage?.getItem(key)) {
            return;
        }
        try {
            const { results } = await this.confab.held(this.room.room_id);
            const self = this.confab.user?.user_id;
            const own = results.filter((one) => one.sender_id === self && !one.message_id);
            for (const one of own) {
                const id = one.client_id ?? `held-${one.held_id}`;
                this.sent.set(id, { ...one, client_id: id, uploads: [], message: one });
            }
            if (own.length === 0) {
                storage.removeItem(key);
            }
            this.drawSoon();
        } catch {
            // They are shown when the room is opened again.
        }
    }

    #rememberHeld() {
        try {
            storageOf("localStorage")?.setItem(this.#heldKey, "1");
        } catch {
            // The storage is full: they are shown until the room is left.
        }
    }

    async #withdraw({ client_id: id, message }) {
        try {
            await this.confab.dropHeld(this.room.room_id, message.held_id);
        } catch (error) {
            // A moderator was faster.
            if (error.status !== 404 || error.foreign) {
                this.failed(error);
                return;
            }
        }
        this.sent.delete(id);
        this.drawSoon();
    }

    /** These messages are in the timeline now; the user's own are not shown here any more. */
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

    #pending() {
        const listed = this.confab.outbox.list(this.room.room_id);
        return [...this.sent.values(), ...listed].filter((one) => !this.shown.has(one.client_id));
    }

    /** How many messages are not sent yet. */
    get unsentCount() {
        const isUnsent = ({ state }) => state === "queued" || state === "sending";
        return this.#pending().filter(isUnsent).length;
    }

    async draw(toEnd = false) {
        const isReady = !this.#pending().some(({ uploads }) => uploads.length > 0);
        if (!isReady) {
            await prepareToShow(this.#pending(), this.people.root);
        }
        if (!this.confab.user) {
            return;
        }
        const self = this.confab.user;
        let before = this.timeline.last();
        const nodes = this.#pending().map((outgoing) => {
            const message = {
                message_id: 0,
                sender_id: self.user_id,
                sender_username: self.username,
                content: outgoing.content,
                message_type: outgoing.message_type,
                reply_to_id: outgoing.reply_to_id,
                created_at: outgoing.created_at,
                uploads: outgoing.uploads,
            };
            const node = messageNode(message, this.people, (id) => this.timeline.repliedTo(id));
            placeMessage(node, before, false);
            this.#drawState(node, outgoing);
            before = message;
            return node;
        });
        this.timeline.drawOutbox(nodes, toEnd);
        this.drawn();
    }

    /** Shows why a message is not sent yet, unless it is being sent right now. */
    #drawState(node, outgoing) {
        const { client_id: id, state, error, isIncomplete, keys = [] } = outgoing;
        const { outbox } = this.confab;
        const article = node.querySelector(".message");
        // It has no id yet, so it offers no actions.
        delete article.dataset.id;
        const body = article.querySelector(".body");
        // A file has a key once it is ready.
        const edit =
            !keys.includes(null) && button(t("Edit"), () => this.#takeBack(outgoing), "link");
        if (state === "failed") {
            const retry = button(t("Try again"), () => outbox.retry(id), "link");
            const discard = button(t("Discard"), () => outbox.discard(id), "link");
            const text = t("Not sent: {reason}", { reason: whyNotSent(outgoing) });
            article.classList.add("failed");
            // The same words would be refused again.
            const other = error.code === "filtered" ? edit : retry;
            body.append(h("div.state", icon("warning"), text, other, discard));
        } else if (outgoing.message?.held_id) {
            const text = t("A moderator looks at this message first.");
            const withdraw = button(t("Withdraw"), () => this.#withdraw(outgoing), "link");
            body.append(h("div.state", icon("clock"), text, withdraw));
        } else if (state === "queued" && isIncomplete && this.isConnected()) {
            const discard = button(t("Cancel"), () => outbox.discard(id), "link");
            body.append(h("div.state", icon("clock"), t("Sending files…"), discard));
        } else if (state === "queued" && (error || !this.isConnected())) {
            // Too fast for the server, or for the network.
            const isTooFast = error?.status === 429;
            const text = waitingText(error, isTooFast);
            body.append(h("div.state", icon("clock"), text, isTooFast && edit));
        }
    }

    /** The words and files of a message that is not sent go back to the input. */
    #takeBack(outgoing) {
        // It may be under way since the button was drawn.
        if (outgoing.state === "queued" || outgoing.state === "failed") {
            this.confab.outbox.discard(outgoing.client_id, { keepFiles: true });
            this.takenBack(outgoing);
        }
    }
}
