// The dialogs about rooms: new room, room settings, public and hidden rooms, direct message,
// invitation.

import { form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog, rowButton, searchList, personName } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { visibleName } from "../ui/format.js";
import { avatar } from "../ui/avatar.js";
import { t, tn } from "../words.js";

/** The most rooms shown in a list of results. */
const MOST_FOUND = 200;

const SLOW_SECONDS = [0, 10, 30, 60, 300, 900, 3600, 21600];

/** In the largest unit of which it is a whole number. */
function slowText(seconds) {
    if (seconds % 3600 === 0) {
        return tn(seconds / 3600, "{count} hour", "{count} hours");
    }
    return seconds % 60 === 0
        ? tn(seconds / 60, "{count} minute", "{count} minutes")
        : tn(seconds, "{count} second", "{count} seconds");
}

function selection(label, options, chosen) {
    const select = h(
        "select",
        options.map(([value, text]) =>
            h("option", { value, selected: value === String(chosen) }, text),
        ),
    );
    return { select, element: h("label.field", h("span", label), select) };
}

/**
 * What a room allows: the field of its topic, the other elements of a form, and `changes()`, what
 * was changed.
 */
function roomRules(room) {
    const topic = textField("topic", t("Topic"), { value: room.topic, autocomplete: "off" });
    const policy = selection(
        t("Who writes"),
        [
            ["members", t("All members")],
            ["moderators", t("Moderators and admins")],
            ["nobody", t("Only the site")],
        ],
        room.post_policy,
    );
    const seconds = [...new Set([...SLOW_SECONDS, room.slow_seconds])].sort((a, b) => a - b);
    const slow = selection(
        t("Slow mode: time between two messages of a member"),
        seconds.map((one) => [String(one), one === 0 ? t("None") : slowText(one)]),
        room.slow_seconds,
    );
    const history = selection(
        t("New members see"),
        [
            ["all", t("Earlier messages, too")],
            ["joined", t("Only messages from then on")],
        ],
        room.history,
    );
    const guests = selection(
        t("Guests, if the site has them"),
        [
            ["none", t("Do not enter")],
            ["read", t("Read")],
            ["write", t("Read and write")],
        ],
        room.guests,
    );
    const days = h("input", { type: "number", min: 1, max: 3650, value: room.retention_days });
    const opens = h("input", { type: "checkbox", checked: room.is_open });
    const hides = h("input", { type: "checkbox", checked: !room.members_visible });
    const archived = h("input", { type: "checkbox", checked: room.is_archived });
    const elements = [
        policy.element,
        slow.element,
        history.element,
        guests.element,
        h(
            "label.field",
            h("span", t("Days after which messages are deleted; empty: the default of the site")),
            days,
        ),
        h(
            "label.choice",
            opens,
            h("b", t("Open: anyone can read it")),
            h("span", t("Without an account, from anywhere on the web.")),
        ),
        h("label.choice", hides, h("b", t("Only moderators see the members"))),
        h("label.choice", archived, h("b", t("Archived: read-only"))),
    ];
    const chosen = () => ({
        topic: topic.input.value.trim(),
        post_policy: policy.select.value,
        slow_seconds: Number(slow.select.value),
        history: history.select.value,
        guests: guests.select.value,
        retention_days: days.value === "" ? null : Number(days.value),
        is_open: opens.checked,
        members_visible: !hides.checked,
        is_archived: archived.checked,
    });
    const changes = () =>
        Object.fromEntries(Object.entries(chosen()).filter(([key, value]) => room[key] !== value));
    return { topic, elements, changes };
}

/** A form for a room's name, privacy and rules. `save(change)` returns a promise. */
function roomForm(root, { title, action, room, save }) {
    const privacyOption = (value, checked, name, hint) =>
        h(
            "label.choice",
            h("input", { type: "radio", name: "privacy", value, checked }),
            h("b", name),
            h("span", hint),
        );
    openDialog(root, title, (close) => {
        const name = textField("name", t("Name"), {
            value: room.name,
            required: true,
            autocomplete: "off",
        });
        const isPrivate = room.is_private;
        const privacy = h(
            "fieldset.choices",
            h("legend.unseen", t("Who can join")),
            privacyOption("private", isPrivate, t("Private"), t("Only invited people can see it.")),
            privacyOption("public", !isPrivate, t("Public"), t("Everyone can find and join it.")),
        );
        const pins = h("input", { type: "checkbox", checked: room.may_pin === "all" });
        // A new room begins with pins of its admins only.
        const pinChoice =
            room.may_pin && h("label.choice", pins, h("b", t("All members may pin messages")));
        const rules = room.post_policy ? roomRules(room) : null;
        return form({
            fields: rules ? [name, rules.topic] : [name],
            others: [privacy, pinChoice, ...(rules?.elements ?? [])],
            buttons: [cancelButton(close), submitButton(action)],
            submit: async () => {
                const chosen = privacy.querySelector(":checked").value;
                const changes = rules?.changes() ?? {};
                // Nothing else of an archived room can be changed.
                const isOpened = room.is_archived && changes.is_archived === false;
                if (isOpened) {
                    await save({ is_archived: false });
                    delete changes.is_archived;
                }
                await save({
                    name: name.input.value,
                    is_private: chosen === "private",
                    ...(pinChoice && { may_pin: pins.checked ? "all" : "admins" }),
                    ...changes,
                });
                close();
            },
        });
    });
}

export function newRoom(root, save) {
    const room = { name: "", is_private: true };
    roomForm(root, { title: t("New room"), action: t("Create room"), room, save });
}

export function roomSettings(root, room, save) {
    roomForm(root, { title: t("Room settings"), action: t("Save"), room, save });
}

/** A search for users by the first letters of their names, without the current user. */
function userSearch(confab, people, action) {
    return searchList({
        label: t("Find a person by name"),
        search: async (text) => {
            const page = await confab.users({ search: text, limit: 50 });
            const items = page.results.filter((user) => user.user_id !== confab.user.user_id);
            return { items, more: page.next !== null };
        },
        row: (user, refresh) =>
            h(
                "li.person",
                people.avatar(user.user_id, user.username),
                personName(people, user),
                action(user, refresh),
            ),
        nothing: t("No user with that name."),
    });
}

export function directMessage(root, confab, people, choose) {
    openDialog(root, t("New direct message"), (close) =>
        userSearch(confab, people, (user) => {
            const name = people.name(user.user_id, user.username);
            return rowButton(t("Message"), t("Message {name}", { name }), async () => {
                await choose(user);
                close();
            });
        }),
    );
}

/** Invites people to a room; members and those just invited are marked. */
export function invite(root, confab, people, room, isMember) {
    const invited = new Set();
    openDialog(root, t("Invite to {room}", { room: visibleName(room.name) }), () =>
        userSearch(confab, people, ({ user_id: id, username }, refresh) => {
            if (invited.has(id) || isMember(id)) {
                const text = invited.has(id) ? t("Invited") : t("Member");
                return h("span.under", { role: "status" }, text);
            }
            const name = people.name(id, username);
            return rowButton(t("Invite"), t("Invite {name}", { name }), async () => {
                await confab.invite(room.room_id, id);
                invited.add(id);
                await refresh();
            });
        }),
    );
}

/** Reads a list of the API page by page, as far as it is needed. */
class PagedList {
    constructor(first, follow) {
        Object.assign(this, { first, follow, items: [], page: null, reading: Promise.resolve() });
    }

    /** The first `count` items that match, and whether there are more; waits for its turn. */
    find(matches, count) {
        const find = async () => {
            for (;;) {
                const found = this.items.filter(matches);
                const isLast = this.page && !this.page.next;
                if (found.length > count || isLast) {
                    return { items: found.slice(0, count), more: found.length > count };
                }
                this.page = await (this.page ? this.follow(this.page.next) : this.first());
                this.items.push(...this.page.results);
            }
        };
        this.reading = this.reading.then(find, find);
        return this.reading;
    }
}

/** Public rooms, most recently active first. */
export function findRoom(root, confab, isMember, choose) {
    const list = new PagedList(
        () => confab.rooms({ public: true, limit: 200 }),
        (link) => confab.follow(link),
    );
    const search = (text) => {
        const wanted = text.toLowerCase();
        return list.find((room) => room.name.toLowerCase().includes(wanted), MOST_FOUND);
    };
    openDialog(root, t("Public rooms"), (close) => {
        const row = (room) => {
            // Some can be read without joining.
            const opens = isMember(room.room_id) || room.is_live || room.is_open;
            const name = visibleName(room.name);
            const label = opens
                ? t("Open {room}", { room: name })
                : t("Join {room}", { room: name });
            const count = tn(room.members_count, "{count} member", "{count} members");
            return h(
                "li.person",
                avatar({ id: room.room_id, name, kind: "tile" }),
                h("span.who", h("bdi", name), h("span.under", count)),
                rowButton(opens ? t("Open") : t("Join"), label, async () => {
                    await choose(room, !opens);
                    close();
                }),
            );
        };
        const label = t("Find a room by name");
        return searchList({ label, search, row, nothing: t("No public room with that name.") });
    });
}

/** The rooms that the user has hidden. `show(room)` shows one again, and returns a promise. */
export function hiddenRooms(root, confab, people, show) {
    const list = new PagedList(
        () => confab.rooms({ hidden: true, limit: 200 }),
        (link) => confab.follow(link),
    );
    const search = (text) => {
        const wanted = text.toLowerCase();
        const fits = (room) => people.roomName(room).toLowerCase().includes(wanted);
        return list.find(fits, MOST_FOUND);
    };
    openDialog(root, t("Hidden rooms"), (close) => {
        const row = (room) => {
            const name = people.roomName(room);
            return h(
                "li.person",
                people.roomAvatar(room),
                h("span.who", h("bdi", name)),
                rowButton(t("Show"), t("Show {room}", { room: name }), async () => {
                    await show(room);
                    close();
                }),
            );
        };
        const label = t("Find a room by name");
        return searchList({ label, search, row, nothing: t("No hidden room with that name.") });
    });
}
