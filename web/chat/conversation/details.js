// The panel beside a conversation: the members of the room and the actions on it.

import { invite, roomSettings } from "../rooms/dialogs.js";
import { avatar } from "../ui/avatar.js";
import { button, errorText, iconButton } from "../ui/controls.js";
import { confirm } from "../ui/dialog.js";
import { debounce, fill, h, isComposing } from "../ui/dom.js";
import { counted, visibleName } from "../ui/format.js";
import { icon } from "../ui/icons.js";

const PAGE = 100;
/** The largest page that the server gives. */
const LARGE_PAGE = 200;
/** From so many members on there is a search. */
const MANY = 10;
/** The most members that a search shows. */
const MOST_FOUND = 100;
const SEARCH_DELAY_MS = 200;

/** What leaving a room means. The last member takes it along. */
function leaveText(room) {
    if (room.members_count <= 1) {
        return "You are its last member: the room and its messages will be deleted.";
    }
    return room.is_private
        ? "You can come back only if you are invited."
        : "You can join again at any time.";
}

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
        this.failure = h("p.wrong", { role: "alert", hidden: true });
        this.filter = h("input", {
            type: "search",
            "aria-label": "Find a member",
            placeholder: "Find a member",
            autocomplete: "off",
            hidden: true,
            oninput: debounce(SEARCH_DELAY_MS, () => this.#search()),
        });
        this.heading = h("h3", "Members");
        this.actions = h("div.actions");
        this.element = h(
            "aside.details",
            {
                "aria-label": "Room details",
                onkeydown: (event) => event.key === "Escape" && !isComposing(event) && on.closed(),
            },
            h(
                "div.bar",
                h("h2.title", "Details"),
                iconButton("close", "Close details", () => on.closed()),
            ),
            h(
                "div.body",
                h("section", this.actions),
                h("section", this.heading, this.filter, this.failure, this.people),
            ),
        );
        this.reload = debounce(150, () => this.element.isConnected && this.load());
        this.load();
    }

    focus() {
        this.element.querySelector("button").focus();
    }

    /** Loads the members again, as many as were shown. */
    async load() {
        const wanted = Math.max(PAGE, this.members.length);
        await this.#read(async () => {
            let members = [];
            let page;
            do {
                page = await this.#page(members.length, Math.min(wanted, LARGE_PAGE));
                members = [...members, ...page.results];
            } while (page.next && members.length < wanted);
            this.members = members;
        });
    }

    async #more() {
        await this.#read(async () => {
            this.members.push(...(await this.#page(this.members.length, PAGE)).results);
        });
    }

    /** Searches all members; those not loaded yet are loaded first. */
    async #search() {
        await this.#read(async () => {
            while (this.filter.value.trim() && this.members.length < this.count) {
                const page = await this.#page(this.members.length, LARGE_PAGE);
                this.members.push(...page.results);
                if (!page.next) {
                    break;
                }
            }
        });
    }

    async #page(offset, limit) {
        const page = await this.confab.members(this.room().room_id, { limit, offset });
        this.count = page.count;
        return page;
    }

    /** Runs requests one after the other, since each depends on what is loaded. */
    async #read(work) {
        const mine = (this.reading ?? Promise.resolve()).then(work);
        this.reading = mine.catch(() => {});
        try {
            await mine;
            this.failure.hidden = true;
            this.draw();
        } catch (error) {
            // If the panel was closed meanwhile, perhaps the user has left the room.
            if (this.element.isConnected) {
                const retry = button("Try again", () => this.load(), "link");
                const text = `The members could not be loaded. ${errorText(error)} `;
                fill(this.failure, text, retry);
                this.failure.hidden = false;
            }
        }
    }

    draw() {
        const room = this.room();
        const online = this.online();
        const wanted = this.filter.value.trim().toLowerCase();
        const found = wanted
            ? this.members.filter(({ username }) => username.toLowerCase().includes(wanted))
            : this.members;
        const shown = wanted ? found.slice(0, MOST_FOUND) : found;
        const hasMore = !wanted && this.members.length < this.count;
        this.heading.textContent = counted(this.count, "member");
        this.filter.hidden = this.count < MANY;
        fill(
            this.people,
            shown.map((member) => this.#person(member, room, online)),
            wanted && found.length === 0 && h("li.note", "No member with that name."),
            found.length > shown.length && h("li.note", "There are more."),
            hasMore &&
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
        const state = isOnline ? "In this room now" : "Not in this room now";
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
            title: `Leave “${visibleName(room.name)}”?`,
            action: "Leave room",
            text: leaveText(room),
            act: async () => {
                await this.confab.leave(room.room_id);
                this.on.left();
            },
        });
    }

    #delete(room) {
        confirm(this.root, {
            title: `Delete “${visibleName(room.name)}”?`,
            action: "Delete room",
            text: "The room and its messages will be deleted for everyone. This cannot be undone.",
            act: async () => {
                await this.confab.deleteRoom(room.room_id);
                this.on.left();
            },
        });
    }
}
