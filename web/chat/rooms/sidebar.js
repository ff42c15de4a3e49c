// The list of rooms, with what leads to more of them, and the account below.

import { fill, h } from "../ui/dom.js";
import { avatar, fullTime, shortTime } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { inOneLine } from "../conversation/message.js";

const CONNECTION = {
    live: "Online",
    connecting: "Connecting…",
    waiting: "Connecting…",
    polling: "Not live",
    offline: "Offline",
    closed: "Offline",
};

function tool(name, label, act, more = {}) {
    return h(
        "button",
        { class: "bare", type: "button", "aria-label": label, title: label, onclick: act, ...more },
        icon(name),
    );
}

/** The picture of a room: a person's, or what kind of room it is. */
export function roomPicture(room) {
    return room.is_direct
        ? avatar(room.name)
        : h("span", { class: "round" }, icon(room.is_private ? "lock" : "hash"));
}

function lastWords(room, self) {
    const last = room.last_message;
    if (!last) {
        return "No messages yet";
    }
    const words = inOneLine(last).slice(0, 100);
    if (last.is_deleted || room.is_direct) {
        return last.sender_id === self.user_id && !last.is_deleted ? `You: ${words}` : words;
    }
    return `${last.sender_id === self.user_id ? "You" : last.sender_username}: ${words}`;
}

/** `on`: open(id), newRoom(), findRoom(), direct(), alerts(), password(), logout(). */
export class Sidebar {
    constructor(rooms, self, on) {
        Object.assign(this, { rooms, self, on });
        this.buttons = new Map();
        this.list = h("ul", {});
        this.nothing = h("div", { class: "empty", hidden: true });
        this.filter = h("input", {
            type: "search",
            "aria-label": "Find a room",
            autocomplete: "off",
            placeholder: "Find a room",
            oninput: () => this.draw(),
        });
        this.dot = h("span", { class: "dot" });
        this.state = h("span", { role: "status" });
        this.bell = tool("bellOff", "Desktop notifications", on.alerts, {
            "aria-pressed": "false",
        });
        this.element = h(
            "nav",
            { class: "sidebar", "aria-label": "Rooms" },
            h(
                "div",
                { class: "bar" },
                h("h1", { class: "title" }, "Chats"),
                tool("mail", "New direct message", on.direct),
                tool("globe", "Public rooms", on.findRoom),
                tool("plus", "New room", on.newRoom),
            ),
            h("div", { class: "find" }, icon("search"), this.filter),
            h("div", { class: "rooms" }, this.list, this.nothing),
            h(
                "div",
                { class: "account" },
                avatar(self.username),
                h(
                    "div",
                    { class: "title" },
                    h("b", {}, self.username),
                    h("span", { class: "under" }, this.dot, this.state),
                ),
                this.bell,
                tool("key", "Change password", on.password),
                tool("exit", "Log out", on.logout),
            ),
        );
    }

    /** Which room is open. */
    choose(id) {
        this.chosen = id;
        this.draw();
    }

    drawAlerts(isOn) {
        this.bell.setAttribute("aria-pressed", String(isOn));
        fill(this.bell, icon(isOn ? "bell" : "bellOff"));
    }

    /** Draws what is different. Rooms keep their buttons, so that none loses the focus. */
    draw() {
        const { state } = this.rooms.channel;
        const words = CONNECTION[state];
        if (this.state.textContent !== words) {
            this.state.textContent = words;
            this.dot.classList.toggle("on", words === "Online");
        }
        const wanted = this.filter.value.trim().toLowerCase();
        const shown = this.rooms
            .sorted()
            .filter((room) => room.name.toLowerCase().includes(wanted));
        const items = shown.map((room) => this.#item(room));
        this.#arrange(items);
        this.#drawNothing(shown.length === 0 && this.rooms.loaded, wanted);
    }

    /** Moves only items that are not in their place. */
    #arrange(items) {
        const kept = new Set(items);
        [...this.list.children]
            .filter((item) => !kept.has(item))
            .forEach((item) => {
                this.buttons.delete(item.roomId);
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

    #item(room) {
        const current = room.room_id === this.chosen;
        const last = room.last_message;
        const key = JSON.stringify([
            room.name,
            room.is_private,
            room.unread_count,
            current,
            last?.message_id,
            last?.content,
            last?.is_deleted,
            last && shortTime(last.created_at),
        ]);
        let item = this.buttons.get(room.room_id);
        if (!item) {
            item = h(
                "li",
                {},
                h("button", {
                    class: "room",
                    type: "button",
                    onclick: () => this.on.open(room.room_id),
                }),
            );
            item.roomId = room.room_id;
            this.buttons.set(room.room_id, item);
        }
        if (item.key !== key) {
            item.key = key;
            this.#drawRoom(item.firstChild, room, current);
        }
        return item;
    }

    #drawRoom(button, room, current) {
        const last = room.last_message;
        const unread = room.unread_count;
        button.classList.toggle("unread", unread > 0);
        button.setAttribute("aria-current", String(current));
        fill(
            button,
            roomPicture(room),
            h("span", { class: "name", dir: "auto" }, room.name),
            last
                ? h(
                      "time",
                      { datetime: last.created_at, title: fullTime(last.created_at) },
                      shortTime(last.created_at),
                  )
                : h("span", {}),
            h("span", { class: unread > 0 ? "last" : "last wide" }, lastWords(room, this.self)),
            unread > 0 &&
                h(
                    "span",
                    { class: "count" },
                    unread > 99 ? "99+" : String(unread),
                    h("span", { class: "unseen" }, " unread"),
                ),
        );
    }

    #drawNothing(isEmpty, wanted) {
        this.nothing.hidden = !isEmpty;
        if (!isEmpty) {
            return;
        }
        if (wanted) {
            fill(this.nothing, h("p", {}, "No room of yours has such a name."));
        } else {
            fill(
                this.nothing,
                h("span", { class: "round" }, icon("chat")),
                h("h2", {}, "No rooms yet"),
                h("p", {}, "Make a room, join a public one, or write to somebody."),
                h(
                    "div",
                    { class: "actions" },
                    h(
                        "button",
                        { class: "main", type: "button", onclick: this.on.newRoom },
                        "New room",
                    ),
                    h("button", { type: "button", onclick: this.on.findRoom }, "Public rooms"),
                ),
            );
        }
    }
}
