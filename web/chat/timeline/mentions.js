// Highlights the names of mentioned users in the text of a message. Loaded with the first message
// that mentions a user.

import { h } from "../ui/dom.js";
import { t } from "../words.js";

/** Splits the text nodes of an element at the first of these words, in order. */
function split(element, words, wrap) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) {
        nodes.push(walker.currentNode);
    }
    for (const node of nodes.filter((one) => !one.parentElement.closest("code, pre, .mention"))) {
        let rest = node;
        for (;;) {
            const text = rest.data;
            const found = words
                .map((word) => ({ word, at: text.indexOf(word) }))
                .filter(({ at }) => at >= 0)
                .sort((a, b) => a.at - b.at || b.word.length - a.word.length)[0];
            if (!found) {
                break;
            }
            const start = rest.splitText(found.at);
            rest = start.splitText(found.word.length);
            start.replaceWith(wrap(found.word));
        }
    }
}

/** `element` has the text of the message; `self` is the id of the user. */
export function markMentions(element, { mentions }, people, self) {
    const ids = new Map();
    for (const id of mentions.user_ids) {
        const profile = people.confab.profiles.get(id);
        const names = profile ? [people.name(id, profile.username), profile.username] : [];
        names.forEach((name) => ids.set(`@${name}`, id));
    }
    if (mentions.all) {
        [t("everyone"), "everyone", "all"].forEach((word) => ids.set(`@${word}`, self));
    }
    split(element, [...ids.keys()], (word) =>
        h(ids.get(word) === self ? "span.mention.own" : "span.mention", word),
    );
    // Names that are not known yet come with their profiles.
    const unknown = mentions.user_ids.filter((id) => !people.confab.profiles.get(id));
    unknown.forEach((id) => {
        const waiting = h("span", { "data-person": id, hidden: true });
        waiting.drawPerson = () => {
            waiting.remove();
            markMentions(element, { mentions: { user_ids: [id], all: false } }, people, self);
        };
        element.append(waiting);
    });
}
