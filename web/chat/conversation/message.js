// The element of one message, and the parts of it that depend on the message above.

import { avatar } from "../ui/avatar.js";
import { fill, h } from "../ui/dom.js";
import { dayKey, dayName, fullTime, hourAndMinute, shorten, timeOfDay } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { linked } from "../ui/links.js";

/** Messages of one sender within this time (ms) share one heading. */
const GROUP_MS = 5 * 60 * 1000;

const TYPE_NAMES = { image: "Image", file: "File" };

function content(message) {
    if (message.is_deleted) {
        return h("p.text.gone", "This message was deleted.");
    }
    const kind = TYPE_NAMES[message.message_type];
    return h(
        "p.text",
        { dir: "auto" },
        kind && h("span.kind", icon("file"), `${kind}: `),
        h("span.words", ...linked(message.content)),
        message.edited_at && h("span.edited", { title: fullTime(message.edited_at) }, " (edited)"),
    );
}

/** A message as one line of text, for quotes and lists. */
export function messageSummary(message) {
    if (message.is_deleted) {
        return "Message deleted";
    }
    const kind = TYPE_NAMES[message.message_type];
    return `${kind ? `${kind}: ` : ""}${shorten(message.content, 300).replace(/\s+/gu, " ")}`;
}

/** The quote above a reply. Its line takes its place before the original is loaded. */
function quote(message, repliedTo) {
    const text = h("span.quoted");
    const button = h(
        "button.quote",
        { type: "button", "data-jump": message.reply_to_id, title: "Go to this message" },
        icon("reply"),
        h("span.unseen", "In reply to "),
        text,
    );
    const show = (original) => {
        fill(
            text,
            original
                ? [h("b", original.sender_username), ` ${messageSummary(original)}`]
                : "This message cannot be shown",
        );
    };
    const original = repliedTo(message.reply_to_id);
    if (original instanceof Promise) {
        fill(text, "…");
        original.then(show, () => show(null));
    } else {
        show(original);
    }
    return button;
}

/** Sender, time and text, for a screen reader that moves from message to message. */
function messageLabel(message) {
    const head = `${message.sender_username}, ${timeOfDay(message.created_at)}`;
    return `${head}: ${messageSummary(message)}`;
}

/**
 * Creates the element of a message. `repliedTo(id)` returns the message replied to, or a promise
 * of it. placeMessage() adds what depends on the message above.
 */
export function messageNode(message, repliedTo) {
    const node = h("div.item");
    drawMessage(node, message, repliedTo);
    return node;
}

/** Draws a message into its element, the first time or after it was edited or deleted. */
export function drawMessage(node, message, repliedTo) {
    node.message = message;
    const article = h(
        "div.message",
        {
            role: "article",
            tabindex: "-1",
            "aria-label": messageLabel(message),
            "data-id": message.message_id,
        },
        h(
            "div.gutter",
            avatar(message.sender_username),
            h("time.beside", { datetime: message.created_at }, hourAndMinute(message.created_at)),
        ),
        h(
            "div.body",
            h(
                "div.head",
                h("span.sender", message.sender_username),
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

/** Whether a message continues the group of the one before it. */
function continuesGroup(message, before) {
    return (
        before &&
        before.sender_id === message.sender_id &&
        !message.reply_to_id &&
        dayKey(before.created_at) === dayKey(message.created_at) &&
        new Date(message.created_at) - new Date(before.created_at) < GROUP_MS
    );
}

/**
 * Adds to an element what depends on the message above it: the day, the line above the first
 * unread message, and whether the sender is shown again.
 */
export function placeMessage(node, before, isFirstNew) {
    const { message } = node;
    const newDay = !before || dayKey(before.created_at) !== dayKey(message.created_at);
    const day = newDay ? dayName(message.created_at) : "";
    const state = `${day}${isFirstNew}`;
    if (node.separators !== state) {
        node.separators = state;
        node.querySelectorAll(".separator").forEach((old) => old.remove());
        node.prepend(
            ...[
                newDay && h("div.separator.day", h("span", day)),
                isFirstNew && h("div.separator.new", h("span", "New messages")),
            ].filter(Boolean),
        );
    }
    node.classList.toggle("continued", Boolean(!isFirstNew && continuesGroup(message, before)));
}
