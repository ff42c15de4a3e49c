// The messages of one room, as a window that moves over its history: messages far out of sight
// are removed from the page and loaded again when needed, so a room of any length costs the same.

import { fill, h, oncePerFrame } from "../ui/dom.js";
import { counted } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { drawMessage, messageNode, placeMessage } from "./message.js";

/** Messages per request. */
const PAGE = 50;
/** The most messages kept in the page. */
const WINDOW = 250;
/** Within this distance (px) of the end, the view counts as being at the end. */
const END_DISTANCE = 48;
/** The most quoted messages kept in memory. */
const MAX_QUOTES = 500;

/**
 * `source` loads messages; all its functions return promises. `newest(limit)`, `older(id, limit)`,
 * `newer(id, limit)` and `fromEnd(offset, limit)` give `{messages, more}`, oldest first; `one(id)`
 * gives a message. Calls `on.seen()` when the room's last message comes into view,
 * `on.shown(messages)` after appending some, `on.active(message, article)` when one is pointed at
 * or focused, and `on.failed(error)` when a request failed.
 */
export class Timeline {
    constructor({ source, self, roomName, on }) {
        Object.assign(this, { source, self, on });
        // The elements in the window, in order and by message id.
        this.items = [];
        this.byId = new Map();
        // Messages replied to that are not in the window, or promises of them.
        this.quotes = new Map();
        // New messages that the next frame adds.
        this.arrived = [];
        // Whether the window reaches the first and the last message of the room.
        this.atStart = false;
        this.atEnd = false;
        // New messages below the view; the message under the line for new ones.
        this.missed = 0;
        this.firstNew = 0;
        // The number of the latest request, and of the one under way.
        this.lastRequest = 0;
        this.loading = null;
        this.#build(roomName);
        this.flush = oncePerFrame(() => this.#addArrived());
        this.watch = oncePerFrame(() => this.#scrolled());
        this.scroller.addEventListener("scroll", this.watch, { passive: true });
        this.resizing = new ResizeObserver(() => this.#resized());
        this.resizing.observe(this.scroller);
    }

    #build(roomName) {
        this.list = h("div.items");
        this.outbox = h("div.outbox");
        this.beginning = h(
            "div.beginning",
            { hidden: true },
            h("span.round", icon("chat")),
            h("h2", roomName),
            h("p", "This is the beginning of the room."),
        );
        this.scroller = h(
            "div.scroller",
            {
                role: "log",
                "aria-label": `Messages in ${roomName}`,
                tabindex: "0",
                onkeydown: (event) => this.#key(event),
                onfocusin: (event) => {
                    const article = event.target.closest(".message");
                    if (article?.dataset.id) {
                        this.#setTabStop(article);
                    }
                    this.#activate(article);
                },
                onpointerover: (event) => this.#activate(event.target.closest(".message")),
                onclick: (event) => this.#clicked(event),
            },
            this.beginning,
            this.list,
            this.outbox,
        );
        this.jump = h("button.jump", { type: "button", hidden: true, onclick: () => this.toEnd() });
        this.element = h(
            "div.timeline",
            this.scroller,
            h("div.loading", { hidden: true, role: "status" }, "Loading messages…"),
            this.jump,
        );
    }

    close() {
        this.lastRequest += 1;
        this.resizing.disconnect();
        this.element.remove();
    }

    // ---- the window ----

    /** Shows the newest messages; if many are unread, the first unread ones. */
    async open(unread = 0) {
        const far = unread > PAGE - 10;
        const after = far ? unread - PAGE / 2 : 0;
        const page = await this.#read(() => this.source.fromEnd(after, PAGE));
        if (!page) {
            return;
        }
        const { messages } = page;
        const first = messages.length - (unread - after);
        this.firstNew =
            unread > 0 && messages.length > 0
                ? messages[Math.max(0, Math.min(first, messages.length - 1))].message_id
                : 0;
        this.#show(messages, page.more, far);
        const line = this.byId.get(this.firstNew);
        if (far && line) {
            this.scroller.scrollTop = line.offsetTop - this.scroller.clientHeight / 3;
        } else {
            this.#scrollToEnd();
        }
        this.watch();
    }

    /** Scrolls to the newest message, loading it if needed. */
    async toEnd() {
        if (!this.atEnd) {
            const page = await this.#read(() => this.source.newest(PAGE));
            if (!page) {
                return;
            }
            this.#show(page.messages, page.more, false);
        }
        this.#scrollToEnd();
        this.watch();
    }

    /** Scrolls to a message anywhere in the room. */
    async goTo(id) {
        if (!this.byId.has(id)) {
            const page = await this.#read(async () => {
                const [older, it, newer] = await Promise.all([
                    this.source.older(id, PAGE / 2),
                    this.source.one(id),
                    this.source.newer(id, PAGE / 2),
                ]);
                return {
                    messages: [...older.messages, it, ...newer.messages],
                    more: older.more,
                    after: newer.more,
                };
            });
            if (!page) {
                return;
            }
            this.#show(page.messages, page.more, page.after);
        }
        this.byId.get(id).scrollIntoView({ block: "center" });
        const article = this.focusOn(id);
        article.classList.remove("flash");
        requestAnimationFrame(() => article.classList.add("flash"));
    }

    /** Focuses a message in the window. */
    focusOn(id) {
        const article = this.byId.get(id)?.querySelector(".message");
        article?.focus({ preventScroll: true });
        return article;
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

    /** Runs a request; resolves to undefined if it failed or a later one has replaced it. */
    async #read(work) {
        this.lastRequest += 1;
        const own = this.lastRequest;
        const indicator = this.element.querySelector(".loading");
        const slow = setTimeout(() => {
            indicator.hidden = false;
        }, 300);
        this.loading = own;
        try {
            const result = await work();
            return own === this.lastRequest ? result : undefined;
        } catch (error) {
            if (own === this.lastRequest) {
                this.on.failed(error);
            }
            return undefined;
        } finally {
            clearTimeout(slow);
            if (this.loading === own) {
                this.loading = null;
                indicator.hidden = true;
                this.flush();
            }
        }
    }

    #node(message) {
        const node = messageNode(message, (id) => this.repliedTo(id));
        this.byId.set(message.message_id, node);
        return node;
    }

    #append(messages) {
        const nodes = messages
            .filter((message) => !this.byId.has(message.message_id))
            .map((message) => this.#node(message));
        const from = this.items.length;
        this.items.push(...nodes);
        this.#place(from, this.items.length);
        this.list.append(...nodes);
        this.on.shown(messages);
    }

    #prepend(messages) {
        const nodes = messages
            .filter((message) => !this.byId.has(message.message_id))
            .map((message) => this.#node(message));
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
        this.#drawJump();
        if (!this.scroller.contains(this.tabStop) && this.items.length > 0) {
            this.#setTabStop(this.items[this.items.length - 1].querySelector(".message"));
        }
    }

    /** The message replied to, or a promise of it. */
    repliedTo(id) {
        const shown = this.byId.get(id)?.message ?? this.quotes.get(id);
        if (shown) {
            return shown;
        }
        const request = this.source.one(id);
        this.quotes.set(id, request);
        if (this.quotes.size > MAX_QUOTES) {
            this.quotes.delete(this.quotes.keys().next().value);
        }
        request.then(
            (message) => this.quotes.set(id, message),
            () => this.quotes.delete(id),
        );
        return request;
    }

    // ---- events ----

    /** Adds a new message. */
    add(message) {
        this.arrived.push(message);
        this.flush();
    }

    #addArrived() {
        if (this.loading) {
            return; // the page being loaded may contain them; #read() calls flush() afterwards
        }
        const last = this.last()?.message_id ?? 0;
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
        this.quotes.delete(message.message_id);
        this.arrived = this.arrived.map((one) =>
            one.message_id === message.message_id ? message : one,
        );
        const node = this.byId.get(message.message_id);
        if (!node) {
            return;
        }
        this.#keepPosition(() => {
            drawMessage(node, message, (id) => this.repliedTo(id));
            for (const other of this.items) {
                if (other.message.reply_to_id === message.message_id) {
                    drawMessage(other, other.message, (id) => this.repliedTo(id));
                }
            }
        });
    }

    /** Shows a message as deleted; the event has only its id. */
    remove(id) {
        const message =
            this.byId.get(id)?.message ?? this.arrived.find((one) => one.message_id === id);
        if (message) {
            this.change({ ...message, is_deleted: true, content: "" });
        }
        this.quotes.delete(id);
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
        const top = this.scroller.scrollTop;
        const anchor = this.items.find((node) => node.offsetTop + node.offsetHeight > top);
        const before = anchor?.offsetTop;
        change();
        if (anchor?.isConnected) {
            this.scroller.scrollTop = top + anchor.offsetTop - before;
        }
    }

    #scrolled() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        this.followsEnd = this.isAtBottom();
        if (this.followsEnd) {
            this.missed = 0;
            this.on.seen();
        }
        this.#drawJump();
        if (this.loading || this.items.length === 0) {
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
        const page = await this.#read(() =>
            above ? this.source.older(id, PAGE) : this.source.newer(id, PAGE),
        );
        if (!page) {
            return;
        }
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
        });
        this.watch();
    }

    /** Keeps the end in view when the window or an on-screen keyboard changes the height. */
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
            (this.missed > 0 || !this.atEnd || this.#distance() > this.scroller.clientHeight);
        this.jump.hidden = !shown;
        const text =
            this.missed > 0 ? counted(this.missed, "new message") : "To the newest message";
        if (shown && this.jump.textContent !== text) {
            fill(this.jump, icon("down"), text);
        }
    }

    #distance() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        return scrollHeight - scrollTop - clientHeight;
    }

    // ---- keys ----

    /** Makes one message the tab stop; the arrow keys move from it to its neighbours. */
    #setTabStop(article) {
        if (this.tabStop && this.tabStop !== article) {
            this.tabStop.tabIndex = -1;
        }
        this.tabStop = article;
        article.tabIndex = 0;
    }

    /** A message is pointed at or has the focus; pending ones have no id and no actions. */
    #activate(article) {
        if (article?.dataset.id) {
            this.on.active(article.parentElement.message, article);
        }
    }

    #key(event) {
        const article = event.target.closest(".message");
        const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!article || !step || event.target !== article) {
            return;
        }
        const at = this.items.indexOf(article.parentElement);
        const next = this.items[at + step];
        if (next) {
            next.querySelector(".message").focus();
        }
        event.preventDefault();
    }

    #clicked(event) {
        const quote = event.target.closest("[data-jump]");
        if (quote) {
            this.goTo(Number(quote.dataset.jump));
        }
    }
}
