// What is done about a person: reporting a message, blocking, and, by moderators, silencing,
// removing and banning, each with the way back where there is one.

import { button, errorText, form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { t } from "../words.js";

const HOUR = 60;
const DAY = 24 * HOUR;

function choices(legend, name, options) {
    return h(
        "fieldset.choices",
        h("legend", legend),
        ...options.map(([value, text], index) =>
            h(
                "label.choice",
                h("input", { type: "radio", name, value, checked: index === 0 }),
                h("b", text),
            ),
        ),
    );
}

/** A label with a select: [value, text] each. */
function selection(label, options) {
    const select = h(
        "select",
        options.map(([value, text]) => h("option", { value }, text)),
    );
    return { select, element: h("label.field", h("span", label), select) };
}

const chosenOf = (element) => element.querySelector(":checked").value;

/** Reports a message to the moderators. */
export function report({ root, confab, people, room, on }, message) {
    const reasons = choices(t("Why do you report this message?"), "reason", [
        ["spam", t("Spam")],
        ["abuse", t("Abuse")],
        ["illegal", t("Illegal")],
        ["other", t("Something else")],
    ]);
    const note = textField("note", t("More about it"), { maxlength: 1000, autocomplete: "off" });
    openDialog(root, t("Report a message"), (close) =>
        form({
            fields: [note],
            others: [reasons],
            buttons: [cancelButton(close), submitButton(t("Report"))],
            submit: async () => {
                const reason = chosenOf(reasons);
                const given = note.input.value.trim() || null;
                await confab.report(room.room_id, message.message_id, { reason, note: given });
                people.reported.add(message.message_id);
                close();
                on.told(t("The moderators will look at it."));
            },
        }),
    ).classList.add("narrow");
}

/** Shows in a dialog that something was done, and how to undo it. */
function done(dialog, text, undo) {
    const inner = dialog.querySelector(".inner");
    const wrong = h("span.wrong", { role: "alert" });
    const back = button(t("Undo"), async () => {
        back.disabled = true;
        try {
            await undo();
            dialog.close();
        } catch (error) {
            back.disabled = false;
            fill(wrong, errorText(error));
        }
    });
    const end = button(t("Done"), () => dialog.close(), "main");
    fill(inner, h("p", { role: "status" }, text), wrong, h("div.buttons", undo && back, end));
    end.focus();
}

/**
 * What a moderator can do about a member: `member` has user_id and username. `room` is null for a
 * site moderator who may not see it. Calls `changed()` after each change.
 */
export function moderate({ root, confab, people, room, changed = () => {} }, member) {
    const { room_id: id = 0, is_direct: isDirect = true } = room ?? {};
    const { user_id: who } = member;
    const name = people.name(who, member.username);
    const kinds = selection(t("What is to be done?"), [
        ...(isDirect
            ? []
            : [
                  ["silence", t("Silence: can read, but not write")],
                  ["remove", t("Remove from the room")],
                  ["ban", t("Ban from the room")],
              ]),
        ...(confab.user.is_moderator ? [["site", t("Ban from the whole site")]] : []),
    ]);
    const times = selection(t("For how long"), [
        [String(HOUR), t("For an hour")],
        [String(DAY), t("For a day")],
        [String(7 * DAY), t("For a week")],
        [String(30 * DAY), t("For 30 days")],
        ["0", t("For good")],
    ]);
    const messages = selection(t("With a ban, delete messages"), [
        ["none", t("None")],
        ["day", t("Of the last day")],
        ["all", t("All of them")],
    ]);
    const follow = () => {
        const kind = kinds.select.value;
        const isBan = kind === "ban" || kind === "site";
        times.element.hidden = kind === "remove";
        // A silence has an end.
        times.select.lastChild.hidden = !isBan;
        if (!isBan && times.select.value === "0") {
            times.select.value = String(HOUR);
        }
        messages.element.hidden = !isBan;
        reason.element.hidden = !isBan;
    };
    kinds.select.addEventListener("change", follow);
    const reason = textField("reason", t("Reason, for moderators"), {
        maxlength: 500,
        autocomplete: "off",
    });
    const act = async (kind, minutes) => {
        if (kind === "silence") {
            await confab.silence(id, who, minutes);
            return [t("{name} is silenced.", { name }), () => confab.unsilence(id, who)];
        }
        if (kind === "remove") {
            await confab.removeMember(id, who);
            return [t("{name} was removed.", { name }), null];
        }
        const until = minutes ? new Date(Date.now() + minutes * 60000).toISOString() : null;
        const words = reason.input.value.trim() || null;
        const options = {
            reason: words,
            delete_messages: messages.select.value,
            ...(until && { until }),
        };
        if (kind === "site") {
            await confab.siteBan(who, options);
            return [t("{name} is banned from the site.", { name }), () => confab.siteUnban(who)];
        }
        await confab.ban(id, who, options);
        return [t("{name} is banned.", { name }), () => confab.unban(id, who)];
    };
    const dialog = openDialog(root, t("Moderate {name}", { name }), (close) =>
        form({
            fields: [],
            others: [kinds.element, times.element, messages.element, reason.element],
            buttons: [cancelButton(close), submitButton(t("Do it"), "danger")],
            submit: async () => {
                const minutes = Number(times.select.value);
                const [text, undo] = await act(kinds.select.value, minutes);
                changed();
                const back = undo && (async () => (await undo(), changed()));
                done(dialog, text, back);
            },
        }),
    );
    dialog.classList.add("narrow");
    follow();
}

/** Blocks a user, or ends that. */
export async function toggleBlock({ confab, people }, userId) {
    if (people.blocked.has(userId)) {
        await confab.unblock(userId);
        people.blocked.delete(userId);
    } else {
        await confab.block(userId);
        people.blocked.add(userId);
    }
}
