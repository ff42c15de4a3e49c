// The quiet lines between messages: users who joined or left, a new name, a pinned message.

import { listOfNames, visibleName } from "../ui/format.js";
import { t, tn } from "../words.js";

/** How many of the last events are looked at when a room is opened. */
const LOOK_BACK = 100;

/**
 * A line for an event, as for QuietLines; null for events without one. Events have the
 * user name of the actor. `before` is the room's name before the event, null if it is not known.
 */
function lineOf(event, people, before) {
    // The name that others read, if the profile is known: messages have requested it.
    const shown = (username) => {
        const profile = people.confab.profiles.named(username);
        return profile ? people.name(profile.user_id, username) : visibleName(username);
    };
    const namesOf = (ids) => listOfNames(ids.map((id) => people.name(id) || t("Someone")));
    // Once known: a guest who registers gets another user name.
    let isSame = false;
    const isAlone = (id, username) => {
        isSame ||= people.confab.profiles.get(id)?.username === username;
        return isSame;
    };
    const { user_id: id } = event;
    switch (event.type) {
        case "user_invited": {
            const { invited_by: by } = event;
            return {
                id,
                kind: () => (isAlone(id, by) ? "joined" : `invited by ${by}`),
                text: (ids) => {
                    const name = namesOf(ids);
                    return isAlone(id, by)
                        ? tn(ids.length, "{name} joined.", "{name} joined.", { name })
                        : t("{by} invited {name}.", { by: shown(by), name });
                },
            };
        }
        case "user_removed": {
            const { removed_by: by } = event;
            return {
                id,
                kind: () => (isAlone(id, by) ? "left" : `removed by ${by}`),
                text: (ids) => {
                    const name = namesOf(ids);
                    return isAlone(id, by)
                        ? tn(ids.length, "{name} left.", "{name} left.", { name })
                        : t("{by} removed {name}.", { by: shown(by), name });
                },
            };
        }
        case "room_updated": {
            const { updated_by: by, room } = event;
            const isRenamed = before !== null && room.name !== before;
            const name = visibleName(room.name);
            return isRenamed
                ? {
                      id: null,
                      kind: () => null,
                      text: () =>
                          t("{by} renamed the room to “{room}”.", { by: shown(by), room: name }),
                  }
                : null;
        }
        case "message_pinned": {
            const { pinned_by: by } = event;
            const text = () => t("{by} pinned a message.", { by: shown(by) });
            return { id: null, kind: () => `pinned by ${by}`, text };
        }
        default:
            return null;
    }
}

/** Shows an event in the timeline, after the message `after`. */
export function showChange(timeline, people, event, after, before) {
    const line = lineOf(event, people, before);
    if (line) {
        timeline.addLine(event.seq, line, after);
    }
}

/** Shows the changes among the room's last events. Events have no times; their order is enough. */
export async function showChanges(timeline, confab, people, room) {
    const since = Math.max(0, room.last_seq - LOOK_BACK);
    const { events } = await confab.events(room.room_id, { after: since, limit: LOOK_BACK });
    // Which message is the last one before the first event is known at the room's beginning only.
    let after = since === 0 ? 0 : null;
    for (const event of events) {
        if (event.type === "new_message") {
            after = event.message.message_id;
        } else if (after !== null) {
            showChange(timeline, people, event, after, null);
        }
    }
}
