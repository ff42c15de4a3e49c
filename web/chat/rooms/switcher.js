// The dialog that opens a room, or a direct message, by a name and Enter: Ctrl-K.

import { errorText } from "../ui/controls.js";
import { openDialog, personName } from "../ui/dialog.js";
import { debounce, fill, h, isComposing } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { t, tn } from "../words.js";

const MOST_ROOMS = 20;
const MOST_PEOPLE = 10;
const SEARCH_DELAY_MS = 150;
/** After a failed search for people it is made again, while its reason is shown. */
const RETRY_MS = 3000;

/** How well a name fits: from its beginning, from that of a word, anywhere, not at all (-1). */
function fit(name, wanted) {
    const at = name.toLowerCase().indexOf(wanted);
    return at <= 0 ? at : name[at - 1] === " " ? 1 : 2;
}

/** The rooms whose names fit best, the most recently active first; without a text unread first. */
function roomsFor(rooms, people, wanted) {
    const fits = (room) => fit(people.roomName(room), wanted);
    const order = (room) => (wanted ? fits(room) : Number(room.unread_count === 0));
    return rooms
        .filter((room) => fits(room) >= 0)
        .sort((a, b) => order(a) - order(b))
        .slice(0, MOST_ROOMS);
}

/**
 * `rooms()` returns the user's rooms. Calls `on.open(roomId)`, and `on.direct(userId)`, which is
 * null where no direct rooms can be opened, and `on.search(text)`, which may be null, too, to
 * search messages for a text.
 */
export function openSwitcher(root, { confab, people, rooms, on }) {
    const list = h("ul.results", {
        role: "listbox",
        id: "confab-found",
        "aria-label": t("Results"),
    });
    let choices = [];
    let chosen = 0;
    let found = [];
    const input = h("input", {
        type: "search",
        role: "combobox",
        "aria-label": t("Find a room or a person"),
        "aria-controls": "confab-found",
        "aria-expanded": "true",
        "aria-autocomplete": "list",
        placeholder: t("Find a room or a person"),
        autocomplete: "off",
    });
    const problem = h("p.wrong", { role: "alert", hidden: true });
    const dialog = openDialog(root, t("Go to"), () => [input, problem, list]);
    dialog.classList.add("switcher");

    const mark = () => {
        choices.forEach(({ row }, at) => row.setAttribute("aria-selected", String(at === chosen)));
        const row = choices[chosen]?.row;
        input.setAttribute("aria-activedescendant", row?.id ?? "");
        row?.scrollIntoView({ block: "nearest" });
    };
    const choose = (choice) => {
        dialog.close();
        choice.act();
    };
    const draw = () => {
        const wanted = input.value.trim().toLowerCase();
        const row = (act, ...content) => {
            const choice = { act };
            const id = `confab-found-${choices.length}`;
            const onclick = () => choose(choice);
            choice.row = h("li.person", { role: "option", id, onclick }, ...content);
            choices.push(choice);
        };
        choices = [];
        chosen = 0;
        for (const room of roomsFor(rooms(), people, wanted)) {
            const unread = room.unread_count;
            row(
                () => on.open(room.room_id),
                people.roomAvatar(room),
                h("span.who", { dir: "auto" }, people.roomName(room)),
                unread > 0 && h("span.badge", tn(unread, "{count} unread", "{count} unread")),
            );
        }
        for (const user of found) {
            row(
                () => on.direct(user.user_id),
                people.avatar(user.user_id, user.username),
                personName(people, user),
                h("span.under", t("Direct message")),
            );
        }
        const text = input.value.trim();
        if (text && on.search) {
            row(
                () => on.search(text),
                icon("search"),
                h("span.who", { dir: "auto" }, t("Search messages for “{text}”", { text })),
            );
        }
        const nothing = h("li.note", t("No room and no person with that name."));
        fill(list, choices.length > 0 ? choices.map((choice) => choice.row) : nothing);
        mark();
    };
    let retryTimer = null;
    const search = async () => {
        const text = input.value.trim();
        let users = [];
        let failure = null;
        try {
            users =
                text && on.direct ? (await confab.users({ search: text, limit: 20 })).results : [];
        } catch (error) {
            failure = error;
        }
        if (text !== input.value.trim() || !dialog.open) {
            return;
        }
        clearTimeout(retryTimer);
        if (failure?.temporary) {
            retryTimer = setTimeout(search, Math.max(RETRY_MS, (failure.retryAfter ?? 0) * 1000));
        }
        // Rooms are found all the same.
        const reason = failure ? errorText(failure) : "";
        if (problem.textContent !== reason) {
            problem.textContent = reason;
        }
        problem.hidden = reason === "";
        if (failure) {
            return;
        }
        const known = new Set(
            rooms()
                .filter((room) => room.is_direct)
                .map((room) => people.directUsers.get(room)),
        );
        found = users
            .filter(({ user_id: id }) => id !== confab.user.user_id && !known.has(id))
            .slice(0, MOST_PEOPLE);
        draw();
    };
    const searchSoon = debounce(SEARCH_DELAY_MS, search);
    dialog.addEventListener("close", () => {
        searchSoon.cancel();
        clearTimeout(retryTimer);
    });
    input.addEventListener("input", () => {
        found = [];
        draw();
        clearTimeout(retryTimer);
        searchSoon();
    });
    input.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (isComposing(event)) {
            return;
        }
        if (step && choices.length > 0) {
            event.preventDefault();
            chosen = (chosen + step + choices.length) % choices.length;
            mark();
        } else if (event.key === "Enter" && choices[chosen]) {
            event.preventDefault();
            choose(choices[chosen]);
        }
    });
    draw();
}
