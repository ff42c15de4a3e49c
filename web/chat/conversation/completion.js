// The list that completes what is typed: an emoji after a colon, a name after an @.

import { findEmoji, byName, skinTone, withTone } from "../emoji/emoji.js";
import { fill, h } from "../ui/dom.js";
import { addStyles } from "../ui/styles.js";
import { t } from "../words.js";

const MOST = 6;

/**
 * What can be completed: `pattern` matches the text before the caret, its first group is what
 * was typed; `find(typed)` returns, perhaps later, a list of {insert, nodes, chosen}, of which
 * chosen(), if it is there, is called with the choice.
 */
const EMOJI = {
    pattern: /(?:^|[\s(])(:[\p{L}\p{N}_+-]{2,40})$/u,
    label: () => t("Emoji"),
    find: (typed) =>
        findEmoji(typed.slice(1), MOST).map((one) => {
            const emoji = withTone(one, skinTone());
            return { insert: `${emoji} `, nodes: [h("span.sign", emoji), `:${one.name}:`] };
        }),
};

/** A whole :name: becomes the emoji as soon as the second colon is typed. */
const WHOLE = /(?:^|[\s(])(:([\p{L}\p{N}_+-]{2,40}):)$/u;

export class Completion {
    /** `text` is the textarea; `place` the element before which the list is shown; `sources` are
     *  those besides emoji. */
    constructor(text, place, sources = []) {
        Object.assign(this, { text, choices: [], chosen: 0, typed: "" });
        this.sources = [EMOJI, ...sources];
        this.list = h("ul.completions", {
            role: "listbox",
            id: "confab-completions",
            hidden: true,
        });
        place.before(this.list);
        addStyles(place.closest(".confab"), "emoji/emoji.css");
        text.setAttribute("aria-controls", this.list.id);
        text.setAttribute("aria-autocomplete", "list");
        text.addEventListener("blur", () => this.close());
    }

    /** To be called after each change of the text. */
    async update() {
        const before = this.#before();
        const whole = WHOLE.exec(before);
        const emoji = whole && byName(whole[2]);
        if (emoji) {
            this.#replace(whole[1], withTone(emoji, skinTone()));
            return;
        }
        const source = this.sources.find(({ pattern }) => pattern.test(before));
        this.typed = source ? source.pattern.exec(before)[1] : "";
        const { typed } = this;
        const choices = source ? await source.find(typed) : [];
        if (typed === this.typed) {
            this.choices = choices;
            this.chosen = 0;
            this.#draw(source);
        }
    }

    /** Handles a key; true if it was one for the list. */
    key(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (this.list.hidden) {
            return false;
        }
        if (step) {
            this.chosen = (this.chosen + step + this.choices.length) % this.choices.length;
            this.#mark();
        } else if (event.key === "Enter" || event.key === "Tab") {
            this.#choose(this.choices[this.chosen]);
        } else if (event.key === "Escape") {
            this.close();
        } else {
            return false;
        }
        event.preventDefault();
        event.stopPropagation();
        return true;
    }

    close() {
        this.typed = "";
        this.choices = [];
        this.#draw();
    }

    #before() {
        const { selectionStart: start, selectionEnd: end, value } = this.text;
        return start === end ? value.slice(0, start) : "";
    }

    #choose(choice) {
        choice.chosen?.();
        this.#replace(this.typed, choice.insert);
        this.close();
    }

    /** Replaces what was typed before the caret, so that it can be undone. */
    #replace(typed, by) {
        const end = this.text.selectionStart;
        this.text.setRangeText(by, end - typed.length, end, "end");
        this.text.dispatchEvent(new Event("input", { bubbles: true }));
    }

    #draw(source) {
        this.list.hidden = this.choices.length === 0;
        if (source) {
            this.list.setAttribute("aria-label", source.label());
        }
        this.rows = this.choices.map((choice, at) =>
            h(
                "li",
                {
                    role: "option",
                    id: `confab-completion-${at}`,
                    // The input keeps the focus.
                    onmousedown: (event) => event.preventDefault(),
                    onclick: () => this.#choose(choice),
                },
                choice.nodes,
            ),
        );
        fill(this.list, this.rows);
        this.#mark();
    }

    #mark() {
        this.rows.forEach((row, at) =>
            row.setAttribute("aria-selected", String(at === this.chosen)),
        );
        const row = this.rows[this.chosen];
        if (row) {
            this.text.setAttribute("aria-activedescendant", row.id);
        } else {
            this.text.removeAttribute("aria-activedescendant");
        }
    }
}
