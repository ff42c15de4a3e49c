// Several deleted messages in a row are shown as one line.

import { t, tn } from "../words.js";

const goneText = (count) =>
    count === 1
        ? t("This message was deleted.")
        : tn(count, "{count} message was deleted.", "{count} messages were deleted.");

/** Folds those of one sender in these elements of messages, in order: `head` is the shown one. */
export function foldDeleted(items) {
    let head = null;
    let before = null;
    let count = 0;
    for (const node of items) {
        const { is_deleted: isGone, sender_id: sender } = node.message;
        const isFolded =
            isGone &&
            sender === head?.message.sender_id &&
            !node.querySelector(".separator") &&
            !before.querySelector(".quiet");
        count = isFolded ? count + 1 : 1;
        if (!isFolded) {
            head = isGone ? node : null;
        }
        if (isGone) {
            head.querySelector(".gone").textContent = goneText(count);
        }
        node.head = isFolded ? head : null;
        node.hidden = isFolded;
        before = node;
    }
}
