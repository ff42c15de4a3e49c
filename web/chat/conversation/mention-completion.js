// Names after an @: members of the room, for Completion. Loaded when something is completed for the
// first time; the members are loaded with the first @.

import { h } from "../ui/dom.js";
import { t } from "../words.js";

/** Most names shown. */
const MOST_SHOWN = 8;
/** Members that are loaded at most, in pages of the largest size. */
const MOST_LOADED = 1000;
const PAGE = 200;
/** In larger rooms only admins mention all, unless the server says otherwise. */
const MOST_FOR_ALL = 20;
/** Most users that a message can mention. */
const MOST_NAMED = 50;

/** The entry for all members; it has no id. */
const all = () => ({ id: 0, name: t("everyone"), username: "" });

/** Whether a name, or a word of it, begins with this text. */
function fits({ name, username }, wanted) {
    const words = name.toLowerCase();
    return (
        words.startsWith(wanted) ||
        words.split(/[\s._-]+/u).some((word) => word.startsWith(wanted)) ||
        username.toLowerCase().startsWith(wanted)
    );
}

async function loadMembers(confab, people, room) {
    const members = [];
    let page;
    do {
        page = await confab.members(room.room_id, { limit: PAGE, offset: members.length });
        members.push(...page.results);
    } while (page.next && members.length < MOST_LOADED);
    return members
        .filter((one) => one.user_id !== confab.user.user_id)
        .map(({ user_id: id, username }) => ({ id, username, name: people.name(id, username) }))
        .sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The source of names. `context()` returns {confab, people, room, changes}, `changes` being another
 * number after each change of the members; `chosen` is a map by id, to which the text that stands
 * for a chosen user is added.
 */
export function mentionSource(context, chosen) {
    let loading = null;
    let loadedAt = null;
    const load = async ({ confab, people, room, changes }) => {
        if (loadedAt !== changes) {
            loading = null;
            loadedAt = changes;
        }
        loading ??= loadMembers(confab, people, room);
        const own = loading;
        try {
            return await own;
        } catch {
            // Tried again with the next letter. After a change others are being loaded.
            loading = loading === own ? null : loading;
            return [];
        }
    };
    const choice = ({ id, name, username }, people) => ({
        insert: `@${name} `,
        nodes: [
            id ? people.avatar(id, username) : h("span.sign", "@"),
            h("bdi", name),
            username !== name && h("span.under", username),
        ],
        chosen: () => chosen.size < MOST_NAMED && chosen.set(id, `@${name}`),
    });
    return {
        pattern: /(?:^|[\s(])(@[^\s@]{0,40}(?: [^\s@]{1,40})?)$/u,
        label: () => t("Members"),
        find: async (typed) => {
            const now = context();
            const { people, room } = now;
            const members = await load(now);
            const mayAll = !room.is_direct && (room.members_count <= MOST_FOR_ALL || room.is_admin);
            const wanted = typed.slice(1).toLowerCase();
            return [...members, ...(mayAll ? [all()] : [])]
                .filter((one) => fits(one, wanted))
                .slice(0, MOST_SHOWN)
                .map((one) => choice(one, people));
        },
    };
}
