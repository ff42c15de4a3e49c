// The quiet lines between messages, about members who came and went and other changes.

import { h } from "../ui/dom.js";

export class QuietLines {
    constructor(people) {
        this.people = people;
        // The lines after a message, by its id (0: before the first one): {key, text, id}.
        this.lines = new Map();
    }

    /** Adds a line after a message. False if there is one with this key. */
    add(key, { id, text }, after) {
        const others = this.lines.get(after) ?? [];
        if (others.some((line) => line.key === key)) {
            return false;
        }
        this.lines.set(
            after,
            [...others, { key, id, text }].sort((a, b) => a.key - b.key),
        );
        return true;
    }

    /** Draws the lines after a message into its element. */
    draw(after, node) {
        node?.querySelectorAll(".quiet").forEach((old) => old.remove());
        const lines = (node ? (this.lines.get(after) ?? []) : []).map(({ id, text }) => {
            const line = h("p.quiet", { "data-person": id });
            return this.people.draw(line, () => {
                line.textContent = text();
            });
        });
        node?.append(...lines);
    }
}
