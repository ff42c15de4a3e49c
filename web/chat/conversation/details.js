// The panel beside a conversation: the members of the room and the actions on it.

import { invite, roomSettings } from "../rooms/dialogs.js";
import { avatar } from "../ui/avatar.js";
import { button, iconButton } from "../ui/controls.js";
import { confirm } from "../ui/dialog.js";
import { debounce, fill, h } from "../ui/dom.js";
import { counted } from "../ui/format.js";
import { icon } from "../ui/icons.js";

const PAGE = 100;

/**
 * `room()` returns the current room, `online()` the set of ids of the users online. Calls
 * `on.closed()`, `on.left()` when the user left or deleted the room, `on.changed(room)` when its
 * settings were changed, and `on.failed(error)`.
 */
export class Details {
    constructor({ root, confab, room, online, on }) {
        Object.assign(this, { root, confab, room, online, on });
        this.members = [];
        this.count = 0;
        this.people = h("ul", { "aria-label": "Members" });
        this.heading = h("h3", "Members");
        this.actions = h("div.actions");
        this.element = h(
            "aside.details",
            {
                "aria-label": "Room details",
                onkeydown: (event) => event.key === "Escape" && on.closed(),
            },
            h(
                "div.bar",
                h("h2.title", "Details"),
                iconButton("close", "Close details", () => on.closed()),
            ),
            h("div.body", h("section", this.actions), h("section", this.heading, this.people)),
        );
        this.reload = debounce(150, () => this.element.isConnected && this.load());
        this.load();
    }

    focus() {
        this.element.querySelector("button").focus();
    }

    async load() {
        try {
            const page = await this.confab.members(this.room().room_id, {
                limit: Math.max(PAGE, this.members.length),
            });
            this.members = page.results;
            this.count = page.count;
            this.draw();
        } catch (error) {
            // The panel was closed meanwhile, perhaps because the user left the room.
            if (this.element.isConnected) {
                this.on.failed(error);
            }
        }
    }

    async #more() {
        try {
            const page = await this.confab.members(this.room().room_id, {
                limit: PAGE,
                offset: this.members.length,
            });
            this.members.push(...page.results);
            this.draw();
        } catch (error) {
            this.on.failed(error);
        }
    }

    draw() {
        const room = this.room();
        const online = this.online();
        this.heading.textContent = counted(this.count, "member");
        fill(
            this.people,
            this.members.map((member) => this.#person(member, room, online)),
            this.members.length < this.count &&
                h(
                    "li",
                    button("Show more", () => this.#more()),
                ),
        );
        fill(this.actions, this.#roomActions(room));
    }

    #person(member, room, online) {
        const isOnline = online.has(member.user_id);
        const isSelf = member.user_id === this.confab.user.user_id;
        const name = member.username;
        const mayChange = room.is_admin && !room.is_direct && !isSelf;
        const role = member.is_admin ? `Make ${name} an ordinary member` : `Make ${name} an admin`;
        const state = isOnline ? "Online" : "Offline";
        return h(
            "li.person",
            avatar(name, "small"),
            h("span.who", name, isSelf && " (you)"),
            member.is_admin && h("span.badge", "Admin"),
            mayChange && iconButton("star", role, () => this.#setAdmin(member)),
            mayChange && iconButton("close", `Remove ${name}`, () => this.#remove(member)),
            h(
                "span",
                { class: `dot${isOnline ? " on" : ""}`, title: state },
                h("span.unseen", state.toLowerCase()),
            ),
        );
    }

    async #setAdmin(member) {
        try {
            await this.confab.setAdmin(member.room_id, member.user_id, !member.is_admin);
            this.reload();
        } catch (error) {
            this.on.failed(error);
        }
    }

    #remove(member) {
        confirm(this.root, {
            title: `Remove ${member.username}?`,
            action: "Remove",
            text: `${member.username} will not see this room until invited again.`,
            act: async () => {
                await this.confab.removeMember(member.room_id, member.user_id);
                this.reload();
            },
        });
    }

    #roomActions(room) {
        if (room.is_direct) {
            return [];
        }
        const action = (iconName, text, onclick, isDangerous = false) =>
            h(
                "button",
                { type: "button", class: isDangerous ? "warns" : "", onclick },
                icon(iconName),
                text,
            );
        return [
            room.is_admin &&
                action("plus", "Invite people", () =>
                    invite(this.root, this.confab, room, (id) =>
                        this.members.some((member) => member.user_id === id),
                    ),
                ),
            room.is_admin &&
                action("settings", "Room settings", () =>
                    roomSettings(this.root, room, async (change) =>
                        this.on.changed(await this.confab.updateRoom(room.room_id, change)),
                    ),
                ),
            action("exit", "Leave room", () => this.#leave(room)),
            room.is_admin && action("trash", "Delete room", () => this.#delete(room), true),
        ];
    }

    #leave(room) {
        confirm(this.root, {
            title: `Leave “${room.name}”?`,
            action: "Leave room",
            text: room.is_private
                ? "You can come back only if you are invited."
                : "You can join again at any time.",
            act: async () => {
                await this.confab.leave(room.room_id);
                this.on.left();
            },
        });
    }

    #delete(room) {
        confirm(this.root, {
            title: `Delete “${room.name}”?`,
            action: "Delete room",
            text: "The room and its messages will be deleted for everyone. This cannot be undone.",
            act: async () => {
                await this.confab.deleteRoom(room.room_id);
                this.on.left();
            },
        });
    }
}
