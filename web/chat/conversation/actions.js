// What is done with messages besides writing: reactions, pins, replies, links. Loaded when one of
// these is used. Each function takes the Conversation and what it is about.

import { button, errorText, iconButton, textField } from "../ui/controls.js";
import { confirm, openDialog } from "../ui/dialog.js";
import { fill, h, storageOf } from "../ui/dom.js";
import { dayName, fullTime, listOfNames, timeOfDay } from "../ui/format.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { addStyles } from "../ui/styles.js";
import { t } from "../words.js";
import { messageSummary } from "../timeline/message.js";

const FREQUENT = ["👍", "❤️", "😀", "😂", "😮", "😢", "🙏", "🎉", "🔥", "👀", "✅", "👎"];
/** The emoji used last in this browser come first. */
const RECENT_KEY = "confab:reactions";
const RECENT = 6;
const PAGE = 50;

const styled = ({ root }) => addStyles(root, "conversation/actions.css");

/** Deletes a message, after a question. */
export function confirmDeletion({ root, confab, room, timeline }, { message_id: id }) {
    confirm(root, {
        title: t("Delete this message?"),
        action: t("Delete"),
        text: t("It will be deleted for everyone. This cannot be undone."),
        act: async () => {
            await confab.deleteMessage(room.room_id, id);
            timeline.remove(id);
        },
        then: () => timeline.focusOn(id),
    });
}

// ---- reactions ----

const recent = () => (storageOf("localStorage")?.getItem(RECENT_KEY) ?? "").split(" ");

function remember(emoji) {
    const others = recent().filter((one) => one !== emoji);
    try {
        const kept = [emoji, ...others].slice(0, RECENT).join(" ");
        storageOf("localStorage")?.setItem(RECENT_KEY, kept);
    } catch {
        // The storage is full: the frequent ones are still offered.
    }
}

/** Adds the user's reaction, or takes it back. */
export async function react(conversation, message, emoji) {
    const { confab, room, timeline } = conversation;
    const id = message.message_id;
    const isMine = message.reactions.some((one) => one.emoji === emoji && one.mine);
    // The event that this causes has nothing new.
    conversation.reacting = (conversation.reacting ?? 0) + 1;
    try {
        if (isMine) {
            timeline.react(id, await confab.unreact(room.room_id, id, emoji));
        } else {
            timeline.react(id, await confab.react(room.room_id, id, emoji));
            remember(emoji);
        }
    } finally {
        conversation.reacting -= 1;
    }
}

/** Reads the reactions again. */
export async function refresh({ confab, room, timeline }, id) {
    const { reactions } = await confab.message(room.room_id, id);
    timeline.react(id, reactions);
}

/** The most reactions of which the names are read for tooltips. */
const NAMED = 100;

/** Adds the names of those who have reacted to the buttons of the reactions to a message. */
export async function nameReactors({ confab, room, people }, message, buttons) {
    const page = await confab.reactions(room.room_id, message.message_id, { limit: NAMED });
    for (const one of buttons) {
        const { emoji } = one.dataset;
        const { count } = message.reactions.find((total) => total.emoji === emoji) ?? {};
        const names = page.results
            .filter((reaction) => reaction.emoji === emoji)
            .map(({ user_id: id, username }) => people.name(id, username));
        if (names.length > 1 && count > names.length) {
            // Those beyond the page are counted.
            names.length = count;
        }
        if (names.length > 0) {
            one.title = listOfNames(names);
            one.setAttribute("aria-label", `${emoji} ${names.length}, ${one.title}`);
        }
    }
}

/** Lists the reactions to a message, with their users. */
export async function openReactors(conversation, message) {
    const { confab, room, root, people } = conversation;
    await styled(conversation);
    await openPages(root, {
        title: t("Reactions"),
        load: (offset) =>
            confab.reactions(room.room_id, message.message_id, { offset, limit: PAGE }),
        nothing: t("There are no reactions."),
        row: ({ emoji, user_id: id, username }) =>
            h(
                "li.person",
                people.avatar(id, username),
                h("span.who", people.nameNode(id, username)),
                h("span.sign", emoji),
            ),
    });
}

/** With the button for more they are two rows. */
const OFFERED = 11;
/** A narrower window (px) shows the choice at its bottom, for fingers. */
const WIDE = 700;
/** Its distance (px) from the button, and from the edges of the window. */
const GAP = 6;

/** Puts a dialog beside the button that has opened it, where there is space; else at the bottom. */
function putBeside(dialog, opener) {
    const box = opener.getBoundingClientRect();
    const isBeside = box.width > 0 && window.innerWidth >= WIDE;
    dialog.classList.toggle("sheet", !isBeside);
    dialog.classList.toggle("beside", isBeside);
    if (!isBeside) {
        return;
    }
    const { width, height } = dialog.getBoundingClientRect();
    const isLeft = getComputedStyle(dialog).direction === "rtl";
    const left = isLeft ? box.left : box.right - width;
    const below = box.bottom + GAP;
    const top = below + height < window.innerHeight ? below : box.top - GAP - height;
    const within = (value, most) => `${Math.max(GAP, Math.min(value, most - GAP))}px`;
    dialog.style.setProperty("--left", within(left, window.innerWidth - width));
    dialog.style.setProperty("--top", within(top, window.innerHeight - height));
}

/** Opens the choice of an emoji for a message. */
export async function openReactions(conversation, message) {
    const { root, timeline } = conversation;
    const opener = root.getRootNode().activeElement;
    await styled(conversation);
    const take = async (emoji) => {
        try {
            await react(conversation, message, emoji);
        } catch (error) {
            conversation.on.failed(error);
        }
        timeline.focusOn(message.message_id);
    };
    const given = new Set(message.reactions.filter(({ mine }) => mine).map(({ emoji }) => emoji));
    const known = new Set([...given, ...recent().filter(Boolean), ...FREQUENT]);
    const offered = [...known].slice(0, Math.max(OFFERED, given.size));
    const dialog = openDialog(root, t("React"), (close) => {
        const choose = (act) => () => {
            close();
            act();
        };
        const list = h(
            "div.emoji-row",
            { role: "group", "aria-label": t("Emoji") },
            ...offered.map((emoji) =>
                h(
                    "button.bare",
                    {
                        type: "button",
                        "aria-pressed": String(given.has(emoji)),
                        onclick: choose(() => take(emoji)),
                    },
                    emoji,
                ),
            ),
            iconButton(
                "more",
                t("More emoji"),
                choose(() => openAll(conversation, take)),
            ),
        );
        setTabStop(list, list.firstChild, "button");
        moveWithArrows(list, { keys: ["ArrowLeft", "ArrowRight"], items: "button" });
        return list;
    });
    dialog.classList.add("sheet", "react");
    if (opener?.closest(".tools")) {
        const put = () => putBeside(dialog, opener);
        put();
        window.addEventListener("resize", put);
        dialog.addEventListener("close", () => window.removeEventListener("resize", put));
    }
    dialog.querySelector(".emoji-row button").focus();
}

async function openAll({ root, on }, take) {
    try {
        const { openEmojiPicker } = await import("../emoji/picker.js");
        openEmojiPicker(root, take);
    } catch (error) {
        on.failed(error);
    }
}

// ---- lists of messages ----

/**
 * A dialog with a list that is read page by page: `load(offset)` returns a promise of a page,
 * `row(one, close, tools)` the element of one of it, tools being `wrong(error)` and `removed()`.
 */
function openPages(root, { title, load, nothing, row }) {
    const list = h("ul.found-messages", { "aria-label": title });
    const below = h("div");
    let loaded = 0;
    const wrong = (error, ...more) =>
        fill(below, h("p.wrong", { role: "alert" }, errorText(error), " ", ...more));
    const removed = () =>
        list.childElementCount === 0 && fill(below, h("p.note", { role: "status" }, nothing));
    openDialog(root, title, (close) => {
        const more = async () => {
            fill(below, h("p.note", { role: "status" }, t("Loading…")));
            try {
                const { results, next } = await load(loaded);
                loaded += results.length;
                list.append(...results.map((one) => row(one, close, { wrong, removed })));
                fill(below, next && button(t("Show more"), more));
                removed();
            } catch (error) {
                wrong(error, button(t("Try again"), more, "link"));
            }
        };
        more();
        return [list, below];
    }).classList.add("messages-dialog");
}

/** `load(offset)` returns a promise of a page; `unpin(message)`, which may be null, ends a pin. */
async function openMessages(conversation, { title, load, nothing, unpin = null }) {
    const { root, people, timeline } = conversation;
    await styled(conversation);
    const row = (message, close, { wrong, removed }) => {
        const { sender_id: id, sender_username: username, created_at: at } = message;
        const open = () => {
            close();
            timeline.goTo(message.message_id);
        };
        const end = async () => {
            try {
                await unpin(message);
                item.remove();
                removed();
            } catch (error) {
                wrong(error);
            }
        };
        const item = h(
            "li",
            h(
                "button.found",
                { type: "button", onclick: open },
                h("b", people.nameNode(id, username)),
                h(
                    "time",
                    { datetime: at, title: fullTime(at) },
                    `${dayName(at)}, ${timeOfDay(at)}`,
                ),
                h("span.words", { dir: "auto" }, messageSummary(message)),
            ),
            unpin && button(t("Unpin"), end, "link"),
        );
        return item;
    };
    openPages(root, { title, load, nothing, row });
}

/** Opens the list of the direct replies to a message. */
export function openAnswers(conversation, id) {
    const { confab, room } = conversation;
    return openMessages(conversation, {
        title: t("Replies"),
        load: (offset) => confab.replies(room.room_id, id, { offset, limit: PAGE }),
        nothing: t("There are no replies."),
    });
}

/** Opens the list of the pinned messages. */
export function openPins(conversation) {
    const { confab, room, tools } = conversation;
    const { mayPin } = tools;
    return openMessages(conversation, {
        title: t("Pinned messages"),
        load: (offset) => confab.pins(room.room_id, { offset, limit: PAGE }),
        nothing: t("No message is pinned."),
        unpin: mayPin ? ({ message_id: id }) => confab.unpin(room.room_id, id) : null,
    });
}

// ---- pins and links ----

/** Pins a message, or ends that. */
export async function pin({ confab, room, tools, on }, { message_id: id }, isPinned) {
    await (isPinned ? confab.pin(room.room_id, id) : confab.unpin(room.room_id, id));
    tools.pins?.set(id, isPinned);
    on.done(isPinned ? t("The message is pinned.") : t("The message is no longer pinned."));
}

/** Copies the address that opens the page at a message; shows it where it cannot be copied. */
export async function copyLink({ confab, room, root, on }, message) {
    const path = `${confab.url}/#/${room.room_id}/${message.message_id}`;
    const link = new URL(path, location.href).href;
    try {
        await navigator.clipboard.writeText(link);
        on.done(t("The link has been copied."));
    } catch {
        const field = textField("link", t("Link"), { value: link, readonly: true });
        openDialog(root, t("Link to the message"), () => field.element);
        field.input.select();
    }
}
