/** The safe part of CommonMark that page and element show; see docs/clients.md. */

export type Inline =
    | string
    | { type: "emphasis" | "strong" | "deleted"; children: Inline[] }
    | { type: "code"; text: string }
    | { type: "link"; href: string; children: Inline[] };

export type Block =
    | { type: "paragraph"; children: Inline[] }
    | { type: "fence"; language: string; text: string }
    | { type: "quote"; children: Block[] }
    | { type: "list"; ordered: boolean; start: number; items: Block[][] };

/** The blocks of a text. */
export function parseMarkdown(text: string): Block[];

/** The elements of a text; data becomes text nodes and attributes of links, never markup. */
export function renderMarkdown(text: string): DocumentFragment;
