// The quiet lines between messages, about members who joined or left and other changes.

import { h } from "../ui/dom.js";

export class QuietLines {
    constructor(people) {
        this.people = people;
        // The lines after a message, by its id (0: before the first one): {key} and those of add().
        this.lines = new Map();
    }

    /**
     * Adds a line after a message: `id` is the user in it, or null, `text(ids)` what it says.
     * Lines in a row of the same kind() become one, unless that is null. False if there is a line
     * with this key.
     */
    add(key, line, after) {
        const others = this.lines.get(after) ?? [];
        if (others.some((other) => other.key === key)) {
            return false;
        }
        this.lines.set(
            after,
            [...others, { ...line, key }].sort((a, b) => a.key - b.key),
        );
        return true;
    }

    /** Draws the lines after a message into its element. */
    draw(after, node) {
        node?.querySelectorAll(".quiet").forEach((old) => old.remove());
        const runs = [];
        for (const line of node ? (this.lines.get(after) ?? []) : []) {
            const kind = line.kind();
            if (kind !== null && kind === runs.at(-1)?.kind) {
                runs.at(-1).ids.push(line.id);
            } else {
                runs.push({ kind, line, ids: [line.id] });
            }
        }
        // A profile may change the kind of a line: the actor is known by the user name.
        const watch = (id) => {
            const mark = h("span", { "data-person": id, hidden: true });
            mark.drawPerson = () => mark.isConnected && this.draw(after, node);
            return mark;
        };
        node?.append(
            ...runs.map(({ line, ids }) =>
                h("p.quiet", line.text(ids), line.id && ids.map((id) => watch(id))),
            ),
        );
    }
}
