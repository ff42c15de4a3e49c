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

const chosenOf = (element) => element.querySelector(":checked").value;

/** Reports a message to the moderators. */
export function report({ root, confab, room, on }, message) {
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
 * What a moderator can do about a member: `member` has user_id and username. Calls `changed()`
 * after each change.
 */
export function moderate({ root, confab, people, room, changed = () => {} }, member) {
    const { room_id: id } = room;
    const { user_id: who } = member;
    const name = people.name(who, member.username);
    const acts = choices(t("What is to be done?"), "act", [
        [`silence-${HOUR}`, t("Silence for an hour")],
        [`silence-${DAY}`, t("Silence for a day")],
        [`silence-${7 * DAY}`, t("Silence for a week")],
        ["remove", t("Remove from the room")],
        [`ban-${DAY}`, t("Ban for a day")],
        [`ban-${30 * DAY}`, t("Ban for 30 days")],
        ["ban-0", t("Ban for good")],
    ]);
    const messages = choices(t("With a ban, delete messages"), "messages", [
        ["none", t("None")],
        ["day", t("Of the last day")],
        ["all", t("All of them")],
    ]);
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
        const options = { reason: words, delete_messages: chosenOf(messages) };
        await confab.ban(id, who, until ? { until, ...options } : options);
        return [t("{name} is banned.", { name }), () => confab.unban(id, who)];
    };
    const dialog = openDialog(root, t("Moderate {name}", { name }), (close) =>
        form({
            fields: [reason],
            others: [acts, messages],
            buttons: [cancelButton(close), submitButton(t("Do it"), "danger")],
            submit: async () => {
                const [kind, minutes] = chosenOf(acts).split("-");
                const [text, undo] = await act(kind, Number(minutes));
                changed();
                const back = undo && (async () => (await undo(), changed()));
                done(dialog, text, back);
            },
        }),
    );
    dialog.classList.add("narrow");
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
