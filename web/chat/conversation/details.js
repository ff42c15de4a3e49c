// The panel beside a conversation: the members of the room and the actions on it.

import { button, errorText, iconButton, textField } from "../ui/controls.js";
import { confirm, openDialog, personName } from "../ui/dialog.js";
import { debounce, fill, h, isComposing } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { menu } from "../ui/menu.js";
import { t, tn } from "../words.js";

const PAGE = 100;
/** The largest page that the server gives. */
const LARGE_PAGE = 200;
/** From this number of members on there is a search. */
const MANY = 10;
/** The most members that a search shows. */
const MOST_FOUND = 100;
const SEARCH_DELAY_MS = 200;

/** What leaving a room means. The room is deleted with its last member. */
function leaveText(room) {
    if (room.members_count <= 1) {
        return t("You are its last member: the room and its messages will be deleted.");
    }
    return room.is_private
        ? t("You can come back only if you are invited.")
        : t("You can join again at any time.");
}

/**
 * `room()` returns the current room, `online()` the set of ids of the users online; `readOnly`:
 * nothing can be changed. Calls `on.closed()`, `on.left()` when the user left or deleted the room,
 * `on.changed(room)` when its settings were changed, `on.direct(userId)`, which may be null, to
 * open a direct room, `on.dates()` to go to a day, `on.moderation()` to open the page for
 * moderators, `on.done(text)`, `on.blocked(userId)` after a block or its end, and
 * `on.failed(error)`.
 */
export class Details {
    constructor({ root, confab, people, readOnly, room, online, on }) {
        Object.assign(this, { root, confab, people, readOnly, room, online, on });
        this.members = [];
        this.count = 0;
        this.list = h("ul", { "aria-label": t("Members") });
        this.failure = h("p.wrong", { role: "alert", hidden: true });
        this.filter = h("input", {
            type: "search",
            "aria-label": t("Find a member"),
            placeholder: t("Find a member"),
            autocomplete: "off",
            hidden: true,
            oninput: debounce(SEARCH_DELAY_MS, () => this.#search()),
        });
        this.heading = h("h3", t("Members"));
        this.actions = h("div.actions");
        this.endings = h("div.actions");
        this.element = h(
            "aside.details",
            {
                "aria-label": t("Room details"),
                onkeydown: (event) => {
                    if (event.key === "Escape" && !isComposing(event)) {
                        event.preventDefault();
                        on.closed();
                    }
                },
            },
            h(
                "div.bar",
                h("h2.title", t("Details")),
                iconButton("close", t("Close details"), () => on.closed()),
            ),
            h(
                "div.body",
                h("section", this.actions),
                h("section", this.heading, this.filter, this.failure, this.list),
                h("section", this.endings),
            ),
        );
        this.drawLater = debounce(1000, () => this.element.isConnected && this.draw());
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
            if (error.code === "members_hidden") {
                this.draw();
                this.heading.textContent = t("Members");
                fill(this.list, h("li.note", t("Only moderators see the members")));
            } else if (this.element.isConnected) {
                const reason = errorText(error);
                const text = t("The members could not be loaded. {reason}", { reason });
                this.#showFailure(text, () => this.load());
            }
        }
    }

    #showFailure(text, again) {
        fill(this.failure, text, " ", button(t("Try again"), again, "link"));
        this.failure.hidden = false;
    }

    /** Does what the user has asked for; a failure is shown at the members, with "Try again". */
    async #try(act) {
        this.failure.hidden = true;
        try {
            await act();
        } catch (error) {
            this.#showFailure(errorText(error), () => this.#try(act));
        }
    }

    draw() {
        // An open menu stays.
        if (this.list.querySelector(".menu:not([hidden])")) {
            this.drawLater();
            return;
        }
        const room = this.room();
        const online = this.online();
        const wanted = this.filter.value.trim().toLowerCase();
        const found = wanted
            ? this.members.filter((member) => this.#isNamed(member, wanted))
            : this.members;
        const shown = wanted ? found.slice(0, MOST_FOUND) : found;
        const hasMore = !wanted && this.members.length < this.count;
        this.heading.textContent = tn(this.count, "{count} member", "{count} members");
        this.filter.hidden = this.count < MANY;
        fill(
            this.list,
            shown.map((member) => this.#person(member, room, online)),
            wanted && found.length === 0 && h("li.note", t("No member with that name.")),
            found.length > shown.length && h("li.note", t("There are more.")),
            hasMore &&
                h(
                    "li",
                    button(t("Show more"), () => this.#more()),
                ),
        );
        fill(
            this.actions,
            this.readOnly ? [] : this.#roomActions(room),
            room.me && !this.readOnly && this.#favoriteAction(room),
            this.#action("clock", t("Go to a day"), this.on.dates),
            room.is_open && this.#action("link", t("Copy the link"), () => this.#copyLink(room)),
            this.#moderates(room) &&
                this.#action("flag", t("Moderation"), () => this.on.moderation()),
        );
        fill(this.endings, this.readOnly ? [] : this.#roomEndings(room));
    }

    #moderates(room) {
        const isModerator = room.is_admin || room.role === "moderator";
        return (isModerator || this.confab.user.is_moderator) && !room.is_direct && !this.readOnly;
    }

    /** The public address of an open room. */
    async #copyLink({ room_id: id }) {
        const address = new URL(`${this.confab.url}/#/${id}`, location.href).href;
        try {
            await navigator.clipboard.writeText(address);
            this.on.done(t("The link has been copied."));
        } catch {
            const field = textField("link", t("Link"), { value: address, readonly: true });
            openDialog(this.root, t("Link"), () => field.element);
            field.input.select();
        }
    }

    #isNamed({ user_id: id, username }, wanted) {
        const names = [username, this.people.name(id, username)];
        return names.some((name) => name.toLowerCase().includes(wanted));
    }

    #person(member, room, online) {
        const { user_id: id, username } = member;
        const state = online.has(id) ? t("In this room now") : t("Not in this room now");
        return h(
            "li.person",
            this.people.avatar(id, username, "small"),
            h(
                "span",
                { class: `dot${online.has(id) ? " on" : ""}`, title: state },
                h("span.unseen", state),
            ),
            this.#memberName(member, room),
            id === this.confab.user.user_id && h("span.under", t("(you)")),
            this.#badge(member),
            this.#memberMenu(member, room),
        );
    }

    #badge({ is_admin: isAdmin, role }) {
        const names = { moderator: t("Moderator"), reader: t("Reader") };
        const text = isAdmin ? t("Admin") : names[role];
        return text && h("span.badge", text);
    }

    #mayWrite({ user_id: id }, room) {
        const { user_id: own, is_guest: isGuest } = this.confab.user;
        return id !== own && !isGuest && this.on.direct && !room.is_direct;
    }

    /** The name opens the direct room with the member. */
    #memberName(member, room) {
        const { user_id: id, username } = member;
        const name = personName(this.people, member);
        if (!this.#mayWrite(member, room)) {
            return name;
        }
        return h(
            "button.bare.opens",
            {
                type: "button",
                title: t("Message {name}", { name: this.people.name(id, username) }),
                onclick: () => this.#try(() => this.on.direct(id)),
            },
            name,
        );
    }

    #memberMenu(member, room) {
        const { user_id: id, username } = member;
        const isOther = id !== this.confab.user.user_id;
        const mayChange = isOther && room.is_admin && !room.is_direct && !this.readOnly;
        const mayWrite = this.#mayWrite(member, room);
        const isLower = !member.is_admin && (room.is_admin || member.role !== "moderator");
        const mayModerate = isOther && isLower && this.#moderates(room);
        if (!isOther || this.readOnly) {
            return null;
        }
        const name = this.people.name(id, username);
        const label = t("Actions for {name}", { name });
        return menu(iconButton("more", label, null), label, () => [
            mayWrite && {
                icon: "mail",
                text: t("Message {name}", { name }),
                act: () => this.#try(() => this.on.direct(id)),
            },
            mayChange && {
                icon: "star",
                text: member.is_admin ? t("Make an ordinary member") : t("Make an admin"),
                act: () => this.#try(() => this.#setAdmin(member)),
            },
            ...(mayChange ? this.#roleChanges(member) : []),
            mayModerate && {
                icon: "warning",
                text: t("Silence or ban"),
                act: () => this.#withPeople(({ moderate }) => moderate(this.#place(room), member)),
            },
            {
                icon: "eyeOff",
                text: this.people.blocked.has(id) ? t("Unblock") : t("Block"),
                act: () => this.#block(id),
            },
            (mayChange || mayModerate) && {
                icon: "close",
                text: t("Remove from the room"),
                act: () => this.#remove(member, room),
                isDangerous: true,
            },
        ]);
    }

    #place(room) {
        const { root, confab, people } = this;
        return { root, confab, people, room, changed: () => this.reload() };
    }

    /** The other roles below that of admins. */
    #roleChanges(member) {
        if (member.is_admin) {
            return [];
        }
        const roles = [
            ["moderator", t("Make a moderator")],
            ["member", t("Make an ordinary member")],
            ["reader", t("Make a reader")],
        ];
        return roles
            .filter(([role]) => role !== (member.role ?? "member"))
            .map(([role, text]) => ({
                icon: "people",
                text,
                act: () => this.#try(() => this.#setRole(member, role)),
            }));
    }

    async #setRole(member, role) {
        await this.confab.setRole(member.room_id, member.user_id, role);
        this.reload();
    }

    #block(id) {
        this.#withPeople(({ toggleBlock }) =>
            this.#try(async () => {
                await toggleBlock(this, id);
                this.on.blocked(id);
            }),
        );
    }

    #withPeople(open) {
        this.#withModule(import("../moderation/people.js"), open);
    }

    async #setAdmin(member) {
        await this.confab.setAdmin(member.room_id, member.user_id, !member.is_admin);
        this.reload();
    }

    #remove(member, room) {
        const name = this.people.name(member.user_id, member.username);
        confirm(this.root, {
            title: t("Remove {name}?", { name }),
            action: t("Remove"),
            text: room.is_private
                ? t("{name} will not see this room until invited again.", { name })
                : t("{name} leaves the room, and can join it again at once.", { name }),
            act: async () => {
                await this.confab.removeMember(member.room_id, member.user_id);
                this.reload();
            },
        });
    }

    #withDialogs(open) {
        this.#withModule(import("../rooms/dialogs.js"), open);
    }

    /** Dialogs are loaded when one is opened for the first time. */
    async #withModule(loading, open) {
        try {
            open(await loading);
        } catch (error) {
            this.on.failed(error);
        }
    }

    #action(iconName, text, onclick, isDangerous = false) {
        const properties = { type: "button", class: isDangerous ? "warns" : "", onclick };
        return h("button", properties, icon(iconName), text);
    }

    #roomActions(room) {
        const { root, confab, people } = this;
        if (room.is_direct || !room.is_admin) {
            return [];
        }
        const isMember = (id) => this.members.some((member) => member.user_id === id);
        const save = async (change) =>
            this.on.changed(await confab.updateRoom(room.room_id, change));
        return [
            this.#action("plus", t("Invite people"), () =>
                this.#withDialogs(({ invite }) => invite(root, confab, people, room, isMember)),
            ),
            this.#action("link", t("Invite links"), () =>
                this.#withModule(import("../rooms/invite-links.js"), ({ openInviteLinks }) =>
                    openInviteLinks(root, confab, room),
                ),
            ),
            this.#action("settings", t("Room settings"), () =>
                this.#withDialogs(({ roomSettings }) => roomSettings(root, room, save)),
            ),
        ];
    }

    #favoriteAction({ room_id: id, me }) {
        const text = me.is_favorite ? t("Remove from the favourites") : t("Add to the favourites");
        const change = { is_favorite: !me.is_favorite };
        return this.#action("star", text, () =>
            this.#try(async () => {
                const path = `/api/chat/rooms/${id}/me/`;
                this.on.changed({ me: await this.confab.request("PATCH", path, change) });
            }),
        );
    }

    /** Leaving and deleting come last, below the members. */
    #roomEndings(room) {
        if (room.is_direct) {
            return [];
        }
        return [
            this.#action("exit", t("Leave room"), () => this.#leave(room)),
            room.is_admin &&
                this.#action("trash", t("Delete room"), () => this.#delete(room), true),
        ];
    }

    #leave(room) {
        confirm(this.root, {
            title: t("Leave “{room}”?", { room: this.people.roomName(room) }),
            action: t("Leave room"),
            text: leaveText(room),
            act: async () => {
                // The room's channel may be closed before the answer is here.
                this.isLeaving = true;
                try {
                    await this.confab.leave(room.room_id);
                } finally {
                    this.isLeaving = false;
                }
                this.on.left();
            },
        });
    }

    #delete(room) {
        confirm(this.root, {
            title: t("Delete “{room}”?", { room: this.people.roomName(room) }),
            action: t("Delete room"),
            text: t(
                "The room and its messages will be deleted for everyone. This cannot be undone.",
            ),
            act: async () => {
                await this.confab.deleteRoom(room.room_id);
                this.on.left();
            },
        });
    }
}
