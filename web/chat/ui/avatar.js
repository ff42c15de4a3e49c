// Round pictures of users and rooms.

import { h } from "./dom.js";
import { firstCharacter } from "./format.js";
import { icon } from "./icons.js";

const HUES = 8;

/** A user's picture: the initials on a colour derived from the name. `size` may be "small". */
export function avatar(name, size = "") {
    const parts = name
        .trim()
        .split(/[\s._-]+/u)
        .filter(Boolean);
    const initials = parts.slice(0, 2).map(firstCharacter);
    let hue = 0;
    for (const character of name) {
        hue = (hue * 31 + character.codePointAt(0)) % 9973;
    }
    return h(
        "span",
        { class: `avatar hue${hue % HUES} ${size}`, "aria-hidden": "true" },
        initials.join("").toUpperCase() || "?",
    );
}

/** A room's picture: the other user of a direct room, or an icon for public or private. */
export function roomAvatar(room) {
    return room.is_direct
        ? avatar(room.name)
        : h("span.round", icon(room.is_private ? "lock" : "hash"));
}
