// The moderator's page: reports with their context, held messages, silences and bans with their
// end, and the audit. A dialog of its own, usable on a phone and by the keyboard.

import { messageSummary } from "../timeline/message.js";
import { button, errorText } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { dayName, fullTime, timeOfDay } from "../ui/format.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { addStyles } from "../ui/styles.js";
import { t } from "../words.js";
import { auditPage, auditRow } from "./audit.js";
import { moderate } from "./people.js";
import { Deferred } from "./undo.js";

const PAGE = 20;

const time = (at) =>
    h("time", { datetime: at, title: fullTime(at) }, `${dayName(at)}, ${timeOfDay(at)}`);
const reasonText = (reason) =>
    ({ spam: t("Spam"), abuse: t("Abuse"), illegal: t("Illegal") })[reason] ?? t("Something else");

/** Another moderator was faster: it is done already. */
function unlessGone(error) {
    if (error.status !== 404 || error.foreign) {
        throw error;
    }
}

class Page {
    constructor({ root, confab, people, rooms, cases, open, failed }) {
        Object.assign(this, { root, confab, people, rooms, cases, open });
        this.isOfSite = Boolean(confab.user.is_moderator);
        // By id: rooms that are not among those of the user; null: it cannot be read.
        this.others = new Map();
        this.list = h("ul.orders");
        this.below = h("div");
        this.panel = h("div", { role: "tabpanel", tabindex: "0" }, this.list, this.below);
        this.deferred = new Deferred((item) => this.#removed(item), failed);
        this.stop = cases.on("change", () => this.#casesChanged());
        this.#buildTabs();
        this.#choose(this.kinds[0]);
    }

    close() {
        this.stop();
        this.deferred.close();
    }

    #buildTabs() {
        this.kinds = [
            {
                title: () => t("Reports"),
                count: () => this.cases.reports,
                read: (next) =>
                    next
                        ? this.confab.follow(next)
                        : this.confab.reports({ state: "open", limit: PAGE }),
                key: (one) => one.report_id,
                row: (one) => this.#report(one),
            },
            {
                title: () => t("Waiting"),
                count: () => this.cases.held,
                read: (next) =>
                    next ? this.confab.follow(next) : this.confab.heldMessages({ limit: PAGE }),
                key: (one) => one.held_id,
                row: (one) => this.#held(one),
            },
            {
                title: () => t("Silenced"),
                read: (next) =>
                    next ? this.confab.follow(next) : this.confab.roomSilences({ limit: PAGE }),
                key: (one) => `${one.room_id}:${one.user_id}`,
                row: (one) => this.#silence(one),
            },
            {
                title: () => t("Bans"),
                read: (next) => this.#bans(next),
                key: (one) => `${one.room_id}:${one.user_id}`,
                row: (one) => this.#ban(one),
            },
            this.isOfSite && {
                title: () => t("Audit"),
                read: (next) => auditPage(this.confab, next),
                key: (one) => one.audit_id,
                row: (one) => auditRow(this.people, one, (id) => this.#roomName(id)),
            },
        ].filter(Boolean);
        this.tabs = h("div.tabs", { role: "tablist", "aria-label": t("Moderation") });
        for (const kind of this.kinds) {
            kind.tab = h("button", { type: "button", role: "tab" });
            kind.tab.addEventListener("click", () => this.#choose(kind));
            this.tabs.append(kind.tab);
        }
        moveWithArrows(this.tabs, { keys: ["ArrowLeft", "ArrowRight"], items: "button" });
        this.#drawTabs();
    }

    #drawTabs() {
        for (const { tab, title, count } of this.kinds) {
            const number = count?.() ?? 0;
            const sign = h("span.count", { "aria-hidden": "true" }, number > 99 ? "99+" : number);
            const words = h("span.unseen", ` (${number})`);
            fill(tab, title(), number > 0 && [sign, words]);
        }
    }

    #choose(kind) {
        this.deferred.flush();
        for (const { tab } of this.kinds) {
            tab.setAttribute("aria-selected", String(tab === kind.tab));
        }
        setTabStop(this.tabs, kind.tab, "button");
        this.panel.setAttribute("aria-label", kind.title());
        this.kind = kind;
        this.items = new Map();
        this.next = null;
        fill(this.list);
        this.#load(null);
    }

    // ---- the list ----

    /** Reads a page and adds its rows; what comes after another tab was chosen is dropped. */
    async #load(next) {
        const { kind } = this;
        fill(this.below, h("p.note", { role: "status" }, t("Loading…")));
        try {
            const page = await kind.read(next);
            if (kind === this.kind) {
                page.results.forEach((one) => this.#put(one));
                this.#drawBelow(page.next ?? null);
            }
        } catch (error) {
            if (kind === this.kind) {
                const again = button(t("Try again"), () => this.#load(next), "link");
                fill(this.below, h("p.wrong", { role: "alert" }, errorText(error), " ", again));
            }
        }
    }

    #drawBelow(next) {
        this.next = next;
        const nothing = () => h("p.note", { role: "status" }, t("There is nothing to do here."));
        fill(
            this.below,
            next
                ? button(t("Show more"), () => this.#load(next))
                : this.list.childElementCount === 0 && nothing(),
        );
    }

    #put(one) {
        const key = this.kind.key(one);
        if (!this.items.has(key)) {
            const item = Object.assign(h("li", ...this.kind.row(one)), { key, one });
            this.items.set(key, item);
            this.list.append(item);
        }
    }

    /** Reads again as many pages as are shown. */
    async #readShown() {
        const { kind, items } = this;
        const results = [];
        let next = null;
        do {
            const page = await kind.read(next);
            results.push(...page.results);
            next = page.next ?? null;
        } while (next && results.length < items.size);
        return { results, next };
    }

    /** Something is new, or another moderator has acted: rows that stay keep their elements. */
    async #casesChanged() {
        this.#drawTabs();
        const { kind } = this;
        if (!kind.count) {
            return;
        }
        if (this.isRefreshing) {
            this.isStale = true;
            return;
        }
        this.isRefreshing = true;
        this.isStale = false;
        try {
            const { results, next } = await this.#readShown();
            if (kind === this.kind) {
                this.#refresh(results, next);
            }
        } catch {
            // What is shown stays.
        }
        this.isRefreshing = false;
        // Something has changed while it was read.
        if (this.isStale) {
            this.#casesChanged();
        }
    }

    #refresh(results, next) {
        const { kind } = this;
        const keys = results.map((one) => kind.key(one));
        // Only what comes before the end of the pages that were read is known.
        const end = keys.at(-1);
        const isKnown = (key) => !next || (keys[0] < end ? key <= end : key >= end);
        for (const [key, item] of [...this.items]) {
            if (isKnown(key) && !keys.includes(key) && !this.deferred.has(item)) {
                this.#remove(item);
            }
        }
        results.forEach((one) => this.#put(one));
        // In the order of the answer, moving only what is out of place.
        keys.forEach((key, at) => {
            const item = this.items.get(key);
            if (this.list.children[at] !== item && !item.contains(document.activeElement)) {
                this.list.insertBefore(item, this.list.children[at] ?? null);
            }
        });
        this.#drawBelow(this.items.size > results.length ? this.next : next);
    }

    /** Draws the rows again: a ban may have deleted what they show. */
    async #renew() {
        const { kind } = this;
        const { results } = await this.#readShown().catch(() => ({ results: [] }));
        for (const one of kind === this.kind ? results : []) {
            const item = this.items.get(kind.key(one));
            if (item && !this.deferred.has(item)) {
                const hadFocus = item.matches(":focus-within");
                fill(Object.assign(item, { one }), ...kind.row(one));
                if (hadFocus) {
                    item.querySelector(".buttons button")?.focus();
                }
            }
        }
    }

    /** Takes a row away; the focus goes to its neighbour. */
    #remove(item) {
        const neighbour = item.nextElementSibling ?? item.previousElementSibling;
        if (item.matches(":focus-within")) {
            (neighbour?.querySelector(".buttons button") ?? this.panel).focus();
        }
        this.items.delete(item.key);
        item.remove();
    }

    #removed(item) {
        this.cases.readSoon();
        if (item.isConnected) {
            this.#remove(item);
            this.#drawBelow(this.next);
        }
    }

    /** A button that does something with its row, and can be undone. */
    #act(text, done, act, kind = "") {
        const begin = ({ target }) => this.deferred.add(target.closest("li"), done, act);
        return button(text, begin, kind);
    }

    // ---- rooms ----

    /** The room, a promise of it, or null if the user may not see it. */
    #room(id) {
        const own = this.rooms.find((one) => one.room_id === id);
        if (own || this.others.has(id)) {
            return own ?? this.others.get(id);
        }
        const asked = this.confab.room(id).catch(() => null);
        this.others.set(id, asked);
        asked.then((room) => this.others.set(id, room));
        return asked;
    }

    /** The name of a room, which may come later. */
    #roomName(id) {
        const node = h("bdi", t("Room {id}", { id }));
        Promise.resolve(this.#room(id)).then((room) => {
            if (room) {
                node.textContent = this.people.roomName(room);
            }
        });
        return node;
    }

    // ---- rows ----

    /** The user concerned. Display names are not unique, so the user name is there, too. */
    #person(id, username) {
        const { people, confab } = this;
        const account = h("span.under", { "data-person": id });
        people.draw(account, () => {
            const own = username ?? confab.profiles.get(id)?.username ?? "";
            account.textContent = people.name(id, own) === own ? "" : ` (${own})`;
        });
        return [h("b", people.nameNode(id, username)), account];
    }

    #line(message, tag = "p.around") {
        const { sender_id: id, sender_username: username } = message;
        return h(tag, this.#person(id, username), " ", h("bdi", messageSummary(message)));
    }

    /** The words when the message was reported, and their present state. */
    #reported({ sender_id: who, content, message }) {
        const isGone = !message || message.is_deleted;
        const isOther = !isGone && message.content !== content;
        const files = message?.files ?? [];
        return h(
            "blockquote",
            h("p", this.#person(who, message?.sender_username), " ", h("bdi", content)),
            !isGone && files.length > 0 && this.#files(files),
            isGone && h("p.under", t("This message was deleted.")),
            isOther && h("p.under", t("It is now:"), " ", h("bdi", message.content)),
        );
    }

    #files(files) {
        const place = h("div");
        import("../files/view.js").then(
            ({ filesNode, stylesReady }) =>
                stylesReady(this.root).then(() => fill(place, filesNode(files, this.people))),
            () => {},
        );
        return place;
    }

    /** Closes a report, and the others of the same message that are shown. */
    async #close({ report_id: id, room_id: roomId, message_id: messageId }, state) {
        // The list may be left meanwhile.
        const others = [...this.items.values()].filter(
            ({ one }) =>
                one.room_id === roomId && one.message_id === messageId && one.report_id !== id,
        );
        await this.confab.closeReport(id, state);
        for (const item of others.filter((one) => !this.deferred.has(one))) {
            await this.confab.closeReport(item.one.report_id, state).catch(unlessGone);
            this.#removed(item);
        }
    }

    #report(report) {
        const { people } = this;
        const { room_id: roomId, message_id: messageId, reporter_id: by } = report;
        const { message, neighbours, note } = report;
        const before = neighbours.filter((one) => one.message_id < messageId);
        const after = neighbours.filter((one) => one.message_id > messageId);
        const close = (state) => () => this.#close(report, state);
        const isThere = message && !message.is_deleted;
        return [
            h(
                "p.under",
                h("b", reasonText(report.reason)),
                " · ",
                this.#roomName(roomId),
                " · ",
                time(report.created_at),
            ),
            h(
                "p.under",
                by ? t("Reported by") : t("Reported by the word filter"),
                by && [" ", people.nameNode(by, "")],
                note && [": ", h("bdi", note)],
            ),
            ...before.map((one) => this.#line(one)),
            this.#reported(report),
            ...after.map((one) => this.#line(one)),
            h(
                "div.buttons",
                isThere &&
                    this.#act(
                        t("Delete the message"),
                        t("The message is being deleted."),
                        async () => {
                            await this.confab.deleteMessage(roomId, messageId);
                            await close("handled")();
                        },
                        "danger",
                    ),
                this.#moderateButton(report),
                this.#act(t("Handled"), t("Closed as handled."), close("handled")),
                this.#act(t("Dismiss"), t("Dismissed."), close("dismissed")),
                this.#showButton(roomId, messageId),
            ),
        ];
    }

    #moderateButton({ room_id: roomId, sender_id: who, message }) {
        const member = { user_id: who, username: message?.sender_username };
        const { root, confab, people } = this;
        if (who === confab.user.user_id) {
            return null;
        }
        return button(t("Moderate the sender"), async () => {
            const room = await this.#room(roomId);
            if (room || this.isOfSite) {
                let isChanged = false;
                const changed = () => {
                    isChanged = true;
                };
                const dialog = moderate({ root, confab, people, room, changed }, member);
                dialog.addEventListener("close", () => isChanged && this.#renew());
            }
        });
    }

    /** Hidden until it is known that the user may see the room. */
    #showButton(roomId, messageId) {
        const one = button(t("Show in the room"), () => this.open(roomId, messageId));
        one.hidden = true;
        Promise.resolve(this.#room(roomId)).then((room) => {
            one.hidden = room === null;
        });
        return one;
    }

    #held(held) {
        const { confab } = this;
        const { room_id: roomId, held_id: id, message_id: edited } = held;
        return [
            h("p.under", this.#roomName(roomId), " · ", time(held.created_at)),
            edited && h("p.under", t("An edit of an earlier message")),
            h("blockquote", this.#line(held, "p")),
            h(
                "div.buttons",
                this.#act(
                    t("Let through"),
                    t("The message is let through."),
                    () => confab.approveHeld(roomId, id),
                    "main",
                ),
                this.#act(
                    t("Drop"),
                    t("The message is dropped."),
                    () => confab.dropHeld(roomId, id),
                    "danger",
                ),
            ),
        ];
    }

    /** Those of the site first, for site moderators, then those of the rooms. */
    async #bans(next) {
        const { confab } = this;
        const lists = [
            ...(this.isOfSite ? [() => confab.siteBans({ limit: PAGE })] : []),
            () => confab.roomBans({ limit: PAGE }),
        ];
        let { at, link } = next ?? { at: 0, link: null };
        const results = [];
        while (at < lists.length && results.length < PAGE) {
            const page = await (link ? confab.follow(link) : lists[at]());
            results.push(...page.results);
            link = page.next;
            at += link ? 0 : 1;
        }
        return { results, next: at < lists.length ? { at, link } : null };
    }

    /** The user, the end, the reason, room and moderator; `end`: the button that ends it. */
    #measure({ user_id: id, username, until, reason, room_id: roomId }, by, end) {
        const time = until ? t("until {time}", { time: fullTime(until) }) : t("for good");
        return [
            h("p", this.#person(id, username), `, ${time}`),
            reason && h("p", h("bdi", reason)),
            h(
                "p.under",
                roomId ? this.#roomName(roomId) : t("The whole site"),
                by && [" · ", this.people.nameNode(by, "")],
            ),
            h("div.buttons", end),
        ];
    }

    #ban(ban) {
        const { user_id: id, room_id: roomId } = ban;
        const lift = () => (roomId ? this.confab.unban(roomId, id) : this.confab.siteUnban(id));
        const end = this.#act(t("End the ban"), t("The ban is ended."), lift);
        return this.#measure(ban, ban.banned_by_id, end);
    }

    #silence(silence) {
        const { user_id: id, room_id: roomId } = silence;
        const end = this.#act(t("End the silence"), t("The silence is ended."), () =>
            this.confab.unsilence(roomId, id),
        );
        return this.#measure(silence, silence.silenced_by_id, end);
    }
}

/**
 * `rooms` are those that the user moderates, `cases` OpenCases; `open(roomId, messageId)` shows a
 * message, `failed(error)` reports an act that failed after its row was left.
 */
export async function openModeration({ root, confab, people, rooms, cases, open, failed }) {
    await addStyles(root, "moderation/moderation.css");
    let page;
    const dialog = openDialog(root, t("Moderation"), (close) => {
        page = new Page({
            root,
            confab,
            people,
            rooms,
            cases,
            failed,
            open: (...where) => {
                close();
                open(...where);
            },
        });
        return [page.tabs, page.panel];
    });
    dialog.classList.add("moderation");
    dialog.addEventListener("close", () => page.close());
    cases.readSoon();
}
