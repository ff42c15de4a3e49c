// What the user may write in a room: shown in place of the input; the countdown of slow mode beside
// it. Loaded for rooms with such rules, for viewers, to join here, and when the server has
// refused a message.

import { button } from "../ui/controls.js";
import { h } from "../ui/dom.js";
import { fullTime } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { t, tn } from "../words.js";

const mayModerate = ({ room, self }) =>
    room.is_admin || room.role === "moderator" || Boolean(self.is_moderator);

/** Refusals that may not apply any more. */
const PASSING = new Set(["silenced", "too_new"]);

/** A timer cannot be set for longer. */
const LONGEST_MS = 2 ** 31 - 1;

/** Why nothing can be written, by the rules of the room and the user's role; null if it can. */
function barrier(conversation) {
    const { room } = conversation;
    if (conversation.isViewer) {
        return t("You are reading this room without having joined it.");
    }
    if (room.is_archived) {
        return t("This room is archived and read-only.");
    }
    if (room.role === "reader") {
        return t("You can only read in this room.");
    }
    if (room.post_policy === "nobody") {
        return t("Only the site can write in this room.");
    }
    if (room.post_policy === "moderators" && !mayModerate(conversation)) {
        return t("Only moderators can write in this room.");
    }
    return null;
}

/** Why nothing can be written for some time; null if it can. */
function passingBarrier(room, { silencedUntil, newUntil }) {
    if (silencedUntil > Date.now()) {
        const time = fullTime(new Date(silencedUntil).toISOString());
        return t("A moderator has silenced you until {time}.", { time });
    }
    if (newUntil > Date.now() && !room.is_private) {
        const time = fullTime(new Date(newUntil).toISOString());
        return t("Your account is new. You can write here from {time} on.", { time });
    }
    return null;
}

/** Whether a viewer may become a member. */
const mayJoin = ({ isViewer, room, self }) => isViewer && (!room.is_private || self?.is_moderator);

/** The rules of the room of a Conversation. */
export class Rules {
    constructor(conversation) {
        this.conversation = conversation;
        this.silencedUntil = 0;
        this.newUntil = 0;
        this.openAt = 0;
        this.timer = null;
        this.status = h("span", { role: "status" });
        this.joinButton = button(t("Join room"), () => this.#join(), "main");
        // An element with one room alone gets no event that a silence was ended early; without
        // sockets it may come late.
        this.tryButton = button(t("Try again"), () => this.#tryAgain(), "link");
        this.notice = h(
            "div.refused",
            { hidden: true },
            icon("lock"),
            this.status,
            this.tryButton,
            this.joinButton,
        );
        conversation.composer.element.before(this.notice);
        this.#startFromLast();
    }

    close() {
        clearTimeout(this.timer);
    }

    /** The user's last message may be less than slow_seconds old. */
    #startFromLast() {
        const last = this.conversation.timeline.lastOwn();
        const age = last ? Date.now() - new Date(last.created_at) : Infinity;
        // The clock of this computer may be wrong: it never waits for longer than one interval.
        this.#wait(this.conversation.room.slow_seconds - Math.max(0, age) / 1000);
    }

    /** A message of the user has arrived. */
    posted() {
        this.#wait(this.conversation.room.slow_seconds);
    }

    /** The server has refused a message, or an event says that it would, or not any more. */
    refused(error) {
        if (error.code === "silenced") {
            this.silencedUntil = new Date(error.body?.until ?? 0).getTime();
        } else if (error.code === "too_new") {
            this.newUntil = new Date(error.body?.until ?? 0).getTime();
        } else if (error.code === "slow_mode") {
            this.#wait(error.retryAfter ?? 1);
        }
        this.draw();
    }

    #wait(seconds) {
        const { room } = this.conversation;
        if (seconds > 0 && room.slow_seconds > 0 && !mayModerate(this.conversation)) {
            this.openAt = Math.max(this.openAt, Date.now() + seconds * 1000);
        }
        this.draw();
    }

    /** When a silence, and the time for new accounts, is over. */
    #writesAt() {
        return Math.max(this.silencedUntil, this.newUntil);
    }

    /** Sends what was refused. The server refuses it again, if that still applies. */
    #tryAgain() {
        const { confab, room, composer } = this.conversation;
        this.silencedUntil = 0;
        this.newUntil = 0;
        this.draw();
        confab.outbox
            .list(room.room_id)
            .filter(({ error, state }) => state === "failed" && PASSING.has(error.code))
            .forEach(({ client_id: id }) => confab.outbox.retry(id));
        composer.focus();
    }

    async #join() {
        this.joinButton.disabled = true;
        try {
            await this.conversation.join();
        } catch (error) {
            this.conversation.on.failed(error);
        } finally {
            this.joinButton.disabled = false;
        }
    }

    draw() {
        const { conversation } = this;
        const { composer, room } = conversation;
        const lasting = barrier(conversation);
        const text = lasting ?? passingBarrier(room, this);
        const left = room.slow_seconds > 0 ? Math.ceil((this.openAt - Date.now()) / 1000) : 0;
        composer.element.hidden = text !== null;
        this.notice.hidden = text === null;
        this.joinButton.hidden = !mayJoin(conversation);
        this.tryButton.hidden = lasting !== null;
        // Setting the same text again would make a screen reader repeat it.
        if (this.status.textContent !== (text ?? "")) {
            this.status.textContent = text ?? "";
        }
        composer.wait(
            left > 0
                ? tn(
                      left,
                      "Slow mode: {count} second until your next message.",
                      "Slow mode: {count} seconds until your next message.",
                  )
                : "",
        );
        clearTimeout(this.timer);
        if (left > 0) {
            this.timer = setTimeout(() => this.draw(), 1000);
        } else if (this.#writesAt() > Date.now()) {
            const wait = Math.min(this.#writesAt() - Date.now() + 500, LONGEST_MS);
            this.timer = setTimeout(() => this.draw(), wait);
        }
    }
}
