// The audit as the moderator's page shows it, the latest entry first.

import { h } from "../ui/dom.js";
import { dayName, fullTime, timeOfDay } from "../ui/format.js";
import { t } from "../words.js";

const PAGE = 30;

/** What was done, in words; what is not listed is shown by the word of the server. */
const actionText = (action) =>
    ({
        approve_message: t("Let a message through"),
        archive: t("Archived the room"),
        ban: t("Banned from the room"),
        delete_message: t("Deleted a message"),
        dismiss_report: t("Dismissed a report"),
        drop_message: t("Dropped a waiting message"),
        handle_report: t("Closed a report as handled"),
        link: t("Made an invite link"),
        remove_member: t("Removed from the room"),
        role: t("Changed a role"),
        silence: t("Silenced"),
        site_ban: t("Banned from the site"),
        site_unban: t("Ended a ban from the site"),
        unarchive: t("Opened the archived room again"),
        unban: t("Ended a ban from the room"),
        unlink: t("Removed an invite link"),
        unsilence: t("Ended a silence"),
        "user erase": t("Erased an account"),
        "user export": t("Wrote an archive of a user's data"),
        "user moderator": t("Changed who moderates the site"),
    })[action] ?? action;

function actor(people, { actor_kind: kind, actor_id: id }) {
    if (kind === "user") {
        return people.nameNode(id, t("User {id}", { id }));
    }
    return kind === "key" ? t("API key {id}", { id }) : t("An administrator");
}

/** `roomName(id)` gives the node with the name of a room. */
export function auditRow(people, entry, roomName) {
    const { user_id: whom, room_id: room, reason, created_at: at } = entry;
    return [
        h(
            "p",
            h("b", actionText(entry.action)),
            whom && [": ", people.nameNode(whom, t("User {id}", { id: whom }))],
        ),
        reason && h("p", h("bdi", reason)),
        h(
            "p.under",
            actor(people, entry),
            room && [" · ", roomName(room)],
            " · ",
            h("time", { datetime: at, title: fullTime(at) }, `${dayName(at)}, ${timeOfDay(at)}`),
        ),
    ];
}

/**
 * Reads the entries before the number `before`, null for the latest ones. The numbers have no gaps,
 * and the server lists them from the oldest on.
 */
export async function auditPage(confab, before = null) {
    const { count, results: oldest } = await confab.audit({ limit: 1 });
    const first = oldest[0]?.audit_id ?? 1;
    const end = before ?? first + count;
    const after = Math.max(first - 1, end - 1 - PAGE);
    const limit = end - 1 - after;
    const { results } = limit > 0 ? await confab.audit({ after, limit }) : { results: [] };
    return { results: results.reverse(), next: after >= first ? after + 1 : null };
}
