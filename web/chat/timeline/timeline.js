// The messages of one room, of which a part is in the page: those far out of sight are removed and
// loaded again when needed, so a room of any length costs the same. Here is which part that is, how
// it is scrolled, and what events do to it; the part itself is a MessageList.

import { fill, h, oncePerFrame } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { t, tn } from "../words.js";
import { MessageList, MOST_MESSAGES } from "./message-list.js";
import { PageLoader } from "./page-loader.js";
import { TimelineInput, tabStopIn } from "./timeline-input.js";

/** Messages per request. */
const PAGE = 50;
/** The largest page that the server gives. */
const MAX_PAGE = 200;
/** The least height (px) of a message. */
const MIN_HEIGHT = 24;
/** Within this distance (px) of the end, the view counts as being at the end. */
const END_DISTANCE = 48;

/**
 * `source` loads messages; all its functions return promises. `newest(limit)`, `older(id, limit)`,
 * `newer(id, limit)` and `fromEnd(offset, limit)` give `{messages, more}`, oldest first; `one(id)`
 * gives a message. Calls `on.seen()` when the room's last message comes into view,
 * `on.shown(messages)` after appending some, `on.changed(id)` after a message was edited or
 * deleted, and `on.refused(error)` if the user may not read the room; `on.day`, `on.answers`,
 * `on.reacted`, `on.active` and `on.pressed` as TimelineInput does.
 */
export class Timeline {
    constructor({ source, self, people, roomName, on }) {
        Object.assign(this, { source, self, on });
        const current = (message) => ({ ...message, ...this.changes.get(message.message_id) });
        this.list = new MessageList(people, (id) => source.one(id), current);
        // New messages that the next frame adds.
        this.arrived = [];
        // New messages below the view.
        this.missed = 0;
        // The reply whose quote was followed to the original.
        this.cameFrom = 0;
        // Changes of messages while a page was loading, which may have their former state.
        this.changes = new Map();
        this.loader = new PageLoader({
            began: () => this.changes.clear(),
            shown: () => this.watch(),
            ended: () => this.flush(),
            refused: (error) => on.refused(error),
        });
        this.input = new TimelineInput(() => this.list.items.filter((node) => !node.hidden), {
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
        [this.scroller, this.list.element, this.outbox].forEach((part) =>
            this.resizing.observe(part),
        );
    }

    #build() {
        this.outbox = h("div.outbox");
        this.beginning = h(
            "div.beginning",
            { hidden: true },
            h("span.round", icon("chat")),
            h("h2"),
            h("p", t("This is the beginning of the room.")),
        );
        this.scroller = h(
            "div.scroller",
            {
                role: "log",
                tabindex: "0",
                ...this.input.listeners(),
            },
            this.beginning,
            this.list.early,
            this.list.element,
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

    // ---- the part that is in the page ----

    /**
     * Shows the newest messages; if many are unread, the first unread ones. `place` is where the
     * user was before, or null.
     */
    async open(unread = 0, place = null) {
        this.list.quotes.clear();
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
                this.list.firstNew =
                    unread > 0 && messages.length > 0
                        ? messages[Math.max(0, Math.min(first, messages.length - 1))].message_id
                        : 0;
                this.#show(messages, more, far);
                const line = this.list.byId.get(this.firstNew);
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
        return this.list.items.find((node) => node.offsetTop + node.offsetHeight > top);
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
                this.scroller.scrollTop += this.#topOf(this.list.byId.get(id)) - offset;
            },
        );
    }

    /** Scrolls to the newest message, loading it if needed. */
    async toEnd() {
        if (this.list.atEnd) {
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
        this.focusOn(this.list.last()?.message_id);
    }

    /** Scrolls to a message anywhere in the room. */
    async goTo(id) {
        if (this.list.byId.has(id)) {
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
        const { offsetTop, offsetHeight } = this.list.visible(id);
        this.scroller.scrollTop = offsetTop - (this.scroller.clientHeight - offsetHeight) / 2;
        const article = this.focusOn(id);
        article.classList.remove("flash");
        requestAnimationFrame(() => article.classList.add("flash"));
    }

    /** Focuses a message in the page. */
    focusOn(id) {
        const article = this.list.visible(id)?.querySelector(".message");
        article?.focus({ preventScroll: true });
        return article;
    }

    /** Shows these messages instead of those before. */
    #show(messages, moreBefore, moreAfter) {
        this.list.clear(moreBefore, moreAfter);
        this.#append(messages);
        this.#edges();
    }

    /** Makes a request that has failed once more. */
    retry() {
        this.loader.retry();
    }

    /**
     * Shows a quiet line, once for each key, after a message: {id, text}; text() is called again
     * when the profile of the user `id` is there.
     */
    addLine(key, line, after) {
        if (this.list.quietLines.add(key, line, after)) {
            this.#keepPosition(() => this.list.drawLines(after));
        }
    }

    /** The newest message that is known, also if it is not in the page. */
    newestKnown() {
        return Math.max(this.arrived.at(-1)?.message_id ?? 0, this.lastKnown ?? 0);
    }

    #append(messages) {
        const before = this.list.items.at(-1);
        this.list.append(messages);
        // Until the user has gone to another one, Tab leads to the newest message.
        if (before && tabStopIn(before) && !before.matches(":focus-within")) {
            this.input.setTabStop(this.list.items.at(-1).querySelector(".message"));
        }
        this.lastKnown = Math.max(this.lastKnown ?? 0, messages.at(-1)?.message_id ?? 0);
        this.on.shown(messages);
    }

    #edges() {
        const { items, atStart } = this.list;
        this.beginning.hidden = !atStart;
        // One tab stop: a message, if there is one.
        this.scroller.tabIndex = items.length > 0 ? -1 : 0;
        this.#drawJump();
        if (!tabStopIn(this.list.element) && items.length > 0) {
            this.input.setTabStop(items.at(-1).querySelector(".message"));
        }
    }

    /** The message replied to, or a promise of it. */
    repliedTo(id) {
        return this.list.repliedTo(id);
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
        const { list } = this;
        const last = list.last()?.message_id ?? 0;
        this.lastKnown = this.newestKnown();
        const messages = this.arrived.filter((message) => message.message_id > last);
        this.arrived = [];
        if (messages.length === 0) {
            return;
        }
        const others = messages.filter((message) => message.sender_id !== this.self).length;
        const wasAtBottom = this.isAtBottom();
        const isFull = !wasAtBottom && list.items.length + messages.length > MOST_MESSAGES;
        if (!list.atEnd || isFull) {
            list.atEnd = false;
            this.missed += others;
            this.#drawJump();
            return;
        }
        this.#append(messages.slice(-MOST_MESSAGES));
        if (wasAtBottom) {
            list.trim(true);
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
        const { list } = this;
        list.oldest = oldest ?? this.newestKnown() + 1;
        this.arrived = this.arrived.filter(({ message_id: id }) => id >= list.oldest);
        list.quotes.clear();
        const isAllGone = list.countOld() === list.items.length;
        // There is nothing to keep, or the message from which a page was asked for is gone.
        if ((isAllGone && !list.atEnd) || this.loader.hasFailed) {
            this.open();
            return;
        }
        this.#keepPosition(() => {
            list.removeOld();
            this.#edges();
        });
    }

    /** A new message answers this one: counts it, unless the page was loaded with it. */
    answered(id, reply) {
        const { byId } = this.list;
        const shown = byId.get(id)?.message;
        if (shown && !byId.has(reply)) {
            this.#change(id, { reply_count: shown.reply_count + 1 });
        }
    }

    /** Shows the reactions to a message; those of an event do not say which are the user's. */
    react(id, reactions) {
        const known = this.list.byId.get(id)?.message.reactions ?? [];
        const own = new Set(known.filter(({ mine }) => mine).map(({ emoji }) => emoji));
        const change = reactions.map((one) => ({ mine: own.has(one.emoji), ...one }));
        this.#change(id, { reactions: change });
    }

    #change(id, change) {
        if (this.loader.isLoading) {
            this.changes.set(id, { ...this.changes.get(id), ...change });
        }
        this.arrived = this.arrived.map((one) =>
            one.message_id === id ? { ...one, ...change } : one,
        );
        this.#keepPosition(() => this.list.change(id, change));
        this.on.changed(id);
    }

    /** Draws the messages of a user again. */
    redraw(userId) {
        this.#keepPosition(() => this.list.redraw(userId));
    }

    /** Draws the days again: "Today" has become "Yesterday". */
    drawDays() {
        this.#keepPosition(() => this.list.placeAll());
    }

    /** Draws the line for new messages above this one; 0 removes it. */
    markNew(id) {
        this.list.firstNew = id;
        this.#keepPosition(() => this.list.placeAll());
    }

    /** The message under the line for new ones, or 0. */
    get firstNew() {
        return this.list.firstNew;
    }

    /** Shows the elements of pending messages below all others. */
    drawOutbox(nodes, toEnd) {
        const showEnd = toEnd || this.isAtBottom();
        fill(this.outbox, nodes);
        if (showEnd && this.list.atEnd) {
            this.#scrollToEnd();
        } else if (toEnd) {
            this.toEnd();
        }
    }

    /** The last message in the page. */
    last() {
        return this.list.last();
    }

    /** The room's newest message, if it is in the page. */
    newest() {
        return this.list.atEnd ? this.list.last() : undefined;
    }

    /** The newest message of this user in the page. */
    lastOwn() {
        return this.list.lastOf(this.self);
    }

    // ---- scrolling ----

    isAtBottom() {
        return this.list.atEnd && this.#distance() < END_DISTANCE;
    }

    #scrollToEnd() {
        this.scroller.scrollTop = this.scroller.scrollHeight;
        this.followsEnd = true;
        this.missed = 0;
        this.#drawJump();
    }

    /** Changes the list so that what is in view does not move. */
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
        this.followsEnd = this.isAtBottom();
        if (this.followsEnd) {
            this.missed = 0;
            this.cameFrom = 0;
            this.on.seen();
        }
        this.#drawJump();
        const { items, atStart, atEnd } = this.list;
        const { scrollTop, clientHeight } = this.scroller;
        // What has failed is made again by a timer.
        if (this.loader.isLoading || this.loader.hasFailed || items.length === 0) {
            return;
        }
        if (!atStart && scrollTop < clientHeight) {
            this.#loadMore(true);
        } else if (!atEnd && this.#distance() < clientHeight) {
            this.#loadMore(false);
        }
    }

    async #loadMore(above) {
        const { list } = this;
        const { message_id: id } = list.items.at(above ? 0 : -1).message;
        await this.loader.read(
            () => (above ? this.source.older(id, PAGE) : this.source.newer(id, PAGE)),
            (page) =>
                this.#keepPosition(() => {
                    if (above) {
                        list.prepend(page.messages);
                        list.atStart = !page.more;
                        list.trim(false);
                    } else {
                        this.#append(page.messages);
                        list.atEnd = !page.more;
                        list.trim(true);
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
            this.list.items.length > 0 &&
            !this.isAtBottom() &&
            (this.missed > 0 ||
                this.cameFrom > 0 ||
                !this.list.atEnd ||
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

    /** How far (px) the end is below the view. */
    #distance() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        return scrollHeight - scrollTop - clientHeight;
    }
}
