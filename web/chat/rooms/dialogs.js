// The dialogs about rooms: new room, room settings, public rooms, direct message, invitation.

import { form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog, rowButton, searchList } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { counted } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { avatar } from "../ui/avatar.js";

/** A form for a room's name and privacy. `save({name, is_private})` returns a promise. */
function roomForm(root, { title, action, room, save }) {
    const privacyOption = (value, checked, name, hint) =>
        h(
            "label.choice",
            h("input", { type: "radio", name: "privacy", value, checked }),
            h("b", name),
            h("span", hint),
        );
    openDialog(root, title, (close) => {
        const name = textField("name", "Name", {
            value: room.name,
            maxlength: 128,
            required: true,
            autocomplete: "off",
        });
        const isPrivate = room.is_private;
        const privacy = h(
            "fieldset.choices",
            h("legend.unseen", "Who can join"),
            privacyOption("private", isPrivate, "Private", "Only invited people can see it."),
            privacyOption("public", !isPrivate, "Public", "Everyone can find and join it."),
        );
        return form({
            fields: [name],
            others: [privacy],
            buttons: [cancelButton(close), submitButton(action)],
            submit: async () => {
                const chosen = privacy.querySelector(":checked").value;
                await save({ name: name.input.value, is_private: chosen === "private" });
                close();
            },
        });
    });
}

export function newRoom(root, save) {
    const room = { name: "", is_private: true };
    roomForm(root, { title: "New room", action: "Create room", room, save });
}

export function roomSettings(root, room, save) {
    roomForm(root, { title: "Room settings", action: "Save", room, save });
}

/** A search for users by the first letters of their names, without the current user. */
function userSearch(confab, action) {
    return searchList({
        label: "Find a person by name",
        search: async (text) => {
            const page = await confab.users({ search: text, limit: 50 });
            return page.results.filter((user) => user.user_id !== confab.user.user_id);
        },
        row: (user, refresh) =>
            h(
                "li.person",
                avatar(user.username),
                h("span.who", user.username),
                action(user, refresh),
            ),
        nothing: "No user with that name.",
    });
}

export function directMessage(root, confab, choose) {
    openDialog(root, "New direct message", (close) =>
        userSearch(confab, (user) =>
            rowButton("Message", user.username, async () => {
                await choose(user);
                close();
            }),
        ),
    );
}

/** Invites people to a room; members and those just invited are marked. */
export function invite(root, confab, room, isMember) {
    const invited = new Set();
    openDialog(root, `Invite to ${room.name}`, () =>
        userSearch(confab, ({ user_id: id, username }, refresh) => {
            if (invited.has(id) || isMember(id)) {
                const text = invited.has(id) ? "Invited" : "Member";
                return h("span.under", { role: "status" }, text);
            }
            return rowButton("Invite", username, async () => {
                await confab.invite(room.room_id, id);
                invited.add(id);
                await refresh();
            });
        }),
    );
}

/** Public rooms, most recently active first. The search covers the rooms that were read. */
export function findRoom(root, confab, isMember, choose) {
    let listed;
    const search = async (text) => {
        listed ??= (await confab.rooms({ public: true, limit: 200 })).results;
        return listed.filter((room) => room.name.toLowerCase().includes(text.toLowerCase()));
    };
    openDialog(root, "Public rooms", (close) => {
        const row = (room) => {
            const action = isMember(room.room_id) ? "Open" : "Join";
            const members = h("span.under", counted(room.members_count, "member"));
            return h(
                "li.person",
                h("span.round", icon("hash")),
                h("span.who", room.name, members),
                rowButton(action, room.name, async () => {
                    await choose(room, action === "Join");
                    close();
                }),
            );
        };
        const label = "Find a room by name";
        return searchList({ label, search, row, nothing: "No public room with that name." });
    });
}
