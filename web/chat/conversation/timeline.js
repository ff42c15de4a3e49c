// The messages of one room, as a window that moves over all of them: what scrolls far out of
// sight leaves the page and is read again when it comes back. So a room of any length costs the
// same.

import { counted } from "../ui/format.js";
import { fill, h, oncePerFrame } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { drawMessage, dress, messageNode } from "./message.js";

/** So many messages are read at a time, and kept in the page. */
const PAGE = 50;
const WINDOW = 250;
/** Nearer to the end than this (px) counts as being there. */
const NEAR = 48;
/** Messages replied to that are kept, beyond those in the page. */
const QUOTES = 500;

/**
 * `source` reads messages, all promises: `newest(limit)`, `older(id, limit)`, `newer(id, limit)`
 * and `fromEnd(offset, limit)` give `{messages, more}`, oldest first; `one(id)` gives a message.
 * `on.seen()` is called when the last message of the room came into sight, `on.shown(messages)`
 * when messages were put at the end of the page, `on.active(message, article)` when one is
 * pointed at or has the focus, `on.failed(error)` when something could not be read.
 */
export class Timeline {
    constructor({ source, self, roomName, on }) {
        Object.assign(this, { source, self, on });
        this.items = [];
        this.byId = new Map();
        this.quotes = new Map();
        this.arrived = [];
        this.atStart = false;
        this.atEnd = false;
        this.missed = 0;
        this.firstNew = 0;
        this.turn = 0;
        this.loading = null;
        this.#build(roomName);
        this.flush = oncePerFrame(() => this.#takeArrived());
        this.watch = oncePerFrame(() => this.#scrolled());
        this.scroller.addEventListener("scroll", this.watch, { passive: true });
        this.resizing = new ResizeObserver(() => this.#resized());
        this.resizing.observe(this.scroller);
    }

    #build(roomName) {
        this.list = h("div", { class: "items" });
        this.outbox = h("div", { class: "outbox" });
        this.beginning = h(
            "div",
            { class: "beginning", hidden: true },
            h("span", { class: "round" }, icon("chat")),
            h("h2", {}, roomName),
            h("p", {}, "This is where the conversation begins."),
        );
        this.scroller = h(
            "div",
            {
                class: "scroller",
                role: "log",
                "aria-label": `Messages in ${roomName}`,
                tabindex: "0",
                onkeydown: (event) => this.#key(event),
                onfocusin: (event) => this.#focused(event.target.closest(".message")),
                onpointerover: (event) => this.#pointed(event.target.closest(".message")),
                onclick: (event) => this.#clicked(event),
            },
            this.beginning,
            this.list,
            this.outbox,
        );
        this.jump = h("button", {
            class: "jump",
            type: "button",
            hidden: true,
            onclick: () => this.toEnd(),
        });
        this.element = h(
            "div",
            { class: "timeline" },
            this.scroller,
            h("div", { class: "loading", hidden: true, role: "status" }, "Loading messages…"),
            this.jump,
        );
    }

    close() {
        this.turn += 1;
        this.resizing.disconnect();
        this.element.remove();
    }

    // ---- what is in the window ----

    /** Shows the newest messages, or, with so many unread, the first of them. */
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

    /** Reads the newest messages again and goes to the end. */
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

    /** Brings a message into sight, wherever in the room it is. */
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

    /** Gives the focus to a message that is in the window. */
    focusOn(id) {
        const article = this.byId.get(id)?.querySelector(".message");
        article?.focus({ preventScroll: true });
        return article;
    }

    /** Replaces the whole window. */
    #show(messages, moreBefore, moreAfter) {
        this.items = [];
        this.byId.clear();
        this.list.replaceChildren();
        this.atStart = !moreBefore;
        this.atEnd = !moreAfter;
        this.#append(messages);
        this.#edges();
    }

    /** Reads something, one thing at a time; undefined if it failed or came too late. */
    async #read(work) {
        const turn = ++this.turn;
        const sign = this.element.querySelector(".loading");
        const slow = setTimeout(() => {
            sign.hidden = false;
        }, 300);
        this.loading = turn;
        try {
            const result = await work();
            return turn === this.turn ? result : undefined;
        } catch (error) {
            if (turn === this.turn) {
                this.on.failed(error);
            }
            return undefined;
        } finally {
            clearTimeout(slow);
            if (this.loading === turn) {
                this.loading = null;
                sign.hidden = true;
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
        this.#dress(from, this.items.length);
        this.list.append(...nodes);
        this.on.shown(messages);
    }

    #prepend(messages) {
        const nodes = messages
            .filter((message) => !this.byId.has(message.message_id))
            .map((message) => this.#node(message));
        this.items.unshift(...nodes);
        this.#dress(0, nodes.length + 1);
        this.list.prepend(...nodes);
    }

    #dress(from, to) {
        for (let i = from; i < Math.min(to, this.items.length); i += 1) {
            const node = this.items[i];
            dress(node, this.items[i - 1]?.message, node.message.message_id === this.firstNew);
        }
    }

    /** Lets go of messages at one end until the window has its size. */
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
            this.#dress(0, 1);
        } else {
            this.atEnd = false;
        }
    }

    #edges() {
        this.beginning.hidden = !this.atStart;
        this.#drawJump();
        if (!this.scroller.contains(this.stop) && this.items.length > 0) {
            this.#focusable(this.items[this.items.length - 1].querySelector(".message"));
        }
    }

    /** The message replied to, at once or as a promise. */
    repliedTo(id) {
        const shown = this.byId.get(id)?.message ?? this.quotes.get(id);
        if (shown) {
            return shown;
        }
        const coming = this.source.one(id);
        this.quotes.set(id, coming);
        if (this.quotes.size > QUOTES) {
            this.quotes.delete(this.quotes.keys().next().value);
        }
        coming.then(
            (message) => this.quotes.set(id, message),
            () => this.quotes.delete(id),
        );
        return coming;
    }

    // ---- what happens meanwhile ----

    /** A new message of the room. */
    add(message) {
        this.arrived.push(message);
        this.flush();
    }

    #takeArrived() {
        if (this.loading) {
            return; // a page is under way that may hold them; then they are looked at again
        }
        const last = this.last()?.message_id ?? 0;
        const messages = this.arrived.filter((message) => message.message_id > last);
        this.arrived = [];
        if (messages.length === 0) {
            return;
        }
        const others = messages.filter((message) => message.sender_id !== this.self).length;
        const sticks = this.isAtBottom();
        const full = !sticks && this.items.length + messages.length > WINDOW;
        if (!this.atEnd || full) {
            this.atEnd = false;
            this.missed += others;
            this.#drawJump();
            return;
        }
        this.#append(messages.slice(-WINDOW));
        if (sticks) {
            this.#trim(true);
            this.#edges();
            this.#scrollToEnd();
        } else {
            this.missed += others;
            this.#drawJump();
        }
        this.watch();
    }

    /** A message is different now: edited, or deleted. */
    change(message) {
        this.quotes.delete(message.message_id);
        this.arrived = this.arrived.map((one) =>
            one.message_id === message.message_id ? message : one,
        );
        const node = this.byId.get(message.message_id);
        if (!node) {
            return;
        }
        this.#keepingPlace(() => {
            drawMessage(node, message, (id) => this.repliedTo(id));
            for (const other of this.items) {
                if (other.message.reply_to_id === message.message_id) {
                    drawMessage(other, other.message, (id) => this.repliedTo(id));
                }
            }
        });
    }

    /** A message is gone; the event says only which. */
    remove(id) {
        const message =
            this.byId.get(id)?.message ?? this.arrived.find((one) => one.message_id === id);
        if (message) {
            this.change({ ...message, is_deleted: true, content: "" });
        }
        this.quotes.delete(id);
    }

    /** Puts the line for new messages above this one; 0 takes it away. */
    markNew(id) {
        this.firstNew = id;
        this.#keepingPlace(() => this.#dress(0, this.items.length));
    }

    /** Messages on their way, as nodes, below all others. */
    drawOutbox(nodes, toEnd) {
        const sticks = toEnd || this.isAtBottom();
        fill(this.outbox, nodes);
        if (sticks && this.atEnd) {
            this.#scrollToEnd();
        } else if (toEnd) {
            this.toEnd();
        }
    }

    /** The last message in the page. */
    last() {
        return this.items[this.items.length - 1]?.message;
    }

    /** The newest message in the window, if it is the room's newest. */
    newest() {
        return this.atEnd ? this.last() : undefined;
    }

    /** The newest message of this user in the window, for editing it. */
    lastOwn() {
        return this.items.findLast(
            ({ message }) => message.sender_id === this.self && !message.is_deleted,
        )?.message;
    }

    // ---- scrolling ----

    isAtBottom() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        return this.atEnd && scrollHeight - scrollTop - clientHeight < NEAR;
    }

    #scrollToEnd() {
        this.scroller.scrollTop = this.scroller.scrollHeight;
        this.sticks = true;
        this.missed = 0;
        this.#drawJump();
    }

    /** Changes the window without what is in sight moving. */
    #keepingPlace(change) {
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
        this.sticks = this.isAtBottom();
        if (this.sticks) {
            this.missed = 0;
            this.on.seen();
        }
        this.#drawJump();
        if (this.loading || this.items.length === 0) {
            return;
        }
        if (!this.atStart && scrollTop < clientHeight) {
            this.#more(true);
        } else if (!this.atEnd && scrollHeight - scrollTop - clientHeight < clientHeight) {
            this.#more(false);
        }
    }

    async #more(above) {
        const edge = above ? this.items[0] : this.items[this.items.length - 1];
        const id = edge.message.message_id;
        const page = await this.#read(() =>
            above ? this.source.older(id, PAGE) : this.source.newer(id, PAGE),
        );
        if (!page) {
            return;
        }
        this.#keepingPlace(() => {
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

    /** The window or the keyboard of a phone changed the height: who was at the end stays there. */
    #resized() {
        if (this.sticks) {
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
        const words =
            this.missed > 0 ? counted(this.missed, "new message") : "To the newest message";
        if (shown && this.jump.textContent !== words) {
            fill(this.jump, icon("down"), words);
        }
    }

    #distance() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroller;
        return scrollHeight - scrollTop - clientHeight;
    }

    // ---- keys ----

    /** One message at a time can be reached by Tab; the arrows go from it to its neighbours. */
    #focusable(article) {
        if (this.stop && this.stop !== article) {
            this.stop.tabIndex = -1;
        }
        this.stop = article;
        article.tabIndex = 0;
    }

    #focused(article) {
        if (article?.dataset.id) {
            this.#focusable(article);
            this.on.active(article.parentElement.message, article);
        }
    }

    #pointed(article) {
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
