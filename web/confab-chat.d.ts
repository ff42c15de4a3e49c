/**
 * Types of confab-chat.js, which defines the element <confab-chat>. Importing it where there are no
 * elements, as on a server, defines nothing and does not fail.
 */

import type { Message } from "./confab.js";

export interface ConfabChatAttributes {
    /** The number of the one room to show; without it, all rooms of the user. */
    room?: number | string | null;
    /** The user's token; without it, the cookie of the chat's own site, or a login. */
    token?: string | null;
    /** The address of the chat; default: the folder of the script. */
    server?: string | null;
}

export interface ConfabChatEvents {
    /** The number of unread messages has changed. */
    "confab-unread": CustomEvent<{ count: number }>;
    /** A message by another user has arrived. */
    "confab-message": CustomEvent<{ message: Message }>;
    /** The chat, or a room, cannot be shown; the element says so itself. */
    "confab-error": CustomEvent<{ message: string }>;
}

/** The element. Attributes and properties may change at any time. Its events bubble. */
export class ConfabChatElement extends HTMLElement {
    get room(): number | null;
    set room(value: number | string | null);
    token: string | null;
    server: string | null;

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
