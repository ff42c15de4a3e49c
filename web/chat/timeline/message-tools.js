// What can be done with a message: buttons above the one that is pointed at or has the focus, or a
// sheet for fingers.

import { iconButton } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { t } from "../words.js";

/** In a chat narrower than this (px) only this number of buttons is shown. */
const WIDE = 480;
const MOST_NARROW = 3;

/** The actions on the messages of a Conversation. Each shows the opposite of the present state. */
export class MessageTools {
    constructor(conversation) {
        this.conversation = conversation;
        // Which messages are pinned: Pins of pins.js, once that is needed.
        this.pins = null;
        this.isDrawing = false;
        this.bar = h("div.tools", { role: "toolbar", "aria-label": t("Message") });
        moveWithArrows(this.bar, { keys: ["ArrowLeft", "ArrowRight"], items: "button" });
    }

    /** What the user may do with a message: {icon, text, act}; those not in the room, less. */
    #actions(message) {
        const { conversation } = this;
        const { room, composer, on } = conversation;
        const isOwn = message.sender_id === conversation.self.user_id;
        const isUnread = conversation.readMark.isUnread(message);
        const isPinned = this.mayPin ? this.pins?.isPinned(message.message_id) : undefined;
        const moderates =
            room.is_admin ||
            room.role === "moderator" ||
            (conversation.self.is_moderator && !room.is_direct);
        const { sender_id: user_id, sender_username: username } = message;
        return [
            conversation.takesReactions && {
                icon: "smile",
                text: t("React"),
                act: () => conversation.actOn("openReactions", message),
            },
            { icon: "reply", text: t("Reply"), act: () => composer.reply(message) },
            on.unread && {
                icon: isUnread ? "check" : "mail",
                text: isUnread ? t("Mark as read") : t("Mark as unread"),
                act: () =>
                    isUnread ? on.markRead(message.message_id) : on.unread(message.message_id),
            },
            isOwn && { icon: "edit", text: t("Edit"), act: () => composer.edit(message) },
            isPinned !== undefined && {
                icon: isPinned ? "pinOff" : "pin",
                text: isPinned ? t("Unpin") : t("Pin"),
                act: () => conversation.actOn("pin", message, !isPinned),
            },
            {
                icon: "link",
                text: t("Copy the link"),
                act: () => conversation.actOn("copyLink", message),
                isForViewers: true,
            },
            !isOwn &&
                !conversation.people.reported.has(message.message_id) && {
                    icon: "flag",
                    text: t("Report"),
                    act: () => conversation.actOnPeople("report", message),
                },
            !isOwn &&
                moderates &&
                !room.is_direct && {
                    icon: "warning",
                    text: t("Moderate the sender"),
                    act: () => conversation.actOnPeople("moderate", { user_id, username }),
                    isForViewers: true,
                },
            (isOwn || moderates) && {
                icon: "trash",
                text: t("Delete"),
                act: () => conversation.actOn("confirmDeletion", message),
                isDangerous: true,
                isForViewers: true,
            },
        ].filter((action) => action && (action.isForViewers || !conversation.isViewer));
    }

    get mayPin() {
        const { room, readOnly, isViewer } = this.conversation;
        const isAllowed = room.is_admin || room.is_direct || room.may_pin === "all";
        return isAllowed && !room.is_archived && !readOnly && !isViewer;
    }

    /** Reads which messages are pinned, if the user may change that and it is not known yet. */
    async #readPins() {
        if (!this.mayPin) {
            return;
        }
        try {
            const { Pins } = await import("./pins.js");
            this.pins ??= new Pins(this.conversation, () => this.#redraw());
            await this.pins.read();
        } catch {
            // Without that action: requested again with the next message.
        }
    }

    /** Shows the actions on a message below the conversation, for fingers. */
    showSheet(message) {
        if (!message.is_deleted) {
            const loading = Promise.all([import("./sheet.js"), this.#readPins()]);
            this.conversation.withModule(loading, ([{ openMessageSheet }]) =>
                openMessageSheet(this.conversation.root, message, this.#sheetActions(message)),
            );
        }
    }

    #sheetActions(message) {
        const { conversation } = this;
        const actions = conversation.readOnly ? [] : this.#actions(message);
        if (message.reactions.length > 0 && !conversation.isStranger) {
            actions.splice(1, 0, {
                icon: "people",
                text: t("Who has reacted"),
                act: () => conversation.actOn("openReactors", message),
            });
        }
        return actions;
    }

    /** Shows the actions on a message that is pointed at or has the focus. */
    show(message, article) {
        // On a touch screen a long press shows them instead.
        if (window.matchMedia("(hover: none)").matches) {
            return;
        }
        // Pointing elsewhere does not take the actions away from a keyboard user.
        if (
            this.bar.matches(":focus-within") &&
            !article.contains(this.bar) &&
            !article.matches(":focus")
        ) {
            return;
        }
        if (message.is_deleted || this.conversation.readOnly) {
            this.bar.remove();
            return;
        }
        if (this.bar.message !== message || !article.contains(this.bar)) {
            this.bar.message = message;
            this.#draw();
            article.append(this.bar);
            this.#readPins();
        }
    }

    /** The pointer or the focus has left the messages; a dialog gives the focus back. */
    leave() {
        const isUsed = this.bar.closest(".message")?.matches(":hover, :focus-within");
        if (!isUsed && !this.isDrawing && !this.conversation.root.querySelector("dialog[open]")) {
            this.bar.remove();
        }
    }

    /** The key Enter on a message leads to its actions. */
    enter(message, article) {
        const first = article.contains(this.bar) && this.bar.querySelector('[tabindex="0"]');
        if (first) {
            first.focus();
        } else {
            this.showSheet(message);
        }
    }

    /** The actions for the bar; a narrow chat shows the first ones, and a sheet with all. */
    #shown(message) {
        const actions = this.#actions(message);
        if (this.conversation.root.clientWidth >= WIDE || actions.length <= MOST_NARROW) {
            return actions;
        }
        const more = { icon: "more", text: t("More"), act: () => this.showSheet(message) };
        return [...actions.slice(0, MOST_NARROW - 1), more];
    }

    #draw() {
        const buttons = [...this.bar.children];
        const focused = buttons.findIndex((one) => one.matches(":focus"));
        const { title } = buttons[focused] ?? {};
        // The focus leaves a button that is replaced, and comes back below.
        this.isDrawing = true;
        fill(
            this.bar,
            this.#shown(this.bar.message).map(({ icon: name, text, act }) =>
                iconButton(name, text, act),
            ),
        );
        this.isDrawing = false;
        const drawn = [...this.bar.children];
        // The same action, or what has taken its place.
        const stop =
            drawn.find((one) => one.title === title) ?? drawn[Math.max(0, focused)] ?? drawn.at(-1);
        setTabStop(this.bar, stop, "button");
        if (title) {
            stop.focus({ preventScroll: true });
        }
    }

    /** What can be done has changed while it is shown. */
    #redraw() {
        if (this.bar.isConnected) {
            this.#draw();
        }
    }
}
