// The moderator's page: reports with their context, held messages, bans with their end, and the
// audit. A dialog of its own, usable on a phone and by the keyboard.

import { button, errorText } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { fullTime } from "../ui/format.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { addStyles } from "../ui/styles.js";
import { t } from "../words.js";
import { moderate } from "./people.js";

const PAGE = 20;

const time = (at) => h("time", { datetime: at }, fullTime(at));
const reasonText = (reason) =>
    ({ spam: t("Spam"), abuse: t("Abuse"), illegal: t("Illegal") })[reason] ?? t("Something else");

class Page {
    constructor({ root, confab, people, rooms, open }) {
        Object.assign(this, { root, confab, people, rooms, open });
        this.list = h("ul.entries");
        this.below = h("div");
        this.panel = h("div", { role: "tabpanel", tabindex: "0" }, this.list, this.below);
        this.tabs = h("div.tabs", { role: "tablist", "aria-label": t("Moderation") });
        const kinds = [
            [t("Reports"), () => this.#pages(this.#reports, (one) => this.#report(one))],
            [t("Waiting messages"), () => this.#ofRooms("held", (one) => this.#held(one))],
            [t("Bans"), () => this.#ofRooms("bans", (one, room) => this.#ban(one, room))],
            confab.user.is_moderator && [
                t("Audit"),
                () => this.#pages(this.#audit, (one) => this.#entry(one)),
            ],
        ].filter(Boolean);
        for (const [text, show] of kinds) {
            const tab = h("button", { type: "button", role: "tab" }, text);
            tab.addEventListener("click", () => this.#choose(tab, show));
            this.tabs.append(tab);
        }
        moveWithArrows(this.tabs, { keys: ["ArrowLeft", "ArrowRight"], items: "button" });
        this.tabs.firstChild.click();
    }

    #choose(chosen, show) {
        for (const tab of this.tabs.children) {
            tab.setAttribute("aria-selected", String(tab === chosen));
        }
        setTabStop(this.tabs, chosen, "button");
        this.panel.setAttribute("aria-label", chosen.textContent);
        this.shown = Symbol(chosen.textContent);
        fill(this.list);
        show();
    }

    #note(text) {
        fill(this.below, h("p.note", { role: "status" }, text));
    }

    /** Runs what reads; what comes after another tab was chosen is dropped. */
    async #load(read) {
        const mine = this.shown;
        this.#note(t("Loading…"));
        try {
            const rows = await read();
            if (mine === this.shown) {
                this.list.append(...rows);
                fill(this.below);
            }
            return mine === this.shown;
        } catch (error) {
            const again = button(t("Try again"), () => this.#load(read), "link");
            fill(this.below, h("p.wrong", { role: "alert" }, errorText(error), " ", again));
            return false;
        }
    }

    #empty() {
        if (this.list.childElementCount === 0) {
            this.#note(t("There is nothing to do here."));
        }
    }

    /** `read` returns a promise of a page, `row` the element of one. */
    async #pages(read, row, link = null) {
        let next = null;
        const isShown = await this.#load(async () => {
            const page = await (link ? this.confab.follow(link) : read.call(this));
            ({ next } = page);
            return page.results.map(row);
        });
        if (isShown && next) {
            fill(
                this.below,
                button(t("Show more"), () => this.#pages(read, row, next)),
            );
        } else if (isShown) {
            this.#empty();
        }
    }

    #reports() {
        return this.confab.reports({ state: "open", limit: PAGE });
    }

    #audit() {
        return this.confab.request("GET", `/api/site/audit/?limit=${PAGE}`);
    }

    /** The same for lists of single rooms. */
    async #ofRooms(what, row) {
        const isShown = await this.#load(async () => {
            const found = await Promise.all(
                this.rooms.map(async (room) => {
                    const page = await this.confab[what](room.room_id, { limit: 200 });
                    return page.results.map((one) => row(one, room));
                }),
            );
            return found.flat();
        });
        if (isShown) {
            this.#empty();
        }
    }

    /** A button that acts, and takes its row away when that has succeeded. */
    #act(text, act, kind = "") {
        const one = button(
            text,
            async () => {
                one.disabled = true;
                try {
                    await act();
                    one.closest("li").remove();
                    this.#empty();
                } catch (error) {
                    one.disabled = false;
                    one.after(h("span.wrong", { role: "alert" }, errorText(error)));
                }
            },
            kind,
        );
        return one;
    }

    #roomName(id) {
        const room = this.rooms.find((one) => one.room_id === id);
        return room ? this.people.roomName(room) : t("Room {id}", { id });
    }

    #line({ sender_id: id, sender_username: username, content, is_deleted: isGone }) {
        const words = isGone ? t("This message was deleted.") : content;
        return h("p", h("b", this.people.nameNode(id, username)), " ", h("bdi", words));
    }

    #report(report) {
        const { confab, people } = this;
        const { report_id: id, message, content, neighbours, sender_id: who } = report;
        const before = neighbours.filter((one) => one.message_id < report.message_id);
        const after = neighbours.filter((one) => one.message_id > report.message_id);
        const sender = { user_id: who, username: message?.sender_username };
        const close = (state) => () => confab.closeReport(id, state);
        const room = this.rooms.find((one) => one.room_id === report.room_id);
        return h(
            "li",
            h("p.under", `${reasonText(report.reason)}, `, this.#roomName(report.room_id), ", "),
            h("p.under", time(report.created_at)),
            report.note && h("p", h("bdi", report.note)),
            before.map((one) => this.#line(one)),
            h("blockquote", h("b", people.nameNode(who, sender.username)), " ", h("bdi", content)),
            after.map((one) => this.#line(one)),
            h(
                "div.buttons",
                message &&
                    !message.is_deleted &&
                    this.#act(
                        t("Delete the message"),
                        async () => {
                            await confab.deleteMessage(report.room_id, report.message_id);
                            await close("handled")();
                        },
                        "danger",
                    ),
                room &&
                    button(t("Moderate the sender"), () =>
                        moderate({ root: this.root, confab, people, room }, sender),
                    ),
                this.#act(t("Handled"), close("handled")),
                this.#act(t("Dismiss"), close("dismissed")),
                room &&
                    button(t("Show in the room"), () =>
                        this.open(report.room_id, report.message_id),
                    ),
            ),
        );
    }

    #held(held) {
        const { confab } = this;
        return h(
            "li",
            h("p.under", this.#roomName(held.room_id), ", ", time(held.created_at)),
            this.#line(held),
            h(
                "div.buttons",
                this.#act(t("Let through"), () => confab.approveHeld(held.room_id, held.held_id)),
                this.#act(t("Drop"), () => confab.dropHeld(held.room_id, held.held_id), "danger"),
            ),
        );
    }

    #ban({ user_id: id, username, until, reason }, room) {
        const end = until ? t("until {time}", { time: fullTime(until) }) : t("for good");
        return h(
            "li",
            h("p", h("b", this.people.nameNode(id, username)), `, ${end}`),
            h("p.under", this.#roomName(room.room_id), reason && ": ", h("bdi", reason ?? "")),
            h(
                "div.buttons",
                this.#act(t("End the ban"), () => this.confab.unban(room.room_id, id)),
            ),
        );
    }

    #entry(entry) {
        const what = [
            ["user", entry.user_id],
            ["room", entry.room_id],
            ["", entry.subject_id],
        ]
            .filter(([, id]) => id)
            .map(([kind, id]) => `${kind} ${id}`.trim())
            .join(", ");
        return h(
            "li",
            h("p", `${entry.actor_kind} ${entry.actor_id ?? ""}: `, h("b", entry.action)),
            h("p.under", what, " ", h("bdi", entry.reason ?? ""), " ", time(entry.created_at)),
        );
    }
}

/** `rooms` are those that the user moderates; `open(roomId, messageId)` shows a message. */
export async function openModeration({ root, confab, people, rooms, open }) {
    await addStyles(root, "moderation/moderation.css");
    const dialog = openDialog(root, t("Moderation"), (close) => {
        const page = new Page({
            root,
            confab,
            people,
            rooms,
            open: (...where) => {
                close();
                open(...where);
            },
        });
        return [page.tabs, page.panel];
    });
    dialog.classList.add("moderation");
}
