// The dialog in which an emoji is chosen: by name, or among all of them; with skin tones.

import { openDialog } from "../ui/dialog.js";
import { fill, h, isComposing } from "../ui/dom.js";
import { moveWithArrows, setTabStop } from "../ui/keyboard.js";
import { addStyles } from "../ui/styles.js";
import { t } from "../words.js";
import { findEmoji, groups, setSkinTone, skinTone, TONES, withTone } from "./emoji.js";

const MOST_FOUND = 90;
const HAND = { emoji: "✋", toned: "✋🏻" };

const groupNames = () => [
    t("Smileys"),
    t("People"),
    t("Animals and nature"),
    t("Food and drink"),
    t("Travel and places"),
    t("Activities"),
    t("Objects"),
    t("Symbols"),
    t("Flags"),
];

const toneNames = () => [
    t("Default"),
    t("Light skin tone"),
    t("Medium-light skin tone"),
    t("Medium skin tone"),
    t("Medium-dark skin tone"),
    t("Dark skin tone"),
];

/** The emoji in the row above (-1) or below (1), perhaps of another group; null at the end. */
function inNextRow(grids, button, step) {
    const grid = button.parentElement;
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const at = [...grid.children].indexOf(button);
    const rowOf = (index) => Math.floor(index / columns);
    const last = grid.children.length - 1;
    if (step > 0 ? rowOf(at) < rowOf(last) : rowOf(at) > 0) {
        return grid.children[Math.min(at + step * columns, last)];
    }
    const others = grids[grids.indexOf(grid) + step]?.children;
    if (!others) {
        return null;
    }
    const row = step > 0 ? 0 : rowOf(others.length - 1);
    return others[Math.min(row * columns + (at % columns), others.length - 1)];
}

/** Opens the picker; calls choose(emoji) with the one that was chosen. */
export async function openEmojiPicker(root, choose) {
    await addStyles(root, "emoji/emoji.css");
    let tone = skinTone();
    const names = groupNames();
    const body = h("div.emoji-groups");
    const input = h("input", {
        type: "search",
        "aria-label": t("Find an emoji"),
        placeholder: t("Find an emoji"),
        autocomplete: "off",
    });
    const tones = h(
        "select",
        { "aria-label": t("Skin tone") },
        TONES.map((_, at) => h("option", { value: at }, withTone(HAND, at), ` ${toneNames()[at]}`)),
    );
    const dialog = openDialog(root, t("Emoji"), () => [h("div.emoji-head", input, tones), body]);
    dialog.classList.add("emoji-picker");
    tones.value = String(tone);

    const item = (one) =>
        h(
            "button.bare",
            {
                type: "button",
                title: `:${one.name}:`,
                "aria-label": one.words[0],
                onclick: () => {
                    dialog.close();
                    choose(withTone(one, tone));
                },
            },
            withTone(one, tone),
        );
    const draw = () => {
        const wanted = input.value.trim();
        const parts = wanted ? [findEmoji(wanted, MOST_FOUND)] : groups;
        const sections = parts.map((emoji, at) =>
            h(
                "section",
                { "aria-label": wanted ? t("Results") : names[at] },
                !wanted && h("h3", names[at]),
                h("div.emoji-grid", emoji.map(item)),
            ),
        );
        fill(body, parts[0].length > 0 ? sections : h("p.note", t("No emoji has this name.")));
        setTabStop(body, body.querySelector("button"), "button");
    };
    input.addEventListener("input", draw);
    input.addEventListener("keydown", (event) => {
        const first = body.querySelector("button");
        if (isComposing(event)) {
            return;
        }
        if (event.key === "Enter" && input.value.trim() && first) {
            event.preventDefault();
            first.click();
        } else if (event.key === "ArrowDown" && first) {
            event.preventDefault();
            first.focus();
        }
    });
    tones.addEventListener("change", () => {
        tone = Number(tones.value);
        setSkinTone(tone);
        draw();
    });
    moveWithArrows(body, { keys: ["ArrowLeft", "ArrowRight"], items: "button" });
    body.addEventListener("keydown", (event) => {
        const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (step) {
            const grids = [...body.querySelectorAll(".emoji-grid")];
            event.preventDefault();
            (inNextRow(grids, event.target, step) ?? (step < 0 ? input : event.target)).focus();
        }
    });
    draw();
    input.focus();
}
