// Windows in front of the chat: new rooms, finding rooms and people, settings, questions.

import { fill, h, settled } from "../ui/dom.js";
import { form, inWords, textField } from "../ui/form.js";
import { avatar, counted } from "../ui/format.js";
import { icon } from "../ui/icons.js";

const SEARCH_DELAY_MS = 200;

/** Opens a dialog in `root`; `body(close)` makes what is in it. The browser keeps the focus
 * inside, closes it on Escape and gives the focus back. */
function open(root, title, body) {
    const heading = `confab-dialog-${Date.now()}`;
    const dialog = h("dialog", {
        "aria-labelledby": heading,
        onclose: () => dialog.remove(),
        onclick: (event) => event.target === dialog && dialog.close(),
    });
    const close = () => dialog.close();
    dialog.append(
        h(
            "header",
            {},
            h("h2", { id: heading }, title),
            h(
                "button",
                { class: "bare", type: "button", "aria-label": "Close", onclick: close },
                icon("close"),
            ),
        ),
        h("div", { class: "inner" }, body(close)),
    );
    root.append(dialog);
    dialog.showModal();
    dialog.querySelector("input, .buttons button")?.focus();
    return dialog;
}

const cancel = (close) => h("button", { type: "button", onclick: close }, "Cancel");

function choice(name, value, checked, title, hint) {
    return h(
        "label",
        { class: "choice" },
        h("input", { type: "radio", name, value, checked }),
        h("b", {}, title),
        h("span", {}, hint),
    );
}

/** Private or public, as a question with two answers. */
function privacy(isPrivate) {
    return h(
        "fieldset",
        { class: "choices" },
        h("legend", { class: "unseen" }, "Who can join"),
        choice("privacy", "private", isPrivate, "Private", "Only people who are invited see it."),
        choice("privacy", "public", !isPrivate, "Public", "Everybody here can find and join it."),
    );
}

/** A room's name and privacy, asked for in a form. `save({name, is_private})` is a promise. */
function roomForm(root, { title, action, room, save }) {
    open(root, title, (close) => {
        const name = textField("name", "Name", {
            value: room.name,
            maxlength: 128,
            required: true,
            autocomplete: "off",
        });
        const who = privacy(room.is_private);
        return form({
            fields: [name],
            others: [who],
            buttons: [cancel(close), h("button", { class: "main", type: "submit" }, action)],
            submit: async () => {
                const isPrivate = who.querySelector(":checked").value === "private";
                await save({ name: name.input.value, is_private: isPrivate });
                close();
            },
        });
    });
}

export function newRoom(root, save) {
    roomForm(root, {
        title: "New room",
        action: "Create room",
        room: { name: "", is_private: true },
        save,
    });
}

export function roomSettings(root, room, save) {
    roomForm(root, { title: "Room settings", action: "Save", room, save });
}

/** Asks before something that cannot be undone; `act()` is a promise, `then()` is called when the
 * dialog has gone after it. */
export function confirm(root, { title, words, action, act, then }) {
    open(root, title, (close) => [
        h("p", {}, words),
        form({
            fields: [],
            buttons: [cancel(close), h("button", { class: "danger", type: "submit" }, action)],
            submit: async () => {
                await act();
                close();
                then?.();
            },
        }),
    ]);
}

export function changePassword(root, save) {
    open(root, "Change password", (close) => {
        const old = textField("old_password", "Present password", {
            type: "password",
            autocomplete: "current-password",
        });
        const fresh = textField(
            "new_password",
            "New password",
            { type: "password", autocomplete: "new-password" },
            "At least 8 characters. You are logged out everywhere else.",
        );
        return form({
            fields: [old, fresh],
            buttons: [
                cancel(close),
                h("button", { class: "main", type: "submit" }, "Change password"),
            ],
            submit: async () => {
                await save(old.input.value, fresh.input.value);
                close();
            },
        });
    });
}

/**
 * A search with results as one types. `search(text)` gives a promise of things, `row(thing, again)`
 * the node of one, `again()` searches once more; `nothing` are the words for no result.
 */
function finder(label, search, row, nothing) {
    const results = h("ul", { class: "results", "aria-label": "Results", tabindex: "0" });
    let turn = 0;
    const run = async () => {
        turn += 1;
        const mine = turn;
        let rows;
        try {
            rows = (await search(field.input.value.trim())).map((thing) => row(thing, run));
        } catch (error) {
            rows = [h("li", { class: "note", role: "alert" }, inWords(error))];
        }
        if (mine === turn) {
            fill(results, rows.length > 0 ? rows : h("li", { class: "note" }, nothing));
        }
    };
    const field = textField("search", label, {
        type: "search",
        autocomplete: "off",
        oninput: settled(SEARCH_DELAY_MS, run),
    });
    run();
    return [field.element, results];
}

/** A button in a row that does one thing, and says in the row when that failed. */
function rowButton(words, name, act) {
    const label = `${words} ${name}`;
    const button = h(
        "button",
        {
            type: "button",
            "aria-label": label,
            onclick: async () => {
                button.disabled = true;
                try {
                    await act();
                } catch (error) {
                    button.disabled = false;
                    button.after(h("span", { class: "wrong", role: "alert" }, inWords(error)));
                }
            },
        },
        words,
    );
    return button;
}

function person(user, ...more) {
    return h(
        "li",
        { class: "person" },
        avatar(user.username),
        h("span", { class: "who" }, user.username),
        ...more,
    );
}

/** Users by the first letters of their names, without oneself. */
function searchUsers(confab) {
    return async (text) => {
        const page = await confab.users({ search: text, limit: 50 });
        return page.results.filter((user) => user.user_id !== confab.user.user_id);
    };
}

export function directMessage(root, confab, choose) {
    open(root, "New direct message", (close) =>
        finder(
            "Find a person by name",
            searchUsers(confab),
            (user) =>
                person(
                    user,
                    rowButton("Message", user.username, async () => {
                        await choose(user);
                        close();
                    }),
                ),
            "There is nobody with such a name.",
        ),
    );
}

/** Invites people to a room; those in it already say so. */
export function invite(root, confab, room, isMember) {
    const invited = new Set();
    const standing = (id) => (invited.has(id) ? "Invited" : isMember(id) ? "Member" : null);
    open(root, `Invite to ${room.name}`, () =>
        finder(
            "Find a person by name",
            searchUsers(confab),
            (user, again) =>
                person(
                    user,
                    standing(user.user_id)
                        ? h("span", { class: "under", role: "status" }, standing(user.user_id))
                        : rowButton("Invite", user.username, async () => {
                              await confab.invite(room.room_id, user.user_id);
                              invited.add(user.user_id);
                              await again();
                          }),
                ),
            "There is nobody with such a name.",
        ),
    );
}

/** Public rooms. The server lists them by activity; the search is among those read. */
export function findRoom(root, confab, isMember, choose) {
    let listed;
    const search = async (text) => {
        listed ??= (await confab.rooms({ public: true, limit: 200 })).results;
        return listed.filter((room) => room.name.toLowerCase().includes(text.toLowerCase()));
    };
    open(root, "Public rooms", (close) =>
        finder(
            "Find a room by name",
            search,
            (room) => {
                const words = isMember(room.room_id) ? "Open" : "Join";
                return h(
                    "li",
                    { class: "person" },
                    h("span", { class: "round" }, icon("hash")),
                    h(
                        "span",
                        { class: "who" },
                        room.name,
                        h("span", { class: "under" }, counted(room.members_count, "member")),
                    ),
                    rowButton(words, room.name, async () => {
                        await choose(room, words === "Join");
                        close();
                    }),
                );
            },
            "There is no public room with such a name.",
        ),
    );
}
