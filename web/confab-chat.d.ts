/**
 * Types of confab-chat.js, which defines the element <confab-chat>. Importing it where there are no
 * elements, as on a server, defines nothing and does not fail.
 */

import type { Message } from "./confab.js";

export interface ConfabChatAttributes {
    /** The number of the one room to show; without it and `room-key`, all rooms of the user. */
    room?: number | string | null;
    /** The key of the one room to show, as your site has given it. */
    "room-key"?: string | null;
    /** The user's token; without it, `jwt` and `token-url`, the cookie of the chat's own site, or a
     *  login. */
    token?: string | null;
    /** An address on your own site that answers with a signed token (JWT) for the user who is
     *  logged in there, as text or as {"jwt": "..."}. The element requests it with the cookies of
     *  your site: at first, when the chat's own token is refused, and before that ends. */
    "token-url"?: string | null;
    /** A signed token (JWT) that your server has written into the page. */
    jwt?: string | null;
    /** Nothing can be written. */
    readonly?: boolean | "" | null;
    /** "bubble": a button in the corner of the window, which opens the chat. */
    mode?: "bubble" | null;
    /** Whether the bubble shows the chat. */
    open?: boolean | "" | null;
    /** The language, such as "de"; default: the user's own, that of your page, or the browser's. */
    lang?: string | null;
    /** The address of the chat; default: the folder of the script. */
    server?: string | null;
}

export interface ConfabChatEvents {
    /** The number of unread messages has changed. */
    "confab-unread": CustomEvent<{ count: number }>;
    /** A message by another user has arrived. */
    "confab-message": CustomEvent<{ message: Message }>;
    /** The chat, or a room, cannot be shown; the element says so itself. `code` is that of
     *  ConfabError. */
    "confab-error": CustomEvent<{ message: string; code: string | null }>;
}

/** The element. Attributes and properties may change at any time. Its events bubble. */
export class ConfabChatElement extends HTMLElement {
    get room(): number | null;
    set room(value: number | string | null);
    roomKey: string | null;
    token: string | null;
    tokenUrl: string | null;
    jwt: string | null;
    readonly: boolean;
    mode: string | null;
    open: boolean;
    server: string | null;
    /** The number of unread messages. */
    readonly unread: number;

    addEventListener<Name extends keyof ConfabChatEvents>(
        type: Name,
        listener: (this: ConfabChatElement, event: ConfabChatEvents[Name]) => void,
        options?: boolean | AddEventListenerOptions,
    ): void;
    addEventListener(
        type: string,
        listener: EventListenerOrEventListenerObject,
        options?: boolean | AddEventListenerOptions,
    ): void;
}

declare global {
    interface HTMLElementTagNameMap {
        "confab-chat": ConfabChatElement;
    }
    /** For JSX of Preact and others that take the global namespace. */
    namespace JSX {
        interface IntrinsicElements {
            "confab-chat": ConfabChatAttributes & Record<string, unknown>;
        }
    }
}
