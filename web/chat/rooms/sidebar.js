// The sidebar: the list of rooms, the buttons that add rooms, and the account.

import { messageSummary } from "../conversation/message.js";
import { avatar, roomAvatar } from "../ui/avatar.js";
import { button, errorText, iconButton } from "../ui/controls.js";
import { fill, h, isComposing } from "../ui/dom.js";
import { fullTime, shorten, shortTime, visibleName } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";

/** What the account shows for each state of the notifications channel. */
const STATE_TEXT = {
    live: "Online",
    connecting: "Connecting…",
    waiting: "Connecting…",
    polling: "Not live",
    offline: "Offline",
    closed: "Offline",
};

/** The last message of a room, with who sent it where that is not obvious. */
function lastMessageText(room, self) {
    const last = room.last_message;
    if (room.invitedBy) {
        const what = room.is_direct ? "started this conversation" : "invited you";
        return `${room.invitedBy} ${what}`;
    }
    if (!last) {
        return "No messages yet";
    }
    const text = shorten(messageSummary(last), 100);
    const isOwn = last.sender_id === self.user_id;
    if (last.is_deleted || room.is_direct) {
        return isOwn && !last.is_deleted ? `You: ${text}` : text;
    }
    return `${isOwn ? "You" : last.sender_username}: ${text}`;
}

/**
 * `on` has the actions: open(id), newRoom(), findRoom(), directMessage(), toggleNotifications(),
 * changePassword(), logout().
 */
export class Sidebar {
    constructor(rooms, self, on) {
        Object.assign(this, { rooms, self, on });
        this.items = new Map();
        this.list = h("ul");
        this.list.addEventListener("focusin", () => this.#drawTabStop());
        moveWithArrows(this.list, { keys: ["ArrowUp", "ArrowDown"], items: "button" });
        this.empty = h("div.empty", { hidden: true });
        this.filter = h("input", {
            type: "search",
            "aria-label": "Find a room",
            autocomplete: "off",
            placeholder: "Find a room",
            oninput: () => this.draw(),
            onkeydown: (event) => this.#filterKey(event),
        });
        this.dot = h("span.dot");
        this.state = h("span", { role: "status" });
        this.bell = iconButton("bellOff", "Desktop notifications", on.toggleNotifications, {
            "aria-pressed": "false",
        });
        this.element = h(
            "nav.sidebar",
            { "aria-label": "Rooms" },
            h(
                "div.bar",
                h("h1.title", "Rooms"),
                iconButton("mail", "New direct message", on.directMessage),
                iconButton("globe", "Public rooms", on.findRoom),
                iconButton("plus", "New room", on.newRoom),
            ),
            h("div.find", icon("search"), this.filter),
            h("div.rooms", this.list, this.empty),
            h(
                "div.account",
                avatar(self.username),
                h("div.title", h("b", self.username), h("span.under", this.dot, this.state)),
                this.bell,
                iconButton("key", "Change password", on.changePassword),
                iconButton("exit", "Log out", on.logout),
            ),
        );
    }

    /** Moves the focus to the field that finds a room. */
    find() {
        this.filter.focus();
        this.filter.select();
    }

    #filterKey(event) {
        const first = this.list.querySelector("button");
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
        } else if (event.key === "Escape" && this.filter.value) {
            event.preventDefault();
            this.filter.value = "";
            this.draw();
        }
    }

    /** Marks the open room. */
    select(id) {
        this.selected = id;
        this.draw();
    }

    drawBell(isOn) {
        this.bell.setAttribute("aria-pressed", String(isOn));
        fill(this.bell, icon(isOn ? "bell" : "bellOff"));
    }

    /** Updates what has changed. Rooms keep their elements, so that none loses the focus. */
    draw() {
        const state = this.rooms.shown.value;
        const text = STATE_TEXT[state];
        // Setting the same text again would make a screen reader repeat it.
        if (this.state.textContent !== text) {
            this.state.textContent = text;
            this.dot.classList.toggle("on", state === "live");
        }
        const wanted = this.filter.value.trim().toLowerCase();
        const shown = this.rooms
            .sorted()
            .filter((room) => room.name.toLowerCase().includes(wanted));
        this.#arrange(shown.map((room) => this.#item(room)));
        this.#drawTabStop();
        const { loaded, failure } = this.rooms;
        this.#drawEmpty(shown.length === 0 && (loaded || failure !== null), wanted);
    }

    /** Tab reaches the list once: where the user was, at the open room, or at the first one. */
    #drawTabStop() {
        const buttons = [...this.list.querySelectorAll("button")];
        const stop =
            buttons.find((one) => one.matches(":focus")) ??
            buttons.find((one) => one.parentElement.roomId === this.selected) ??
            buttons[0];
        setTabStop(this.list, stop, "button");
    }

    /** Shows the items in this order, moving only those that are out of place. */
    #arrange(items) {
        const kept = new Set(items);
        [...this.list.children]
            .filter((item) => !kept.has(item))
            .forEach((item) => {
                this.items.delete(item.roomId);
                item.remove();
            });
        items.forEach((item, at) => {
            const there = this.list.children[at];
            if (there !== item) {
                const focused = item.matches(":focus-within");
                this.list.insertBefore(item, there ?? null);
                if (focused) {
                    item.firstChild.focus();
                }
            }
        });
    }

    /** The element of a room, redrawn if what it shows has changed. */
    #item(room) {
        const current = room.room_id === this.selected;
        const last = room.last_message;
        const key = JSON.stringify([
            room.name,
            room.is_private,
            room.unread_count,
            room.invitedBy,
            current,
            last?.message_id,
            last?.content,
            last?.is_deleted,
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
            this.#drawRoom(item.firstChild, room, current);
        }
        return item;
    }

    #drawRoom(element, room, current) {
        const last = room.last_message;
        const unread = room.unread_count;
        const isNew = unread === 0 && Boolean(room.invitedBy);
        element.classList.toggle("unread", unread > 0);
        element.setAttribute("aria-current", String(current));
        fill(
            element,
            roomAvatar(room),
            h("span.name", { dir: "auto" }, visibleName(room.name)),
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
                lastMessageText(room, this.self),
            ),
            isNew && h("span.badge", "New"),
            unread > 0 &&
                h("span.count", unread > 99 ? "99+" : String(unread), h("span.unseen", " unread")),
        );
    }

    #drawEmpty(isEmpty, wanted) {
        this.empty.hidden = !isEmpty;
        if (!isEmpty) {
            return;
        }
        if (!this.rooms.loaded) {
            const text = `The rooms could not be loaded. ${errorText(this.rooms.failure)}`;
            const retry = button("Try again", () => this.rooms.load());
            // The same text again would make a screen reader repeat it.
            if (this.empty.firstChild?.textContent !== text) {
                fill(this.empty, h("p", { role: "alert" }, text), retry);
            }
        } else if (wanted) {
            fill(this.empty, h("p", "None of your rooms has that name."));
        } else {
            fill(
                this.empty,
                h("span.round", icon("chat")),
                h("h2", "No rooms yet"),
                h("p", "Create a room, join a public one, or send a direct message."),
                h(
                    "div.actions",
                    button("New room", this.on.newRoom, "main"),
                    button("Public rooms", this.on.findRoom),
                ),
            );
        }
    }
}
