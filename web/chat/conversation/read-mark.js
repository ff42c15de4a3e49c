// How far the user has read: the mark moves when the user sees the newest message, unless some were
// marked as unread.

import { debounce, isAttended } from "../ui/dom.js";

const DELAY_MS = 300;

/** The read mark of the user in the room of a Conversation. */
export class ReadMark {
    constructor(conversation) {
        this.conversation = conversation;
        // The first message that the user has marked as unread, or 0.
        this.keptUnread = 0;
        // The last message that the server knows as read.
        this.marked = 0;
        this.isDue = false;
        this.sendSoon = debounce(DELAY_MS, () => this.#send());
        this.listener = () => this.seen();
        document.addEventListener("visibilitychange", this.listener);
        window.addEventListener("focus", this.listener);
    }

    close() {
        if (this.isDue) {
            this.#send();
        }
        this.sendSoon.cancel();
        document.removeEventListener("visibilitychange", this.listener);
        window.removeEventListener("focus", this.listener);
    }

    /** Whether the user is looking at the newest message now, and has not marked it as unread. */
    isWatched() {
        const { isShown, timeline } = this.conversation;
        return !this.keptUnread && isAttended() && isShown() && timeline.isAtBottom();
    }

    /**
     * A message was marked as unread: it and those after it stay unread until the user comes back,
     * writes, or marks them as read (0).
     */
    keepUnread(messageId) {
        this.keptUnread = messageId;
        this.marked = 0;
        this.sendSoon.cancel();
        this.isDue = false;
        this.conversation.timeline.markNew(messageId);
    }

    /** The user has written: all before is read. */
    written() {
        this.keptUnread = 0;
        this.conversation.timeline.markNew(0);
    }

    isUnread({ message_id: id }) {
        return this.keptUnread > 0 && id >= this.keptUnread;
    }

    /** A message has arrived: if it is the first one unseen, it gets a line above it. */
    arrived(message) {
        const { self, timeline } = this.conversation;
        if (message.sender_id === self.user_id || this.isWatched()) {
            return;
        }
        if (this.lineIsSeen || !timeline.firstNew) {
            timeline.markNew(message.message_id);
            this.lineIsSeen = false;
        }
    }

    /** Marks the room as read if the user is looking at its end. */
    seen() {
        const { timeline, isViewer, on } = this.conversation;
        if (this.isWatched()) {
            this.lineIsSeen = true;
            on.read(timeline.newest()?.message_id ?? 0);
            if (!isViewer) {
                this.isDue = true;
                this.sendSoon();
            }
        }
    }

    async #send() {
        const { confab, room, timeline } = this.conversation;
        this.isDue = false;
        const newest = timeline.newest();
        if (!newest || !this.isWatched() || newest.message_id <= this.marked) {
            return;
        }
        try {
            await confab.markRead(room.room_id, newest.message_id);
            this.marked = newest.message_id;
        } catch (error) {
            if (!error.temporary) {
                this.conversation.reportUnlessLeft(error);
            }
        }
    }
}
