// What a user has typed and not sent, for each room. It survives a reload.

import { storedPrefix } from "./stored.js";
import { storageOf } from "./ui/dom.js";

/**
 * A draft is {text, reply_to, edit, mentions, files}: the text of a new message, the id of the
 * message it replies to or null, {id, text} of a message being edited or null, pairs of the id of a
 * user chosen after an @ and the text for it, and the keys of files (Confab.keptUpload).
 */
export class Drafts {
    /** `site` is the address of the chat: drafts of two chats on one site are kept apart. */
    constructor(site, userId) {
        this.userId = userId;
        this.prefix = storedPrefix("draft", site, userId);
        this.storage = storageOf("localStorage");
        this.byRoom = new Map();
    }

    get(roomId) {
        return this.byRoom.get(roomId) ?? this.#stored(roomId);
    }

    set(roomId, draft) {
        this.byRoom.set(roomId, draft);
        const key = this.prefix + roomId;
        try {
            if (draft.text || draft.reply_to || draft.edit || draft.files?.length > 0) {
                this.storage?.setItem(key, JSON.stringify(draft));
            } else {
                this.storage?.removeItem(key);
            }
        } catch {
            // The storage is full: the draft lasts as long as the page.
        }
    }

    #stored(roomId) {
        try {
            const draft = JSON.parse(this.storage?.getItem(this.prefix + roomId) ?? "null");
            return typeof draft?.text === "string" ? draft : null;
        } catch {
            return null;
        }
    }
}
