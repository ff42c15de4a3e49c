// The open rooms, which strangers can read, below the login.

import { avatar } from "../ui/avatar.js";
import { rowButton } from "../ui/dialog.js";
import { button, errorText } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { visibleName } from "../ui/format.js";
import { t, tn } from "../words.js";

function row({ room_id: id, name, topic, members_count: count }, open) {
    const shown = visibleName(name);
    const under = topic || tn(count, "{count} member", "{count} members");
    return h(
        "li.person",
        avatar({ id, name: shown, kind: "tile" }),
        h("span.who", h("bdi", shown), h("span.under", { dir: "auto" }, under)),
        rowButton(t("Read"), t("Read {room}", { room: shown }), async () => open(id)),
    );
}

/**
 * Fills `place` with the first page of rooms. `open(roomId)` shows one of them; `isChosen`: the
 * user asked for the list.
 */
export function showOpenRooms(place, confab, { page, open, isChosen }) {
    const list = h("ul", { "aria-label": t("Open rooms") });
    const below = h("div.buttons");
    const add = ({ results, next }) => {
        const rows = results.map((room) => row(room, open));
        list.append(...rows);
        fill(below, next && button(t("Show more"), ({ target }) => more(next, target)));
        return rows;
    };
    const more = async (next, pressed) => {
        pressed.disabled = true;
        try {
            // The button is gone.
            add(await confab.follow(next))[0]
                ?.querySelector("button")
                .focus();
        } catch (error) {
            const again = button(t("Try again"), ({ target }) => more(next, target), "link");
            fill(below, h("p.wrong", { role: "alert" }, errorText(error), " ", again));
            again.focus();
        }
    };
    add(page);
    fill(
        place,
        h("h2", t("Open rooms")),
        h("p", t("You can read these without an account.")),
        list,
        below,
    );
    place.hidden = false;
    if (isChosen) {
        list.querySelector("button").focus();
    }
}
