// How one message looks: its node, and what of it depends on the message before it.

import { fill, h } from "../ui/dom.js";
import {
    avatar,
    dayKey,
    dayName,
    fullTime,
    hourAndMinute,
    linked,
    timeOfDay,
} from "../ui/format.js";
import { icon } from "../ui/icons.js";

/** Messages of one person so close together (ms) stand under one name. */
const TOGETHER = 5 * 60 * 1000;

const KINDS = { image: "Image", file: "File" };

function content(message) {
    if (message.is_deleted) {
        return h("p", { class: "text gone" }, "This message was deleted.");
    }
    const kind = KINDS[message.message_type];
    return h(
        "p",
        { class: "text", dir: "auto" },
        kind && h("span", { class: "kind" }, icon("file"), `${kind}: `),
        linked(message.content),
        message.edited_at &&
            h("span", { class: "edited", title: fullTime(message.edited_at) }, " (edited)"),
    );
}

/** Says a message in one line, for quotes and lists. */
export function inOneLine(message) {
    if (message.is_deleted) {
        return "Message deleted";
    }
    const kind = KINDS[message.message_type];
    return `${kind ? `${kind}: ` : ""}${message.content.slice(0, 300).replace(/\s+/gu, " ")}`;
}

/** The quote above a reply. Its line is there before its words are, so that nothing moves. */
function quote(message, repliedTo) {
    const words = h("span", { class: "quoted" });
    const button = h(
        "button",
        {
            class: "quote",
            type: "button",
            "data-jump": message.reply_to_id,
            title: "Go to this message",
        },
        icon("reply"),
        h("span", { class: "unseen" }, "In reply to "),
        words,
    );
    const show = (original) => {
        fill(
            words,
            original
                ? [h("b", {}, original.sender_username), ` ${inOneLine(original)}`]
                : "A message that cannot be shown",
        );
    };
    const found = repliedTo(message.reply_to_id);
    if (found instanceof Promise) {
        fill(words, "…");
        found.then(show, () => show(null));
    } else {
        show(found);
    }
    return button;
}

/** Who said what when, for a screen reader that goes from message to message. */
function spoken(message) {
    return `${message.sender_username}, ${timeOfDay(message.created_at)}: ${inOneLine(message)}`;
}

/**
 * The node of a message. `repliedTo(id)` gives the message replied to, or a promise of it.
 * Separators and the head are put on by dress(), once it is known what stands above.
 */
export function messageNode(message, repliedTo) {
    const node = h("div", { class: "item" });
    drawMessage(node, message, repliedTo);
    return node;
}

/** Draws a message anew into its node: it was edited or deleted. */
export function drawMessage(node, message, repliedTo) {
    node.message = message;
    const article = h(
        "div",
        {
            class: "message",
            role: "article",
            tabindex: "-1",
            "aria-label": spoken(message),
            "data-id": message.message_id,
        },
        h(
            "div",
            { class: "gutter" },
            avatar(message.sender_username),
            h(
                "time",
                { class: "beside", datetime: message.created_at },
                hourAndMinute(message.created_at),
            ),
        ),
        h(
            "div",
            { class: "body" },
            h(
                "div",
                { class: "head" },
                h("span", { class: "sender" }, message.sender_username),
                h(
                    "time",
                    { datetime: message.created_at, title: fullTime(message.created_at) },
                    timeOfDay(message.created_at),
                ),
            ),
            message.reply_to_id && !message.is_deleted && quote(message, repliedTo),
            content(message),
        ),
    );
    const old = node.querySelector(".message");
    if (old) {
        const focused = old.matches(":focus-within");
        article.tabIndex = old.tabIndex;
        old.replaceWith(article);
        if (focused) {
            article.focus({ preventScroll: true });
        }
    } else {
        node.append(article);
    }
}

/** Whether a message goes on what the one before it began. */
function goesOn(message, before) {
    return (
        before &&
        before.sender_id === message.sender_id &&
        !message.reply_to_id &&
        dayKey(before.created_at) === dayKey(message.created_at) &&
        new Date(message.created_at) - new Date(before.created_at) < TOGETHER
    );
}

/** Puts on a node what depends on the message above it: the day, the line above the first new
 * one, and whether it shows its sender again. */
export function dress(node, before, isFirstNew) {
    const { message } = node;
    const newDay = !before || dayKey(before.created_at) !== dayKey(message.created_at);
    const state = `${newDay}${isFirstNew}`;
    if (node.dressed !== state) {
        node.dressed = state;
        node.querySelectorAll(".separator").forEach((old) => old.remove());
        node.prepend(
            ...[
                newDay &&
                    h(
                        "div",
                        { class: "separator day" },
                        h("span", {}, dayName(message.created_at)),
                    ),
                isFirstNew && h("div", { class: "separator new" }, h("span", {}, "New messages")),
            ].filter(Boolean),
        );
    }
    node.classList.toggle("continued", Boolean(!isFirstNew && goesOn(message, before)));
}
