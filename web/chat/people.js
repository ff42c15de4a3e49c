// The names and pictures of users wherever they are shown. Messages and events have user names
// only; profiles are requested by id, and what shows a user is drawn again when its profile comes.

import { DirectUsers } from "./rooms/direct-users.js";
import { avatar } from "./ui/avatar.js";
import { h } from "./ui/dom.js";
import { visibleName } from "./ui/format.js";
import { t } from "./words.js";

/**
 * Everything in `root` that shows a user is an element with the attribute data-person, and a method
 * drawPerson(). Calls `changed(ids)` after profiles have changed.
 */
export class People {
    constructor(confab, root, changed) {
        Object.assign(this, { confab, root });
        // Users whom the user has blocked, as far as they are known: messages say it, too.
        this.blocked = new Set();
        // Messages that the user has reported here.
        this.reported = new Set();
        this.directUsers = new DirectUsers(confab, () => changed([]));
        const draw = (ids) => {
            this.#draw(new Set(ids.map(String)));
            changed(ids);
        };
        // What is still shown after a failure is requested again.
        const ends = ["change", "due"].map((name) => confab.profiles.on(name, draw));
        this.stop = () => ends.forEach((end) => end());
    }

    /** Reads the users whom the user has blocked, once: events do not name them. */
    readBlocks() {
        this.reading ??= this.confab.blocks({ limit: 200 }).then(
            ({ results }) => results.forEach((one) => this.blocked.add(one.user_id)),
            () => {
                this.reading = null;
            },
        );
    }

    close() {
        this.stop();
        this.directUsers.close();
    }

    /** The display name of a user; the user name until it is known. */
    name(id, username) {
        return visibleName(this.confab.profiles.get(id)?.display_name ?? username ?? "");
    }

    nameNode(id, username) {
        const node = h("bdi", { "data-person": id });
        return this.draw(node, () => {
            node.textContent = this.name(id, username);
        });
    }

    avatar(id, username, kind = "") {
        const node = h("span", { "data-person": id });
        return this.draw(node, () => {
            const name = this.name(id, username);
            avatar({ id, name, url: this.confab.profiles.get(id)?.avatar_url, kind }, node);
        });
    }

    /** Marks bots. */
    botBadge(id) {
        const node = h("span.badge", { "data-person": id }, t("Bot"));
        return this.draw(node, () => {
            node.hidden = !this.confab.profiles.get(id)?.is_bot;
        });
    }

    /** Calls `draw` now, and again whenever the profile of the node's user changes. */
    draw(node, draw) {
        node.drawPerson = draw;
        draw();
        return node;
    }

    /** The name of a room: of a direct room that of the other user. */
    roomName(room) {
        const other = room.is_direct ? this.directUsers.get(room) : null;
        return other ? this.name(other, room.name) : visibleName(room.name);
    }

    roomAvatar(room) {
        const name = visibleName(room.name);
        if (!room.is_direct) {
            return avatar({ id: room.room_id, name, kind: "tile" });
        }
        const other = this.directUsers.get(room);
        return other ? this.avatar(other, room.name) : avatar({ name });
    }

    #draw(ids) {
        for (const node of this.root.querySelectorAll("[data-person]")) {
            if (ids.has(node.dataset.person)) {
                node.drawPerson?.();
            }
        }
    }
}
