// The messages of a room, as pages for its timeline.

import { prepareToShow } from "./message.js";

/**
 * The source of a Timeline of the room `id`, by the API; pages are oldest first. What shows their
 * files is loaded into `root`.
 */
export function messageSource(confab, id, root) {
    const read = async (options) => {
        const page = await confab.messages(id, options);
        await prepareToShow(page.results, root);
        return page;
    };
    const oldestFirst = (page) => ({ messages: page.results.reverse(), more: page.next !== null });
    return {
        newest: async (limit) => oldestFirst(await read({ limit })),
        older: async (before, limit) => oldestFirst(await read({ before, limit })),
        newer: async (after, limit) => {
            const page = await read({ after, limit });
            return { messages: page.results.reverse(), more: page.previous !== null };
        },
        fromEnd: async (offset, limit) => oldestFirst(await read({ offset, limit })),
        around: async (around, limit) => {
            const { results, next, previous } = await read({ around, limit });
            return { messages: results.reverse(), more: next !== null, after: previous !== null };
        },
        one: (messageId) => confab.message(id, messageId),
    };
}
