// The panel beside a conversation: who is in the room, and what one can do with it.

import { fill, h, settled } from "../ui/dom.js";
import { avatar, counted } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { confirm, invite, roomSettings } from "../rooms/dialogs.js";

const PAGE = 100;

/**
 * `room()` is the room as it is now, `online()` the ids of who is there. `on.closed()` when the
 * panel was closed, `on.left()` when the user left or deleted the room, `on.changed(room)` when
 * its settings changed, `on.failed(error)`.
 */
export class Details {
    constructor({ root, confab, room, online, on }) {
        Object.assign(this, { root, confab, room, online, on });
        this.members = [];
        this.count = 0;
        this.people = h("ul", { "aria-label": "Members" });
        this.heading = h("h3", {}, "Members");
        this.actions = h("div", { class: "actions" });
        this.element = h(
            "aside",
            {
                class: "details",
                "aria-label": "Room details",
                onkeydown: (event) => event.key === "Escape" && on.closed(),
            },
            h(
                "div",
                { class: "bar" },
                h("h2", { class: "title" }, "Details"),
                h(
                    "button",
                    {
                        class: "bare",
                        type: "button",
                        "aria-label": "Close details",
                        title: "Close details",
                        onclick: () => on.closed(),
                    },
                    icon("close"),
                ),
            ),
            h(
                "div",
                { class: "body" },
                h("section", {}, this.actions),
                h("section", {}, this.heading, this.people),
            ),
        );
        this.reload = settled(150, () => this.element.isConnected && this.load());
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
            // Who has just left the room may not read who is in it, and does not look any more.
            if (this.element.isConnected) {
                this.on.failed(error);
            }
        }
    }

    async #more() {
        const page = await this.confab.members(this.room().room_id, {
            limit: PAGE,
            offset: this.members.length,
        });
        this.members.push(...page.results);
        this.draw();
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
                    {},
                    h(
                        "button",
                        {
                            type: "button",
                            onclick: () => this.#more().catch((error) => this.on.failed(error)),
                        },
                        "Show more",
                    ),
                ),
        );
        fill(this.actions, this.#roomActions(room));
    }

    #person(member, room, online) {
        const isHere = online.has(member.user_id);
        const isSelf = member.user_id === this.confab.user.user_id;
        const name = member.username;
        const mayChange = room.is_admin && !room.is_direct && !isSelf;
        const role = member.is_admin ? `Make ${name} an ordinary member` : `Make ${name} an admin`;
        return h(
            "li",
            { class: "person" },
            avatar(name, "small"),
            h("span", { class: "who" }, name, isSelf && " (you)"),
            member.is_admin && h("span", { class: "badge" }, "Admin"),
            mayChange &&
                h(
                    "button",
                    {
                        class: "bare",
                        type: "button",
                        "aria-label": role,
                        title: role,
                        onclick: () => this.#setAdmin(member),
                    },
                    icon("star"),
                ),
            mayChange &&
                h(
                    "button",
                    {
                        class: "bare",
                        type: "button",
                        "aria-label": `Remove ${name}`,
                        title: `Remove ${name}`,
                        onclick: () => this.#remove(member),
                    },
                    icon("close"),
                ),
            h(
                "span",
                { class: `dot${isHere ? " on" : ""}`, title: isHere ? "Online" : "Offline" },
                h("span", { class: "unseen" }, isHere ? "online" : "offline"),
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
            words: `${member.username} will not see this room any more, until invited again.`,
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
        const action = (name, words, act, warns) =>
            h(
                "button",
                { type: "button", class: warns ? "warns" : "", onclick: act },
                icon(name),
                words,
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
            words: room.is_private
                ? "You can come back only when somebody invites you."
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
            words: "The room and its messages are gone for everybody. This cannot be undone.",
            act: async () => {
                await this.confab.deleteRoom(room.room_id);
                this.on.left();
            },
        });
    }
}
