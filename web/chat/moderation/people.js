// Acts that concern a user: reporting a message, blocking, and, by moderators, silencing,
// removing and banning, each with its undoing where there is one.

import { button, errorText, form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog, personName } from "../ui/dialog.js";
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
    const note = textField("note", t("More about it"), { autocomplete: "off" });
    openDialog(root, t("Report a message"), (close) =>
        form({
            fields: [note],
            others: [reasons, note.element],
            buttons: [cancelButton(close), submitButton(t("Report"))],
            submit: async () => {
                const reason = chosenOf(reasons);
                const given = note.input.value.trim() || null;
                await confab.report(room.room_id, message.message_id, { reason, note: given });
                people.reported.add(message.message_id);
                close();
                on.done(t("The moderators will look at it."));
            },
        }),
    ).classList.add("narrow");
}

/** Shows in a dialog that something was done, and how to undo it; `limits`: what stays then. */
function done(dialog, { text, undo, limits }) {
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
    fill(
        inner,
        h("p", { role: "status" }, text),
        limits && h("p", limits),
        wrong,
        h("div.buttons", undo && back, end),
    );
    end.focus();
}

/** What each act means, and the words of its button. */
const actsOn = (name, room) => ({
    silence: {
        action: t("Silence"),
        meaning: t("{name} stays in the room, reads on, and cannot write until then.", { name }),
    },
    remove: {
        action: t("Remove"),
        meaning: room?.is_private
            ? t("{name} leaves the room, and can come back by a new invitation.", { name })
            : t("{name} leaves the room, and can join it again at once.", { name }),
    },
    ban: {
        action: t("Ban"),
        meaning: t("{name} leaves the room, and cannot come back before the ban ends.", { name }),
    },
    site: {
        action: t("Ban from the site"),
        meaning: t("{name} is logged out everywhere, and cannot log in before the ban ends.", {
            name,
        }),
    },
});

/** Does it; resolves to what to say afterwards, as done() takes it. `room` as of moderate(). */
async function actOn(confab, room, { userId, name, kind, minutes, reason, messages }) {
    const { room_id: roomId, is_private: isPrivate } = room ?? {};
    if (kind === "silence") {
        await confab.silence(roomId, userId, minutes);
        const undo = () => confab.unsilence(roomId, userId);
        return { text: t("{name} is silenced.", { name }), undo };
    }
    if (kind === "remove") {
        await confab.removeMember(roomId, userId);
        return { text: t("{name} was removed.", { name }) };
    }
    const until = minutes ? new Date(Date.now() + minutes * 60000).toISOString() : null;
    const options = { reason, delete_messages: messages, ...(until && { until }) };
    if (kind === "site") {
        await confab.siteBan(userId, options);
        return {
            text: t("{name} is banned from the site.", { name }),
            undo: () => confab.siteUnban(userId),
            limits: t("Undo ends the ban. Deleted messages do not come back."),
        };
    }
    const limits = isPrivate
        ? t("Undo ends the ban. {name} needs an invitation; deleted messages do not come back.", {
              name,
          })
        : t("Undo ends the ban. {name} has to join again; deleted messages do not come back.", {
              name,
          });
    await confab.ban(roomId, userId, options);
    return {
        text: t("{name} is banned.", { name }),
        undo: () => confab.unban(roomId, userId),
        limits,
    };
}

/**
 * What a moderator can do about a member: `member` has user_id and username. `room` is null for a
 * site moderator who may not see it. Calls `changed()` after each change. Returns the dialog.
 */
export function moderate({ root, confab, people, room, changed = () => {} }, member) {
    const { is_direct: isDirect = true } = room ?? {};
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
    const reason = textField("reason", t("Reason, for moderators"), { autocomplete: "off" });
    const meaning = h("p.under", { role: "status" });
    const submitter = submitButton("", "danger");
    const acts = actsOn(name, room);
    const follow = () => {
        const kind = kinds.select.value;
        const isBan = kind === "ban" || kind === "site";
        const forGood = times.select.lastChild;
        times.element.hidden = kind === "remove";
        // A silence has an end. Some browsers show an option that is hidden.
        forGood.hidden = !isBan;
        forGood.disabled = !isBan;
        if (!isBan && times.select.value === "0") {
            times.select.value = String(HOUR);
        }
        messages.element.hidden = !isBan;
        reason.element.hidden = !isBan;
        meaning.textContent = acts[kind].meaning;
        submitter.textContent = acts[kind].action;
    };
    kinds.select.addEventListener("change", follow);
    const submit = async () => {
        const said = await actOn(confab, room, {
            userId: who,
            name,
            kind: kinds.select.value,
            minutes: Number(times.select.value),
            reason: reason.input.value.trim() || null,
            messages: messages.select.value,
        });
        changed();
        const undo = said.undo && (async () => (await said.undo(), changed()));
        done(dialog, { ...said, undo });
    };
    // Display names are not unique: the user name identifies the user.
    const { username = member.username } = confab.profiles.get(who) ?? {};
    const person = h(
        "div.person",
        people.avatar(who, username),
        personName(people, { user_id: who, username }),
    );
    const dialog = openDialog(root, t("Moderate {name}", { name }), (close) => [
        person,
        form({
            fields: [reason],
            others: [kinds.element, meaning, times.element, messages.element, reason.element],
            buttons: [cancelButton(close), submitter],
            submit,
        }),
    ]);
    dialog.classList.add("narrow");
    follow();
    kinds.select.focus();
    return dialog;
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
