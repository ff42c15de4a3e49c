// What the user sets for a room: the actions of its menu, and the dialog about notifications.

import { form, submitButton } from "../ui/controls.js";
import { cancelButton, openDialog } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { fullTime } from "../ui/format.js";
import { openSheet } from "../ui/sheet.js";
import { t } from "../words.js";

const HOUR_MS = 60 * 60 * 1000;
/** A mute without an end. */
const FOREVER = "9999-12-31T23:59:59Z";

const inHours = (hours) => new Date(Date.now() + hours * HOUR_MS).toISOString();

function choice(name, value, checked, text, hint = null) {
    return h(
        "label.choice",
        h("input", { type: "radio", name, value, checked }),
        h("b", text),
        hint && h("span", hint),
    );
}

const isMuted = ({ muted_until: until }) => Boolean(until) && new Date(until) > new Date();

/** How long the room is muted already. */
function mutedHint({ muted_until: until }) {
    return until?.startsWith("9999") ? null : t("until {time}", { time: fullTime(until) });
}

function notifications(root, room, name, save) {
    const { me } = room;
    const isMutedNow = isMuted(me);
    const of = (word) => (word === "default" && room.is_direct ? "all" : word);
    const chosen = of(me.notify);
    const kinds = h(
        "fieldset.choices",
        h("legend", t("Notify me of")),
        !room.is_direct && choice("notify", "default", chosen === "default", t("Default")),
        choice("notify", "all", chosen === "all", t("All messages")),
        choice("notify", "mentions", chosen === "mentions", t("Messages that mention me")),
        choice("notify", "none", chosen === "none", t("Nothing")),
    );
    const mutes = h(
        "fieldset.choices",
        h("legend", t("Mute")),
        choice("mute", "off", !isMutedNow, t("Not muted")),
        isMutedNow && choice("mute", "same", true, t("Muted"), mutedHint(me)),
        choice("mute", "1", false, t("For an hour")),
        choice("mute", "8", false, t("For 8 hours")),
        choice("mute", "168", false, t("For a week")),
        choice("mute", "forever", false, t("Until I turn it off")),
    );
    openDialog(root, t("Notifications of {room}", { room: name }), (close) =>
        form({
            fields: [],
            others: [kinds, mutes],
            buttons: [cancelButton(close), submitButton(t("Save"))],
            submit: async () => {
                const mute = mutes.querySelector(":checked").value;
                const change = { notify: kinds.querySelector(":checked").value };
                if (mute !== "same") {
                    const times = { off: null, forever: FOREVER };
                    change.muted_until = mute in times ? times[mute] : inHours(Number(mute));
                }
                await save(change);
                close();
            },
        }),
    ).classList.add("narrow");
}

/**
 * The actions on a room, as for menu(), each the opposite of the present setting. `name` is that of
 * the room as the user sees it. Calls `on.view(me)` after a change, `on.unread(messageId)` and
 * `on.read()` to mark it as unread or read, and `on.failed(error)`.
 */
export function roomActions({ root, confab, room, name, on }) {
    const { me, last_message: last } = room;
    const isUnread = room.unread_count > 0;
    const save = async (change) => on.view(await confab.setRoomView(room.room_id, change));
    const set = (change) => save(change).catch(on.failed);
    return [
        {
            icon: "star",
            text: me.is_favorite ? t("Remove from the favourites") : t("Add to the favourites"),
            act: () => set({ is_favorite: !me.is_favorite }),
        },
        {
            icon: isMuted(me) ? "bell" : "bellOff",
            text: isMuted(me) ? t("Unmute") : t("Mute"),
            act: () => set({ muted_until: isMuted(me) ? null : FOREVER }),
        },
        {
            icon: "settings",
            text: t("Notifications"),
            act: () => notifications(root, room, name, save),
        },
        last && {
            icon: isUnread ? "check" : "mail",
            text: isUnread ? t("Mark as read") : t("Mark as unread"),
            act: () => (isUnread ? on.read() : on.unread(last.message_id)),
        },
        {
            icon: me.is_hidden ? "eye" : "eyeOff",
            text: me.is_hidden ? t("Show in the list") : t("Hide"),
            act: () => set({ is_hidden: !me.is_hidden }),
        },
    ].filter(Boolean);
}

/** The same as a dialog, for a room in the list. */
export function roomSheet(options) {
    openSheet(options.root, options.name, roomActions(options));
}
