// The sidebar: the list of rooms, the buttons that add rooms, and the account.

import { messageSummary } from "../timeline/message.js";
import { button, errorText, iconButton } from "../ui/controls.js";
import { fill, h, isComposing } from "../ui/dom.js";
import { fullTime, shorten, shortTime } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { menu } from "../ui/menu.js";
import { t, tn } from "../words.js";
import { isQuiet } from "./room-list.js";

/** What the account shows for each state of the notifications channel. */
const stateText = (state) =>
    ({
        live: t("Online"),
        connecting: t("Connecting…"),
        waiting: t("Connecting…"),
        polling: t("Not live"),
        offline: t("Offline"),
        closed: t("Offline"),
    })[state];

/** The last message of a room: [its text, its sender where that is not obvious]. */
function lastMessage(room, self, people) {
    const last = room.last_message;
    // Until there is something newer.
    if (room.invitedBy && room.unread_count === 0) {
        const name = room.invitedBy;
        return room.is_direct
            ? [t("{name} started a direct message", { name })]
            : [t("{name} invited you", { name })];
    }
    if (!last) {
        return [t("No messages yet")];
    }
    const text = shorten(messageSummary(last), 100);
    if (last.is_deleted || (room.is_direct && last.sender_id !== self.user_id)) {
        return [text];
    }
    const isOwn = last.sender_id === self.user_id;
    return [text, isOwn ? t("You") : people.name(last.sender_id, last.sender_username)];
}

/**
 * `readOnly`: offers nothing that adds rooms. `on` has the actions: open(id), roomMenu(id),
 * newRoom(), findRoom(), directMessage(), hasNotifications(), toggleNotifications(), settings(),
 * readAll(), hiddenRooms(), moderates(), moderation(), and keepAccount() and logout() or null.
 */
export class Sidebar {
    constructor({ rooms, self, people, readOnly, on }) {
        Object.assign(this, { rooms, self, people, readOnly, on });
        this.items = new Map();
        this.sections = [
            [t("Favourites"), (room) => room.me?.is_favorite],
            [t("Rooms"), (room) => !room.me?.is_favorite && !room.is_direct],
            [t("Direct messages"), (room) => !room.me?.is_favorite && room.is_direct],
        ].map(([title, has]) => ({
            has,
            heading: h("h2.section", title),
            list: h("ul", { "aria-label": title }),
        }));
        this.lists = h(
            "div",
            { oncontextmenu: (event) => this.#menu(event) },
            this.sections.flatMap(({ heading, list }) => [heading, list]),
        );
        this.lists.addEventListener("focusin", () => this.#drawTabStop());
        moveWithArrows(this.lists, { keys: ["ArrowUp", "ArrowDown"], items: "button" });
        this.searchButton = iconButton("search", t("Search messages"), on.searchMessages);
        this.empty = h("div.empty", { hidden: true });
        this.filter = h("input", {
            type: "search",
            "aria-label": t("Find a room"),
            autocomplete: "off",
            placeholder: t("Find a room"),
            oninput: () => this.draw(),
            onfocus: ({ relatedTarget }) => {
                this.cameFrom = relatedTarget;
            },
            onkeydown: (event) => this.#filterKey(event),
        });
        this.bell = iconButton("bellOff", t("Desktop notifications"), async () => {
            await on.toggleNotifications();
            this.#drawBell();
        });
        this.keep = h(
            "div.keep",
            { hidden: true },
            button([icon("key"), t("Keep this account")], on.keepAccount),
        );
        this.cases = h("span", { hidden: true });
        this.caseCount = 0;
        this.dot = h("span.dot");
        this.state = h("span", { role: "status" });
        this.element = h(
            "nav.sidebar",
            { "aria-label": t("Rooms") },
            h(
                "div.bar",
                h("h1.title", t("Chat")),
                this.searchButton,
                !readOnly && !self.is_guest && this.#newMenu(),
            ),
            h("div.find", icon("search"), this.filter),
            h("div.rooms", this.lists, this.empty),
            this.keep,
            h("div.account", this.#accountMenu(), this.bell),
        );
    }

    /** Shows the number of open cases of this moderator. */
    drawCases(count) {
        this.caseCount = count;
        this.cases.hidden = count === 0;
        fill(
            this.cases,
            h("span.count", { "aria-hidden": "true" }, count > 99 ? "99+" : count),
            h("span.unseen", tn(count, "{count} case to moderate", "{count} cases to moderate")),
        );
    }

    /** `isOffered`: the server takes new users. */
    offerAccount(isOffered) {
        this.keep.hidden = !isOffered || !this.on.keepAccount;
    }

    offerSearch(isOffered) {
        this.searchButton.hidden = !isOffered;
    }

    #newMenu() {
        const { on } = this;
        const opener = button([icon("plus"), t("New")], null, "new");
        return menu(opener, t("New"), () => [
            { icon: "hash", text: t("New room"), act: on.newRoom },
            { icon: "mail", text: t("New direct message"), act: on.directMessage },
            { icon: "globe", text: t("Public rooms"), act: on.findRoom },
        ]);
    }

    #accountMenu() {
        const { on, self, people } = this;
        const opener = h(
            "button.bare.me",
            { type: "button" },
            people.avatar(self.user_id, self.username),
            h(
                "span.title",
                h("span.unseen", t("Your account:"), " "),
                h("b", people.nameNode(self.user_id, self.username)),
                h("span.under", this.dot, this.state),
            ),
            this.cases,
            icon("settings"),
        );
        return menu(opener, t("Your account"), () => [
            { icon: "settings", text: t("Settings"), act: on.settings },
            { icon: "check", text: t("Mark all as read"), act: on.readAll },
            { icon: "eye", text: t("Hidden rooms"), act: on.hiddenRooms },
            on.moderates() && {
                icon: "flag",
                text: t("Moderation"),
                count: this.caseCount,
                act: on.moderation,
            },
            on.logout && { icon: "exit", text: t("Log out"), act: on.logout },
        ]);
    }

    #filterKey(event) {
        const first = this.lists.querySelector("button");
        if (isComposing(event)) {
            return;
        }
        if (event.key === "Enter" && this.filter.value.trim() && first) {
            const { roomId } = first.parentElement;
            this.filter.value = "";
            this.draw();
            this.on.open(roomId);
        } else if (event.key === "ArrowDown" && first) {
            event.preventDefault();
            first.focus();
        } else if (event.key === "Escape" && this.cameFrom) {
            // The text is gone already.
            event.preventDefault();
            this.cameFrom.focus();
        }
    }

    /** The actions on a room, by the right button or the menu key. */
    #menu(event) {
        const item = event.target.closest("li");
        if (item) {
            event.preventDefault();
            this.on.roomMenu(item.roomId);
        }
    }

    /** Marks the open room. */
    select(id) {
        this.selected = id;
        this.draw();
    }

    #drawBell() {
        const isOn = this.on.hasNotifications();
        const isDrawn = this.bell.getAttribute("aria-pressed") === String(isOn);
        this.bell.setAttribute("aria-pressed", isOn);
        if (!isDrawn) {
            fill(this.bell, icon(isOn ? "bell" : "bellOff"));
        }
    }

    /** Updates what has changed. Rooms keep their elements, so that none loses the focus. */
    draw() {
        this.#drawBell();
        const state = this.rooms.shown.value;
        const text = stateText(state);
        // Setting the same text again would make a screen reader repeat it.
        if (this.state.textContent !== text) {
            this.state.textContent = text;
            this.dot.classList.toggle("on", state === "live");
        }
        const wanted = this.filter.value.trim().toLowerCase();
        const shown = this.rooms
            .sorted()
            .filter((room) => this.people.roomName(room).toLowerCase().includes(wanted));
        const parts = this.sections.map(({ has, ...section }) => ({
            ...section,
            rooms: shown.filter(has),
        }));
        // A room that was moved to another list keeps its element.
        parts.forEach(({ list, rooms }) =>
            this.#arrange(
                list,
                rooms.map((room) => this.#item(room)),
            ),
        );
        this.#forget(shown);
        const isOne = parts.filter(({ rooms }) => rooms.length > 0).length === 1;
        const isPlain = isOne && parts[0].rooms.length === 0;
        parts.forEach(({ heading, list, rooms }) => {
            list.hidden = rooms.length === 0;
            heading.hidden = list.hidden || isPlain;
        });
        this.#drawTabStop();
        const { loaded, failure } = this.rooms;
        this.#drawEmpty(shown.length === 0 && (loaded || failure !== null), wanted);
    }

    /** Tab reaches the list once: where the user was, at the open room, or at the first one. */
    #drawTabStop() {
        const buttons = [...this.lists.querySelectorAll("button")];
        const stop =
            buttons.find((one) => one.matches(":focus")) ??
            buttons.find((one) => one.parentElement.roomId === this.selected) ??
            buttons[0];
        setTabStop(this.lists, stop, "button");
    }

    /** Shows the items in this order, moving only those that are out of place. */
    #arrange(list, items) {
        items.forEach((item, at) => {
            const there = list.children[at];
            if (there !== item) {
                const focused = item.matches(":focus-within");
                list.insertBefore(item, there ?? null);
                if (focused) {
                    item.firstChild.focus();
                }
            }
        });
    }

    /** Removes the elements of rooms that are not shown any more. */
    #forget(shown) {
        const ids = new Set(shown.map((room) => room.room_id));
        for (const [id, item] of this.items) {
            if (!ids.has(id)) {
                this.items.delete(id);
                item.remove();
            }
        }
    }

    /** The element of a room, redrawn if what it shows has changed. */
    #item(room) {
        const current = room.room_id === this.selected;
        const last = room.last_message;
        const text = lastMessage(room, this.self, this.people);
        const key = JSON.stringify([
            this.people.roomName(room),
            room.is_direct && this.people.directUsers.get(room),
            room.is_private,
            room.unread_count,
            room.unread_mentions,
            isQuiet(room),
            room.invitedBy,
            current,
            last?.message_id,
            text,
            last && shortTime(last.created_at),
        ]);
        let item = this.items.get(room.room_id);
        if (!item) {
            item = h(
                "li",
                h("button.room", { type: "button", onclick: () => this.on.open(room.room_id) }),
            );
            item.roomId = room.room_id;
            this.items.set(room.room_id, item);
        }
        if (item.key !== key) {
            item.key = key;
            this.#drawRoom(item.firstChild, room, current, text);
        }
        return item;
    }

    #drawRoom(element, room, current, [text, sender]) {
        const last = room.last_message;
        const unread = room.unread_count;
        const isNew = unread === 0 && Boolean(room.invitedBy);
        const mentions = room.unread_mentions;
        element.classList.toggle("unread", unread > 0);
        element.classList.toggle("quiet", isQuiet(room));
        element.setAttribute("aria-current", String(current));
        fill(
            element,
            this.people.roomAvatar(room),
            h(
                "span.name",
                { dir: "auto" },
                this.people.roomName(room),
                room.is_private && !room.is_direct && h("span.private", icon("lock")),
                isQuiet(room) && h("span.private", icon("bellOff")),
            ),
            room.is_private && !room.is_direct && h("span.unseen", t("private")),
            last
                ? h(
                      "time",
                      { datetime: last.created_at, title: fullTime(last.created_at) },
                      shortTime(last.created_at),
                  )
                : h("span"),
            h(
                "span",
                { class: unread > 0 || isNew ? "last" : "last wide" },
                sender && h("span", { dir: "auto" }, `${sender}: `),
                h("bdi", text),
            ),
            isNew && h("span.badge", t("New")),
            unread > 0 &&
                h(
                    "span.counts",
                    mentions > 0 && this.#count("at", "@", mentions),
                    this.#count("", "", unread),
                ),
        );
    }

    /** A number as it is shown, and in words. */
    #count(kind, sign, count) {
        const words = sign
            ? tn(count, "{count} mention", "{count} mentions")
            : tn(count, "{count} unread", "{count} unread");
        return h(
            `span.count${kind && "."}${kind}`,
            h("span", { "aria-hidden": "true" }, sign + (count > 99 ? "99+" : count)),
            h("span.unseen", words, " "),
        );
    }

    #drawEmpty(isEmpty, wanted) {
        this.empty.hidden = !isEmpty;
        if (!isEmpty) {
            return;
        }
        if (!this.rooms.loaded) {
            const reason = errorText(this.rooms.failure);
            const text = t("The rooms could not be loaded. {reason}", { reason });
            const retry = button(t("Try again"), () => this.rooms.load());
            // The same text again would make a screen reader repeat it.
            if (this.empty.firstChild?.textContent !== text) {
                fill(this.empty, h("p", { role: "alert" }, text), retry);
            }
        } else if (wanted) {
            fill(this.empty, h("p", t("None of your rooms has that name.")));
        } else {
            const isGuest = this.self.is_guest;
            fill(
                this.empty,
                h("span.round", icon("chat")),
                h("h2", t("No rooms yet")),
                !isGuest &&
                    h("p", t("Create a room, join a public one, or send a direct message.")),
                !isGuest &&
                    !this.readOnly &&
                    h(
                        "div.actions",
                        button(t("New room"), this.on.newRoom, "main"),
                        button(t("Public rooms"), this.on.findRoom),
                    ),
            );
        }
    }
}
