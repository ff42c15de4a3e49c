// The header of an open room: its picture and name, the users in it and those typing, its buttons.

import { iconButton } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { listOfNames } from "../ui/format.js";
import { menu } from "../ui/menu.js";
import { t, tn } from "../words.js";

/** The header of a Conversation. */
export class Header {
    constructor(conversation) {
        this.conversation = conversation;
        const { on, isStranger } = conversation;
        this.pinsButton = iconButton("pin", t("Pinned messages"), () => this.#openPins());
        this.pinsButton.classList.add("pins");
        this.detailsButton = iconButton("people", t("Details"), () => conversation.toggleDetails());
        this.menuButton = on.menu && this.#roomMenu();
        const backButton = iconButton("back", t("All rooms"), () => on.back());
        backButton.classList.add("to-rooms");
        this.picture = h("span");
        this.name = h("h2", { dir: "auto" });
        this.under = h("div.under");
        this.typing = h("span", { role: "status" });
        this.title = h("div.title", this.name, this.under, h("div.under.typing", this.typing));
        this.element = h(
            "header.bar",
            backButton,
            this.picture,
            this.title,
            this.menuButton,
            !isStranger && this.pinsButton,
            !isStranger && this.detailsButton,
            on.keepAccount && iconButton("key", t("Keep this account"), on.keepAccount),
            on.logout && iconButton("exit", t("Log out"), on.logout),
        );
    }

    #openPins() {
        this.conversation.actOn("openPins");
    }

    #roomMenu() {
        // On a phone there is no space for the button.
        const pins = () =>
            this.pinsButton.offsetWidth === 0 && {
                icon: "pin",
                text: t("Pinned messages"),
                act: () => this.#openPins(),
            };
        return menu(iconButton("more", t("Room"), null), t("Room"), async () => [
            ...(await this.conversation.on.menu()),
            pins(),
        ]);
    }

    /** Draws what has changed; whether anything has. */
    draw() {
        const { room, people, channel, self, isViewer, details } = this.conversation;
        const online = channel.onlineCount;
        const others = channel.online.some((user) => user.user_id !== self.user_id);
        const isOpen = String(details !== null);
        const name = people.roomName(room);
        const key = JSON.stringify([
            name,
            room.is_direct && people.directUsers.get(room),
            others,
            online,
            room.members_count,
            room.topic,
            isViewer,
            isOpen,
        ]);
        // Redraw only what looks different: presence changes often.
        if (this.drawn === key) {
            return false;
        }
        this.drawn = key;
        this.detailsButton.setAttribute("aria-pressed", isOpen);
        // Members see the others in the room, and have settings for it.
        this.detailsButton.hidden = isViewer;
        if (this.menuButton) {
            this.menuButton.hidden = isViewer;
        }
        fill(this.picture, people.roomAvatar(room));
        this.name.textContent = name;
        // A user who is not in this room now may be online in another one, so no user is shown as
        // offline.
        const under = room.is_direct
            ? [others && h("span.dot.on"), h("span", others ? t("Online") : t("Direct message"))]
            : h(
                  "span",
                  tn(room.members_count, "{count} member", "{count} members"),
                  online > 0 && `, ${tn(online, "{count} online", "{count} online")}`,
                  room.topic && h("bdi", ` · ${room.topic}`),
              );
        fill(this.under, under);
        return true;
    }

    drawTyping() {
        const { channel, people, self } = this.conversation;
        const typists = channel.typists.filter((user) => user.user_id !== self.user_id);
        const names = listOfNames(
            typists.map(({ user_id: id, username }) => people.name(id, username)),
        );
        this.typing.textContent =
            names && tn(typists.length, "{names} is typing…", "{names} are typing…", { names });
        this.title.classList.toggle("with-typing", names !== "");
    }
}
