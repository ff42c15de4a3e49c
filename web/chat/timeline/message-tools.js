// What can be done with a message: buttons above the one that is pointed at or has the focus, or a
// sheet for fingers.

import { iconButton } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { t } from "../words.js";

/** The actions on the messages of a Conversation. */
export class MessageTools {
    constructor(conversation) {
        this.conversation = conversation;
        this.bar = h("div.tools", { role: "toolbar", "aria-label": t("Message") });
        moveWithArrows(this.bar, { keys: ["ArrowLeft", "ArrowRight"], items: "button" });
    }

    /** What the user may do with a message: {icon, text, act}; those not in the room, less. */
    #actions(message) {
        const { conversation } = this;
        const { room, composer, on } = conversation;
        const isOwn = message.sender_id === conversation.self.user_id;
        const mayPin = room.is_admin || room.may_pin === "all";
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
                icon: "mail",
                text: t("Mark as unread"),
                act: () => on.unread(message.message_id),
            },
            isOwn && { icon: "edit", text: t("Edit"), act: () => composer.edit(message) },
            mayPin && {
                icon: "pin",
                text: t("Pin"),
                act: () => conversation.actOn("pin", message),
            },
            {
                icon: "link",
                text: t("Copy the link"),
                act: () => conversation.actOn("copyLink", message),
                isForViewers: true,
            },
            !isOwn && {
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
                act: () => this.#delete(message),
                isDangerous: true,
                isForViewers: true,
            },
        ].filter((action) => action && (action.isForViewers || !conversation.isViewer));
    }

    /** Shows the actions on a message below the conversation, for fingers. */
    showSheet(message) {
        const { conversation } = this;
        if (!message.is_deleted) {
            const actions = conversation.readOnly ? [] : this.#actions(message);
            if (message.reactions.length > 0 && !conversation.isStranger) {
                actions.splice(1, 0, {
                    icon: "people",
                    text: t("Who has reacted"),
                    act: () => conversation.actOn("openReactors", message),
                });
            }
            conversation.withModule(import("./sheet.js"), ({ openSheet }) =>
                openSheet(conversation.root, message, actions),
            );
        }
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
            fill(
                this.bar,
                this.#actions(message).map(({ icon: name, text, act }) =>
                    iconButton(name, text, act),
                ),
            );
            setTabStop(this.bar, this.bar.firstChild, "button");
            article.append(this.bar);
        }
    }

    #delete(message) {
        this.conversation.withModule(import("../ui/dialog.js"), ({ confirm }) =>
            this.#confirmDeletion(confirm, message),
        );
    }

    #confirmDeletion(confirm, message) {
        const { root, confab, room, timeline } = this.conversation;
        confirm(root, {
            title: t("Delete this message?"),
            action: t("Delete"),
            text: t("It will be deleted for everyone. This cannot be undone."),
            act: async () => {
                await confab.deleteMessage(room.room_id, message.message_id);
                timeline.remove(message.message_id);
            },
            then: () => timeline.focusOn(message.message_id),
        });
    }
}
