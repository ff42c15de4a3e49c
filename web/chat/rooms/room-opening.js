// Opens a room: the one that is shown stays until the other is there. What fails for a while is
// tried again.

import { whyNotJoined } from "../placeholder.js";
import { t } from "../words.js";

/** The first and the longest pause (ms) before another try. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30000;

/**
 * Opens rooms in a Chat, of which it uses the parts and the methods shown(), showRoom(),
 * enterRoom(), showProblem() and setAddress().
 */
export class RoomOpening {
    constructor(chat) {
        this.chat = chat;
        // The id of the room to be opened, or of the open one.
        this.id = null;
        this.pause = RETRY_MS;
        // Tries again now; null while nothing has failed.
        this.retry = null;
        // Takes away what is said about a failure.
        this.endNotice = null;
    }

    /** `byUser`: the user asked for it. */
    open(id, byUser) {
        const { chat } = this;
        const isWaiting = this.id === id && chat.shown() !== id && !chat.placeholder.isTaken;
        if (isWaiting && !this.retry) {
            return;
        }
        this.cancel();
        this.id = id;
        chat.sidebar?.select(id);
        if (chat.shown() === id) {
            chat.enterRoom(byUser);
        } else {
            this.#load(id, byUser);
        }
    }

    /** Gives up opening a room; the one that is shown stays. */
    cancel() {
        clearTimeout(this.timer);
        this.retry = null;
        this.endNotice?.();
        this.endNotice = null;
        this.pause = RETRY_MS;
        this.id = this.chat.shown();
    }

    async #load(id, byUser) {
        const { chat } = this;
        clearTimeout(this.timer);
        this.retry = null;
        let room;
        try {
            room = await chat.confab.room(id);
        } catch (error) {
            if (this.id === id) {
                this.#failed(error, () => this.#load(id, byUser));
            }
            return;
        }
        // Another room was opened meanwhile, or this one by another try.
        if (this.id === id && chat.shown() !== id) {
            this.cancel();
            this.id = id;
            chat.showRoom(room, byUser);
        }
    }

    #failed(error, retry) {
        const { chat, id } = this;
        if (error.status === 401 && !error.foreign) {
            return; // the login is shown
        }
        const known = chat.rooms?.get(id);
        const isGone = error.status === 404 && !error.foreign;
        const reason = isGone
            ? t("This room does not exist, or you are not a member.")
            : whyNotJoined(error);
        if (error.temporary) {
            this.retry = retry;
            this.timer = setTimeout(retry, this.pause);
            this.pause = Math.min(2 * this.pause, MAX_RETRY_MS);
        }
        if (!chat.conversation) {
            const title = t("This room cannot be shown");
            chat.showProblem("warning", title, reason, retry, error.code);
        } else if (error.temporary) {
            const room = known && chat.people.roomName(known);
            this.endNotice ??= chat.notices.keep(
                known
                    ? t("“{room}” cannot be opened yet. {reason}", { room, reason })
                    : t("The room cannot be opened yet. {reason}", { reason }),
                () => this.retry?.(),
                () => this.#backToShown(),
            );
        } else {
            this.#backToShown();
            chat.notices.show(reason);
        }
        // Its event was missed.
        if (isGone && known) {
            chat.rooms.remove(id);
        }
    }

    /** The address names the room that is shown again. */
    #backToShown() {
        this.cancel();
        this.chat.sidebar?.select(this.id);
        this.chat.setAddress(`#/${this.id}`, true);
    }
}
