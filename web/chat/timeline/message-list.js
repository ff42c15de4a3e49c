// The messages of a timeline that are in the page: their elements in order, the lines between
// them, and how far they reach.

import { h } from "../ui/dom.js";
import { EXCERPT } from "../ui/format.js";
import { foldDeleted } from "./folding.js";
import { drawMessage, messageNode, placeMessage } from "./message.js";
import { QuietLines } from "./quiet-lines.js";
import { Quotes } from "./quotes.js";

/** The most messages kept in the page. */
export const MOST_MESSAGES = 250;

/**
 * `request(id)` gives a promise of a message that is not in the page; `current(message)` a message
 * of an answer as it is now. `element` has the messages, `early` the lines before the first one.
 */
export class MessageList {
    constructor(people, request, current) {
        Object.assign(this, { people, current });
        this.element = h("div.items");
        this.early = h("div");
        // The elements in order and by message id.
        this.items = [];
        this.byId = new Map();
        this.quotes = new Quotes(request);
        this.quietLines = new QuietLines(people);
        // All messages before this one are gone.
        this.oldest = 0;
        // The message under the line for new ones.
        this.firstNew = 0;
        // Whether the first and the last message of the room are in the page.
        this.atStart = false;
        this.atEnd = false;
    }

    /** Removes all; whether there are more before and after those that are appended next. */
    clear(moreBefore, moreAfter) {
        this.items = [];
        this.byId.clear();
        this.element.replaceChildren();
        this.atStart = !moreBefore;
        this.atEnd = !moreAfter;
    }

    append(messages) {
        const nodes = this.#nodes(messages);
        const from = this.items.length;
        this.items.push(...nodes);
        this.#place(from, this.items.length);
        this.element.append(...nodes);
    }

    prepend(messages) {
        const nodes = this.#nodes(messages);
        this.items.unshift(...nodes);
        this.#place(0, nodes.length + 1);
        this.element.prepend(...nodes);
    }

    /** Elements of the messages that are not in the page yet. */
    #nodes(messages) {
        return messages
            .filter(({ message_id: id }) => !this.byId.has(id) && id >= this.oldest)
            .map((message) => this.#node(message));
    }

    #node(message) {
        const node = messageNode(this.current(message), this.people, (id) => this.repliedTo(id));
        this.byId.set(message.message_id, node);
        this.drawLines(message.message_id);
        return node;
    }

    /** Draws what depends on the message above these. */
    #place(from, to) {
        for (let i = from; i < Math.min(to, this.items.length); i += 1) {
            const node = this.items[i];
            placeMessage(
                node,
                this.items[i - 1]?.message,
                node.message.message_id === this.firstNew,
            );
        }
        foldDeleted(this.items);
    }

    /** Draws the days, and the line for new messages, again. */
    placeAll() {
        this.#place(0, this.items.length);
    }

    /** Removes what is too much at one end. */
    trim(atTop) {
        const over = this.items.length - MOST_MESSAGES;
        if (over <= 0) {
            return;
        }
        this.#remove(atTop ? this.items.splice(0, over) : this.items.splice(-over));
        if (atTop) {
            this.atStart = false;
            this.#place(0, 1);
        } else {
            this.atEnd = false;
        }
    }

    /** Removes the messages before `oldest`, which the room has no longer. */
    removeOld() {
        const gone = this.items.splice(0, this.countOld());
        this.#remove(gone);
        // What follows them is the beginning of the room now.
        this.atStart ||= gone.length > 0;
        this.#place(0, 1);
    }

    /** How many messages are before `oldest`. */
    countOld() {
        const count = this.items.findIndex(({ message }) => message.message_id >= this.oldest);
        return count < 0 ? this.items.length : count;
    }

    #remove(nodes) {
        for (const node of nodes) {
            this.byId.delete(node.message.message_id);
            node.remove();
        }
    }

    /** The last message. */
    last() {
        return this.items.at(-1)?.message;
    }

    /** The last message of a user. */
    lastOf(userId) {
        return this.items.findLast(
            ({ message }) => message.sender_id === userId && !message.is_deleted,
        )?.message;
    }

    /** The element of a message; of a folded one, that of the line for all. */
    visible(id) {
        const node = this.byId.get(id);
        return node?.head ?? node;
    }

    /** The message replied to, or a promise of it. */
    repliedTo(id) {
        return this.byId.get(id)?.message ?? this.quotes.get(id);
    }

    /** Changes a message, which may be here, or only quoted, or neither. */
    change(id, change) {
        // A quote that was loaded, or is being loaded, shows the message as it was.
        this.quotes.forget(id);
        const node = this.byId.get(id);
        if (node) {
            this.#draw(node, change);
            foldDeleted(this.items);
        }
        for (const other of this.items) {
            const { reply_to: quoted } = other.message;
            if (quoted?.message_id === id && "content" in change) {
                const { content, is_deleted: isGone = false } = change;
                const excerpt = [...content].slice(0, EXCERPT).join("");
                this.#draw(other, { reply_to: { ...quoted, excerpt, is_deleted: isGone } });
            }
        }
    }

    /** Draws the messages of a user again. */
    redraw(userId) {
        const isBlocked = this.people.blocked.has(userId);
        this.items
            .filter(({ message }) => message.sender_id === userId)
            .forEach((node) => this.#draw(node, { is_blocked: isBlocked }));
    }

    #draw(node, change) {
        const message = { ...node.message, ...change };
        drawMessage(node, message, this.people, (id) => this.repliedTo(id));
    }

    /** Draws the quiet lines after a message. */
    drawLines(after) {
        this.quietLines.draw(after, after === 0 ? this.early : this.byId.get(after));
    }
}
