// Why a room is gone from the list of the user's rooms. Loaded with the first one.

import { fullTime } from "../ui/format.js";
import { t } from "../words.js";

/** `until` is null for good, or if the end is not known. */
const banText = (room, until) =>
    until
        ? t("You are banned from “{room}” until {time}.", { room, time: fullTime(until) })
        : t("You are banned from “{room}”.", { room });

/** For an event of the user's own stream, with the name of the room. */
export function endText(event, room) {
    if (event.type === "room_deleted") {
        // No user is named if it was done on the server.
        const name = event.deleted_by ?? t("An administrator");
        return t("{name} deleted “{room}”.", { name, room });
    }
    return event.is_banned
        ? banText(room, event.banned_until)
        : t("{name} removed you from “{room}”.", { name: event.removed_by, room });
}

/** The same for a socket that was closed by a ban. A refusal tells the end, in public rooms. */
export async function banOf(confab, id, room) {
    const refusal = confab.messages(id, { limit: 1 });
    const until = await refusal.then(
        () => null,
        ({ body }) => body?.until,
    );
    return banText(room, until);
}
