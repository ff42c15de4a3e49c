// The element of one message, and the parts of it that depend on the message above.

import { errorText } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import {
    dayKey,
    dayName,
    endWhole,
    filesInWords,
    fullTime,
    hourAndMinute,
    shorten,
    timeOfDay,
    visibleName,
} from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { linked } from "../ui/links.js";
import { t, tn } from "../words.js";

/** Messages of one sender within this time (ms) share one heading. */
const GROUP_MS = 5 * 60 * 1000;

const typeName = (message) => ({ image: t("Image"), file: t("File") })[message.message_type];

/** Up to six emoji and nothing else, which are shown larger. */
const EMOJI = new RegExp(
    "^(?:(?:\\p{Emoji_Presentation}|\\p{Emoji}\\ufe0f|\\p{RI}{2})" +
        "(?:\\p{Emoji_Modifier}|\\u200d\\p{Emoji}\\ufe0f?)*\\s*){1,6}$",
    "u",
);
const MOST_EMOJI_UNITS = 100;

const isEmoji = (text) => text.length < MOST_EMOJI_UNITS && EMOJI.test(text);

/** What may be formatted: the module that does it is loaded when the first such text is shown. */
const FORMATTED = /[*_~`\\<]|\]\(|^ {0,3}(?:>|[-+] |\d{1,9}[.)] )/mu;
let markdown = null;

/** The text of a message, formatted (confab/markdown.js), or plain until that is loaded. */
function written(text) {
    const words = h("div.words", { dir: "auto" }, ...linked(text));
    const format = ({ renderMarkdown }) => {
        words.classList.add("formatted");
        words.replaceChildren(renderMarkdown(text));
    };
    if (FORMATTED.test(text) && markdown) {
        format(markdown);
    } else if (FORMATTED.test(text)) {
        import("../../confab/markdown.js").then(
            (loaded) => {
                markdown = loaded;
                format(loaded);
            },
            () => {},
        );
    }
    return words;
}

/** Shows the files of messages: files/view.js, loaded when the first message has some. */
let view = null;

/** Loads that, with its styles beside `root`, the element of the chat. */
export async function loadFileView(root) {
    const loaded = await import("../files/view.js");
    await loaded.stylesReady(root);
    view = loaded;
}

/** Why a message was not sent, in words; of several files the one that failed is named. */
export function whyNotSent({ error, uploads }) {
    const reason = (view?.fileErrorText ?? errorText)(error);
    const failed = uploads.find((one) => one.error === error);
    return failed && uploads.length > 1 ? `${visibleName(failed.name)}: ${reason}` : reason;
}

const hasFiles = ({ files, uploads }) => files?.length > 0 || uploads?.length > 0;

/** Loads what is needed to show these messages. Resolves to whether there was something to load. */
export async function prepareToShow(messages, root) {
    const isNeeded = !view && messages.some(hasFiles);
    try {
        await (isNeeded && loadFileView(root));
    } catch {
        // The names are shown.
    }
    return isNeeded;
}

/** The files of a message. The element stays while they do, so that no picture is loaded again. */
function filesOf(node, message, people) {
    const { is_deleted: isGone, files: sent, uploads } = message;
    if (isGone || !hasFiles(message)) {
        return null;
    }
    if (!view) {
        return h("p.kind", icon("file"), filesInWords(sent?.length ? sent : uploads));
    }
    if (!sent?.length) {
        return view.pendingNode(uploads);
    }
    const key = JSON.stringify(sent);
    if (node.files?.key !== key) {
        node.files = { key, element: view.filesNode(sent, people) };
    }
    return node.files.element;
}

function content(message) {
    if (message.is_deleted) {
        return h("p.text.gone", t("This message was deleted."));
    }
    const kind = hasFiles(message) ? null : typeName(message);
    return h(
        isEmoji(message.content) ? "div.text.large" : "div.text",
        { dir: "auto" },
        kind && h("span.kind", icon("file"), `${kind}: `),
        written(message.content),
        message.edited_at &&
            h("span.edited", { title: fullTime(message.edited_at) }, ` (${t("edited")})`),
    );
}

/** The signs of formatting: before a line, around words, and those that are letters elsewhere. */
const BEFORE_LINE = /^ {0,3}(?:(?:>|[-+*]) +|`{3,}\S*$)/gmu;
const AROUND = /(\*\*|~~|`+)(?=\S)([^\n]*?\S)\1/gu;
const AROUND_WORDS = /(^|[\s("'])([*_])(?=\S)([^*_\n]*\S)\2(?![\p{L}\p{N}])/gmu;

/** A text without the signs of its formatting. */
const unformatted = (text) =>
    FORMATTED.test(text)
        ? text
              .replace(BEFORE_LINE, "")
              .replace(AROUND, "$2")
              .replace(AROUND_WORDS, (_, before, __, words) => before + words)
        : text;

/** A message as one line of text, for quotes and lists. */
export function messageSummary(message) {
    if (message.is_deleted) {
        return t("Message deleted");
    }
    const kind = filesInWords(message.files) || typeName(message);
    const text = unformatted(shorten(message.content, 300)).replace(/\s+/gu, " ").trim();
    return kind && text ? `${kind}: ${text}` : kind || text;
}

/** The reactions to a message, as buttons that add or take back the user's own one. */
function reactionBar({ reactions }) {
    return h(
        "div.reactions",
        { role: "group", "aria-label": t("Reactions") },
        ...reactions.map(({ emoji, count, mine }) =>
            h(
                "button",
                {
                    type: "button",
                    "data-emoji": emoji,
                    "aria-pressed": String(Boolean(mine)),
                    "aria-label": `${emoji} ${count}`,
                },
                emoji,
                h("span", count),
            ),
        ),
    );
}

/**
 * The quote above a reply. One that is being sent has only an id: its line takes its place before
 * the original is loaded.
 */
function quote(message, repliedTo, people) {
    const text = h("span.quoted");
    const button = h(
        "button.quote",
        { type: "button", "data-jump": message.reply_to_id, title: t("Go to this message") },
        icon("reply"),
        h("span.unseen", t("In reply to"), " "),
        text,
    );
    const show = (original) => {
        fill(
            text,
            original
                ? [
                      h("b", people.nameNode(original.sender_id, original.sender_username), " "),
                      h("bdi", messageSummary(original)),
                  ]
                : t("This message cannot be shown"),
        );
    };
    const { reply_to: quoted } = message;
    // One without words has files, which are not in the quote.
    const hasWords = quoted?.is_deleted || quoted?.excerpt !== "";
    const original =
        quoted === undefined || !hasWords
            ? repliedTo(message.reply_to_id)
            : quoted && { ...quoted, content: endWhole(quoted.excerpt) };
    if (original instanceof Promise) {
        fill(text, "…");
        original.then(show, () => show(null));
    } else {
        show(original);
    }
    return button;
}

/** Sender, time and text, for a screen reader that moves from message to message. */
function messageLabel(message, people) {
    const name = people.name(message.sender_id, message.sender_username);
    const head = `${name}, ${timeOfDay(message.created_at)}`;
    return `${head}: ${messageSummary(message)}`;
}

/** Highlights the names of mentioned users, and the message if the user is one of them. */
async function drawMentions(article, message, people) {
    const { user_id: self = 0 } = people.confab.user ?? {};
    const { user_ids: ids, all } = message.mentions;
    const isOwn = message.sender_id === self;
    article.classList.toggle("for-me", !isOwn && (all || ids.includes(self)));
    try {
        const { markMentions } = await import("./mentions.js");
        markMentions(article.querySelector(".words"), message, people, self);
    } catch {
        // The names stay as they are.
    }
}

/** Messages of users whom the user has blocked are shown when they are opened. */
function folded({ sender_id: sender, is_blocked: isBlocked, is_deleted: isGone }, people, shown) {
    if (isBlocked) {
        people.blocked.add(sender);
    }
    if (isGone || !people.blocked.has(sender)) {
        return shown;
    }
    return [h("details.blocked", h("summary", t("Message of a blocked person")), ...shown)];
}

/**
 * Creates the element of a message. `people` is People; `repliedTo(id)` returns the message replied
 * to, or a promise of it. placeMessage() adds what depends on the message above.
 */
export function messageNode(message, people, repliedTo) {
    const node = h("div.item");
    drawMessage(node, message, people, repliedTo);
    return node;
}

/** Draws a message into its element, the first time or after it was edited or deleted. */
export function drawMessage(node, message, people, repliedTo) {
    const { sender_id: sender, sender_username: username } = message;
    node.message = message;
    const article = h(
        "div.message",
        {
            role: "article",
            tabindex: "-1",
            "data-id": message.message_id,
            "data-person": sender,
        },
        h(
            "div.gutter",
            people.avatar(sender, username),
            h("time.beside", { datetime: message.created_at }, hourAndMinute(message.created_at)),
        ),
        h(
            "div.body",
            h(
                "div.head",
                h("span.sender", people.nameNode(sender, username)),
                people.botBadge(sender),
                h(
                    "time",
                    { datetime: message.created_at, title: fullTime(message.created_at) },
                    timeOfDay(message.created_at),
                ),
            ),
            message.reply_to_id && !message.is_deleted && quote(message, repliedTo, people),
            ...folded(message, people, [content(message), filesOf(node, message, people)]),
            message.reactions?.length > 0 && reactionBar(message),
            message.reply_count > 0 &&
                h(
                    "button.link.answers",
                    { type: "button", "data-answers": message.message_id },
                    tn(message.reply_count, "{count} reply", "{count} replies"),
                ),
        ),
    );
    people.draw(article, () => article.setAttribute("aria-label", messageLabel(message, people)));
    if (message.mentions?.all || message.mentions?.user_ids.length > 0) {
        drawMentions(article, message, people);
    }
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
                newDay &&
                    h(
                        "div.separator.day",
                        h("button.bare", { type: "button", tabindex: "-1" }, day),
                    ),
                isFirstNew && h("div.separator.new", h("span", t("New messages"))),
            ].filter(Boolean),
        );
    }
    node.classList.toggle("continued", Boolean(!isFirstNew && continuesGroup(message, before)));
}
