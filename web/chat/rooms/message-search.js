// The dialog that finds messages by their words, in all rooms of the user.

import { button, errorText } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { debounce, fill, h, isComposing } from "../ui/dom.js";
import { dayName, filesInWords, fullTime, timeOfDay, visibleName } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { moveWithArrows } from "../ui/keyboard.js";
import { addStyles } from "../ui/styles.js";
import { t, tn } from "../words.js";
import { foundText } from "./found-text.js";

const DELAY_MS = 250;
const PAGE = 20;
/** Pages that are read one after the other while they are empty: a search ends in time. */
const MOST_EMPTY = 20;
/** The code points of a long message shown before the first word that was found, and in all. */
const BEFORE = 60;
const SHOWN = 280;

/** The user's last search, which is shown again to open others of its results. */
const last = { of: null, text: "" };

/** The text of a result, with its words marked; a long one around the first of them. */
function markedText(content, matches) {
    const points = [...content];
    const first = matches[0]?.[0] ?? 0;
    const start =
        points.length > SHOWN ? Math.max(0, Math.min(first - BEFORE, points.length - SHOWN)) : 0;
    const end = Math.min(points.length, start + SHOWN);
    const text = (from, to) => points.slice(Math.max(from, start), Math.min(to, end)).join("");
    const nodes = [start > 0 ? "…" : ""];
    let done = start;
    for (const [from, to] of matches.filter((match) => match[0] < end && match[1] > start)) {
        nodes.push(text(done, from), h("mark", text(from, to)));
        done = to;
    }
    nodes.push(text(done, end), end < points.length ? "…" : "");
    return nodes.filter((node) => node !== "");
}

/** `text` is what to search for at first. Calls `on.open(roomId, messageId)`. */
export async function openMessageSearch(root, { confab, people, text = "", on }) {
    await addStyles(root, "rooms/message-search.css");
    let asked = 0;
    let next = null;
    const input = h("input", {
        type: "search",
        "aria-label": t("Search messages"),
        placeholder: t("Search messages"),
        autocomplete: "off",
    });
    const status = h("p.note", { role: "status" });
    const list = h("ol.results", { "aria-label": t("Results") });
    const more = button(t("Show more"), () => read(asked), "link");
    const dialog = openDialog(root, t("Search messages"), () => [input, status, list, more]);
    dialog.classList.add("message-search");

    const row = (result) => {
        const { sender_id: sender, sender_username: username } = result;
        const { text: shown, matches } = foundText(result.content, result.matches);
        const open = () => {
            dialog.close();
            on.open(result.room_id, result.message_id);
        };
        return h(
            "li",
            h(
                "button.found",
                { type: "button", onclick: open },
                h(
                    "span.head",
                    h("b", { dir: "auto" }, visibleName(result.room_name)),
                    h("span", { dir: "auto" }, people.nameNode(sender, username)),
                    h(
                        "time",
                        { datetime: result.created_at, title: fullTime(result.created_at) },
                        `${dayName(result.created_at)}, ${timeOfDay(result.created_at)}`,
                    ),
                ),
                result.files.length > 0 &&
                    h("span.kind", icon("file"), h("bdi", filesInWords(result.files))),
                h("span.words", { dir: "auto" }, markedText(shown, matches)),
            ),
        );
    };

    /** Reads the next page; short ones until there is something to show. */
    const read = async (number) => {
        const q = input.value.trim();
        more.hidden = true;
        for (let page = 0; page < MOST_EMPTY; page += 1) {
            const found = await confab.search(q, { limit: PAGE, ...(next && { cursor: next }) });
            if (number !== asked) {
                return;
            }
            next = found.next;
            list.append(...found.results.map(row));
            if (!next || found.results.length > 0) {
                break;
            }
        }
        const count = list.children.length;
        more.hidden = !next;
        status.textContent =
            count > 0
                ? tn(count, "{count} message", "{count} messages")
                : t("No message has these words.");
    };

    const search = debounce(DELAY_MS, async () => {
        asked += 1;
        next = null;
        more.hidden = true;
        fill(list);
        if (!input.value.trim()) {
            status.textContent = t('In all of your rooms: words, a "phrase", -without.');
            return;
        }
        status.textContent = t("Searching…");
        const number = asked;
        try {
            await read(number);
        } catch (error) {
            if (number === asked) {
                status.textContent =
                    error.codes?.q?.[0] === "no_word"
                        ? t("Type a word to search for.")
                        : errorText(error);
            }
        }
    });
    input.addEventListener("input", () => {
        last.text = input.value;
        search();
    });
    input.addEventListener("keydown", (event) => {
        const first = list.querySelector("button");
        if (!isComposing(event) && first && (event.key === "ArrowDown" || event.key === "Enter")) {
            event.preventDefault();
            if (event.key === "Enter") {
                first.click();
            } else {
                first.focus();
            }
        }
    });
    moveWithArrows(list, { keys: ["ArrowUp", "ArrowDown"], items: "button" });
    // A page may have several chats.
    const of = `${confab.url} ${confab.user.user_id}`;
    if (text || last.of !== of) {
        Object.assign(last, { of, text });
    }
    input.value = last.text;
    search();
    input.focus();
    input.select();
}
