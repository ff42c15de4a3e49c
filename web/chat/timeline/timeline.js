// The messages of one room, as a window that moves over its history: messages far out of sight
// are removed from the page and loaded again when needed, so a room of any length costs the same.

import { fill, h, oncePerFrame } from "../ui/dom.js";
import { EXCERPT } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { t, tn } from "../words.js";
import { foldDeleted } from "./folding.js";
import { drawMessage, messageNode, placeMessage } from "./message.js";
import { PageLoader } from "./page-loader.js";
import { QuietLines } from "./quiet-lines.js";
import { Quotes } from "./quotes.js";
import { TimelineInput } from "./timeline-input.js";

/** Messages per request. */
const PAGE = 50;
/** The largest page that the server gives. */
const MAX_PAGE = 200;
/** The least height (px) of a message. */
const MIN_HEIGHT = 24;
/** The most messages kept in the page. */
const WINDOW = 250;
/** Within this distance (px) of the end, the view counts as being at the end. */
const END_DISTANCE = 48;

/**
 * `source` loads messages; all its functions return promises. `newest(limit)`, `older(id, limit)`,
 * `newer(id, limit)` and `fromEnd(offset, limit)` give `{messages, more}`, oldest first; `one(id)`
 * gives a message. Calls `on.seen()` when the room's last message comes into view,
 * `on.shown(messages)` after appending some, `on.changed(id)` after a message was edited or
 * deleted, and `on.refused()` if the user may not read the room; `on.day`, `on.answers`,
 * `on.reacted`, `on.active` and `on.pressed` as TimelineInput does.
 */
export class Timeline {
    constructor({ source, self, people, roomName, on }) {
        Object.assign(this, { source, self, people, on });
        // The elements in the window, in order and by message id.
        this.items = [];
        this.byId = new Map();
        this.quotes = new Quotes((id) => source.one(id));
        // New messages that the next frame adds.
        this.arrived = [];
        // All messages before this one are gone.
        this.oldest = 0;
        // Whether the window reaches the first and the last message of the room.
        this.atStart = false;
        this.atEnd = false;
        this.quietLines = new QuietLines(people);
        // New messages below the view; the message under the line for new ones.
        this.missed = 0;
        this.firstNew = 0;
        // The reply whose quote was followed to the original.
        this.cameFrom = 0;
        // What has happened to messages while a page was loading, which may show them as before.
        this.changes = new Map();
        this.loader = new PageLoader({
            began: () => this.changes.clear(),
            shown: () => this.watch(),
            ended: () => this.flush(),
            refused: () => on.refused(),
        });
        this.input = new TimelineInput(() => this.items.filter((node) => !node.hidden), {
            ...on,
            goTo: (id, from) => {
                this.cameFrom = from;
                this.goTo(id);
            },
            end: () => this.#focusEnd(),
        });
        this.#build();
        this.setRoomName(roomName);
        this.flush = oncePerFrame(() => this.#addArrived());
        this.watch = oncePerFrame(() => this.#scrolled());
        this.scroller.addEventListener("scroll", this.watch, { passive: true });
        this.resizing = new ResizeObserver(() => this.#resized());
        [this.scroller, this.list, this.outbox].forEach((part) => this.resizing.observe(part));
    }

    #build() {
        this.list = h("div.items");
        this.outbox = h("div.outbox");
        this.beginning = h(
            "div.beginning",
            { hidden: true },
            h("span.round", icon("chat")),
            h("h2"),
            h("p", t("This is the beginning of the room.")),
        );
        this.early = h("div");
        this.scroller = h(
            "div.scroller",
            {
                role: "log",
                tabindex: "0",
                ...this.input.listeners(),
            },
            this.beginning,
            this.early,
            this.list,
            this.outbox,
        );
        this.jump = h("button.jump", {
            type: "button",
            hidden: true,
            onclick: (event) => this.#jump(event),
        });
        this.element = h(
            "div.timeline",
            this.scroller,
            this.loader.failure,
            this.loader.indicator,
            this.jump,
        );
    }

    setRoomName(name) {
        this.beginning.querySelector("h2").textContent = name;
        this.scroller.setAttribute("aria-label", t("Messages in {room}", { room: name }));
    }

    close() {
        this.loader.close();
        this.resizing.disconnect();
        this.scroller.removeEventListener("scroll", this.watch);
        this.input.endPress();
        this.watch.cancel();
        this.flush.cancel();
        this.element.remove();
    }

    // ---- the window ----

    /**
     * Shows the newest messages; if many are unread, the first unread ones. `place` is where the
     * user was before, or null.
     */
    async open(unread = 0, place = null) {
        this.quotes.clear();
        if (place) {
            await this.#openAt(place, unread);
            return;
        }
        const far = unread > PAGE - 10;
        const after = far ? unread - PAGE / 2 : 0;
        await this.loader.read(
            () => this.source.fromEnd(after, PAGE),
            ({ messages, more }) => {
                const first = messages.length - (unread - after);
                this.firstNew =
                    unread > 0 && messages.length > 0
                        ? messages[Math.max(0, Math.min(first, messages.length - 1))].message_id
                        : 0;
                this.#show(messages, more, far);
                const line = this.byId.get(this.firstNew);
                if (far && line) {
                    this.scroller.scrollTop = line.offsetTop - this.scroller.clientHeight / 3;
                } else {
                    this.#scrollToEnd();
                }
            },
        );
    }

    /** The place to come back to: {id, offset} of the topmost message in view; null at the end. */
    place() {
        const first = this.#topmost();
        return first && !this.isAtBottom()
            ? { id: first.message.message_id, offset: this.#topOf(first) }
            : null;
    }

    /** The first element that is in view, at least in part. */
    #topmost() {
        const top = this.scroller.scrollTop;
        return this.items.find((node) => node.offsetTop + node.offsetHeight > top);
    }

    /**
     * How far (px) the text of a message is below the top of the view. (The day and the sender
     * above it come and go with the message before.)
     */
    #topOf(node) {
        const { top } = node.querySelector(".text").getBoundingClientRect();
        return top - this.scroller.getBoundingClientRect().top;
    }

    async #openAt({ id, offset }, unread) {
        await this.loader.read(
            () => this.#around(id),
            (page) => {
                this.#show(page.messages, page.more, page.after);
                this.missed = unread;
                this.scroller.scrollTop += this.#topOf(this.byId.get(id)) - offset;
            },
        );
    }

    /** Scrolls to the newest message, loading it if needed. */
    async toEnd() {
        if (this.atEnd) {
            this.#scrollToEnd();
            this.watch();
            return;
        }
        await this.loader.read(
            () => this.source.newest(PAGE),
            (page) => {
                this.#show(page.messages, page.more, false);
                this.#scrollToEnd();
            },
        );
    }

    /** From the original of a reply back to that, else to the newest message. */
    #jump({ detail: clicks }) {
        const { cameFrom } = this;
        this.cameFrom = 0;
        if (cameFrom) {
            this.goTo(cameFrom);
        } else if (clicks === 0) {
            // By a key: the button goes away.
            this.#focusEnd();
        } else {
            this.toEnd();
        }
    }

    async #focusEnd() {
        await this.toEnd();
        this.focusOn(this.last()?.message_id);
    }

    /** Scrolls to a message anywhere in the room. */
    async goTo(id) {
        if (this.byId.has(id)) {
            this.#flash(id);
            return;
        }
        await this.loader.read(
            () => this.#around(id),
            (page) => {
                this.#show(page.messages, page.more, page.after);
                this.#flash(id);
            },
        );
    }

    /** Requests a message and enough neighbours for it to be anywhere in view. */
    #around(id) {
        const count = PAGE + 2 * Math.ceil(window.innerHeight / MIN_HEIGHT);
        return this.source.around(id, Math.min(count, MAX_PAGE));
    }

    #flash(id) {
        // Not scrollIntoView, which scrolls the page around the chat as well.
        const { offsetTop, offsetHeight } = this.#visible(id);
        this.scroller.scrollTop = offsetTop - (this.scroller.clientHeight - offsetHeight) / 2;
        const article = this.focusOn(id);
        article.classList.remove("flash");
        requestAnimationFrame(() => article.classList.add("flash"));
    }

    /** Focuses a message in the window. */
    focusOn(id) {
        const article = this.#visible(id)?.querySelector(".message");
        article?.focus({ preventScroll: true });
        return article;
    }

    /** The element of a message in the window; of a folded one, that of the line for all. */
    #visible(id) {
        const node = this.byId.get(id);
        return node?.head ?? node;
    }

    /** Replaces the contents of the window. */
    #show(messages, moreBefore, moreAfter) {
        this.items = [];
        this.byId.clear();
        this.list.replaceChildren();
        this.atStart = !moreBefore;
        this.atEnd = !moreAfter;
        this.#append(messages);
        this.#edges();
    }

    /** Makes a request that has failed once more. */
    retry() {
        this.loader.retry();
    }

    #node(message) {
        const current = { ...message, ...this.changes.get(message.message_id) };
        const node = messageNode(current, this.people, (id) => this.repliedTo(id));
        this.byId.set(message.message_id, node);
        this.#drawNotes(message.message_id);
        return node;
    }

    /**
     * Shows a quiet line, once for each key, after a message: {id, text}; text() is called again
     * when the profile of the user `id` is there.
     */
    note(key, line, after) {
        if (this.quietLines.add(key, line, after)) {
            this.#keepPosition(() => this.#drawNotes(after));
        }
    }

    #drawNotes(after) {
        this.quietLines.draw(after, after === 0 ? this.early : this.byId.get(after));
    }

    /** The newest message that is known, also if it is not in the window. */
    newestKnown() {
        return Math.max(this.arrived.at(-1)?.message_id ?? 0, this.lastKnown ?? 0);
    }

    /** Elements of the messages that are not in the window yet. */
    #nodes(messages) {
        return messages
            .filter(({ message_id: id }) => !this.byId.has(id) && id >= this.oldest)
            .map((message) => this.#node(message));
    }

    #append(messages) {
        const nodes = this.#nodes(messages);
        const from = this.items.length;
        this.items.push(...nodes);
        this.#place(from, this.items.length);
        this.list.append(...nodes);
        this.lastKnown = Math.max(this.lastKnown ?? 0, messages.at(-1)?.message_id ?? 0);
        this.on.shown(messages);
    }

    #prepend(messages) {
        const nodes = this.#nodes(messages);
        this.items.unshift(...nodes);
        this.#place(0, nodes.length + 1);
        this.list.prepend(...nodes);
    }

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

    /** Removes messages at one end until the window has its size. */
    #trim(atTop) {
        const over = this.items.length - WINDOW;
        if (over <= 0) {
            return;
        }
        const gone = atTop ? this.items.splice(0, over) : this.items.splice(-over);
        for (const node of gone) {
            this.byId.delete(node.message.message_id);
            node.remove();
        }
        if (atTop) {
            this.atStart = false;
            this.#place(0, 1);
        } else {
            this.atEnd = false;
        }
    }

    #edges() {
        this.beginning.hidden = !this.atStart;
        // One tab stop: a message, if there is one.
        this.scroller.tabIndex = this.items.length > 0 ? -1 : 0;
        this.#drawJump();
        if (!this.scroller.contains(this.input.tabStop) && this.items.length > 0) {
            this.input.setTabStop(this.items[this.items.length - 1].querySelector(".message"));
        }
    }

    /** The message replied to, or a promise of it. */
    repliedTo(id) {
        return this.byId.get(id)?.message ?? this.quotes.get(id);
    }

    // ---- events ----

    /** Adds a new message. */
    add(message) {
        this.arrived.push(message);
        this.flush();
    }

    #addArrived() {
        if (this.loader.isLoading) {
            return; // the page being loaded may contain them; flush() is called afterwards
        }
        const last = this.last()?.message_id ?? 0;
        this.lastKnown = this.newestKnown();
        const messages = this.arrived.filter((message) => message.message_id > last);
        this.arrived = [];
        if (messages.length === 0) {
            return;
        }
        const others = messages.filter((message) => message.sender_id !== this.self).length;
        const wasAtBottom = this.isAtBottom();
        const full = !wasAtBottom && this.items.length + messages.length > WINDOW;
        if (!this.atEnd || full) {
            this.atEnd = false;
            this.missed += others;
            this.#drawJump();
            return;
        }
        this.#append(messages.slice(-WINDOW));
        if (wasAtBottom) {
            this.#trim(true);
            this.#edges();
            this.#scrollToEnd();
        } else {
            this.missed += others;
            this.#drawJump();
        }
        this.watch();
    }

    /** Redraws a message that was edited or deleted, and the quotes of it. */
    change(message) {
        this.#change(message.message_id, message);
    }

    /** Shows a message as deleted; the event has only its id. */
    remove(id) {
        this.#change(id, { is_deleted: true, content: "", reactions: [], files: [] });
    }

    /** The messages before this one are gone; null: all that are known. */
    trimmed(oldest) {
        this.oldest = oldest ?? this.newestKnown() + 1;
        this.arrived = this.arrived.filter(({ message_id: id }) => id >= this.oldest);
        const count = this.items.findIndex(({ message }) => message.message_id >= this.oldest);
        const gone = this.items.slice(0, count < 0 ? this.items.length : count);
        this.quotes.clear();
        // There is nothing to keep, or the message from which a page was asked for is gone.
        if ((gone.length === this.items.length && !this.atEnd) || this.loader.hasFailed) {
            this.open();
            return;
        }
        this.#keepPosition(() => {
            this.items.splice(0, gone.length);
            gone.forEach((node) => {
                this.byId.delete(node.message.message_id);
                node.remove();
            });
            // What follows them is the beginning of the room now.
            this.atStart ||= gone.length > 0;
            this.#place(0, 1);
            this.#edges();
        });
    }

    /** A new message answers this one: counts it, unless the window was loaded with it. */
    answered(id, reply) {
        const shown = this.byId.get(id)?.message;
        if (shown && !this.byId.has(reply)) {
            this.#change(id, { reply_count: shown.reply_count + 1 });
        }
    }

    /** Shows the reactions to a message; those of an event do not say which are the user's. */
    react(id, reactions) {
        const known = this.byId.get(id)?.message.reactions ?? [];
        const own = new Set(known.filter(({ mine }) => mine).map(({ emoji }) => emoji));
        const change = reactions.map((one) => ({ mine: own.has(one.emoji), ...one }));
        this.#change(id, { reactions: change });
    }

    /** The message may be in the window, or only quoted, or neither. */
    #change(id, change) {
        if (this.loader.isLoading) {
            this.changes.set(id, { ...this.changes.get(id), ...change });
        }
        this.arrived = this.arrived.map((one) =>
            one.message_id === id ? { ...one, ...change } : one,
        );
        // A quote that was loaded, or is being loaded, shows the message as it was.
        this.quotes.forget(id);
        const node = this.byId.get(id);
        const repliedTo = (other) => this.repliedTo(other);
        this.#keepPosition(() => {
            if (node) {
                drawMessage(node, { ...node.message, ...change }, this.people, repliedTo);
                foldDeleted(this.items);
            }
            for (const other of this.items) {
                const { reply_to: quoted } = other.message;
                if (quoted?.message_id === id && "content" in change) {
                    const { content, is_deleted: isGone = false } = change;
                    const excerpt = [...content].slice(0, EXCERPT).join("");
                    const now = { ...quoted, excerpt, is_deleted: isGone };
                    const message = { ...other.message, reply_to: now };
                    drawMessage(other, message, this.people, repliedTo);
                }
            }
        });
        this.on.changed(id);
    }

    /** Draws the messages of a user again. */
    redraw(userId) {
        const own = this.items.filter(({ message }) => message.sender_id === userId);
        const isBlocked = this.people.blocked.has(userId);
        this.#keepPosition(() =>
            own.forEach((node) => {
                const message = { ...node.message, is_blocked: isBlocked };
                drawMessage(node, message, this.people, (id) => this.repliedTo(id));
            }),
        );
    }

    /** Draws the days again: "Today" has become "Yesterday". */
    drawDays() {
        this.#keepPosition(() => this.#place(0, this.items.length));
    }

    /** Draws the line for new messages above this one; 0 removes it. */
    markNew(id) {
        this.firstNew = id;
        this.#keepPosition(() => this.#place(0, this.items.length));
    }

    /** Shows the elements of pending messages below all others. */
    drawOutbox(nodes, toEnd) {
        const showEnd = toEnd || this.isAtBottom();
        fill(this.outbox, nodes);
        if (showEnd && this.atEnd) {
            this.#scrollToEnd();
        } else if (toEnd) {
            this.toEnd();
        }
    }

    /** The last message in the window. */
    last() {
        return this.items[this.items.length - 1]?.message;
    }

    /** The room's newest message, if it is in the window. */
    newest() {
        return this.atEnd ? this.last() : undefined;
    }

    /** The newest message of this user in the window. */
    lastOwn() {
        return this.items.findLast(
            ({ message }) => message.sender_id === this.self && !message.is_deleted,
        )?.message;
    }

    // ---- scrolling ----

    isAtBottom() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        return this.atEnd && scrollHeight - scrollTop - clientHeight < END_DISTANCE;
    }

    #scrollToEnd() {
        this.scroller.scrollTop = this.scroller.scrollHeight;
        this.followsEnd = true;
        this.missed = 0;
        this.#drawJump();
    }

    /** Changes the window so that what is in view does not move. */
    #keepPosition(change) {
        if (this.isAtBottom()) {
            change();
            this.scroller.scrollTop = this.scroller.scrollHeight;
            return;
        }
        const anchor = this.#topmost();
        const before = anchor && this.#topOf(anchor);
        change();
        if (anchor?.isConnected) {
            this.scroller.scrollTop += this.#topOf(anchor) - before;
        }
    }

    #scrolled() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        this.followsEnd = this.isAtBottom();
        if (this.followsEnd) {
            this.missed = 0;
            this.cameFrom = 0;
            this.on.seen();
        }
        this.#drawJump();
        // What has failed is made again by a timer.
        if (this.loader.isLoading || this.loader.hasFailed || this.items.length === 0) {
            return;
        }
        if (!this.atStart && scrollTop < clientHeight) {
            this.#loadMore(true);
        } else if (!this.atEnd && scrollHeight - scrollTop - clientHeight < clientHeight) {
            this.#loadMore(false);
        }
    }

    async #loadMore(above) {
        const edge = above ? this.items[0] : this.items[this.items.length - 1];
        const id = edge.message.message_id;
        await this.loader.read(
            () => (above ? this.source.older(id, PAGE) : this.source.newer(id, PAGE)),
            (page) =>
                this.#keepPosition(() => {
                    if (above) {
                        this.#prepend(page.messages);
                        this.atStart = !page.more;
                        this.#trim(false);
                    } else {
                        this.#append(page.messages);
                        this.atEnd = !page.more;
                        this.#trim(true);
                    }
                    this.#edges();
                }),
        );
    }

    /**
     * Keeps the end in view when the window or an on-screen keyboard changes the height, or a part
     * of a message is shown later than the rest.
     */
    #resized() {
        if (this.followsEnd) {
            this.scroller.scrollTop = this.scroller.scrollHeight;
        }
        this.watch();
    }

    #drawJump() {
        const shown =
            this.items.length > 0 &&
            !this.isAtBottom() &&
            (this.missed > 0 ||
                this.cameFrom > 0 ||
                !this.atEnd ||
                this.#distance() > this.scroller.clientHeight);
        this.jump.hidden = !shown;
        const newer = () =>
            this.missed > 0
                ? tn(this.missed, "{count} new message", "{count} new messages")
                : t("To the newest message");
        const text = this.cameFrom ? t("Back to the reply") : newer();
        if (shown && this.jump.textContent !== text) {
            fill(this.jump, icon("down"), text);
        }
    }

    #distance() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        return scrollHeight - scrollTop - clientHeight;
    }
}
