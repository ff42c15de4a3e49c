/**
 * The <confab-chat> element: the chat inside a page of another site.
 *
 *     <script type="module" src="https://chat.example/confab-chat.js"></script>
 *     <confab-chat room="1" token="..."></confab-chat>
 *
 * confab-chat.d.ts and docs/clients.md describe its attributes, properties and events. The page
 * sets the height, `color-scheme` and the variables --confab-... (see chat/base.css). A shadow
 * root keeps the styles of page and chat apart.
 */

import { App } from "./chat/app.js";

// The folder of this script is the chat's site, unless a bundler has moved the script elsewhere.
const MODULE = import.meta.url;
const HOME = /^https?:.*\/confab-chat\.js([?#]|$)/.test(MODULE) ? new URL("./", MODULE).href : null;
const STYLES = ["chat/base.css", "chat/chat.css"];
const RETRY_MS = 3000;

/**
 * The frame around the chat. It has a height of its own where the page gives none, and the chat in
 * it none, so that the page never grows with the messages. Nothing is inherited but what is named.
 */
const FRAME = `
.frame {
    all: initial;
    color-scheme: inherit;
    visibility: inherit;
    pointer-events: inherit;
    display: block;
    position: relative;
    height: 100%;
    min-height: inherit;
    max-height: inherit;
    overflow: hidden;
}
.frame > .spacer { width: min(40em, 100vw); height: 32em; }
.frame > .confab, .frame > .problem { position: absolute; inset: 0; height: auto; }
.frame > .problem { padding: 1em; overflow: auto; font: 0.9375em/1.45 system-ui, sans-serif; }
`;

/** The texts of the style sheets by the address of the chat; requests under way, or done. */
const texts = new Map();

/**
 * Requests the style sheets. (A <link> fails where the page's policy forbids style-src or requires
 * a Cross-Origin-Resource-Policy.)
 */
function stylesOf(base) {
    if (!texts.has(base)) {
        const request = async (path) => {
            const response = await fetch(new URL(path, base), { credentials: "omit" });
            if (!response.ok) {
                throw new Error(`${path}: ${response.status}`);
            }
            return response.text();
        };
        const all = Promise.all(STYLES.map(request));
        all.catch(() => texts.delete(base));
        texts.set(base, all);
    }
    return texts.get(base);
}

/** A style sheet of this text. A rem is that of the user's own font size, not of the page's. */
function sheetOf(text, rem) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
        text.replace(/(\d*\.?\d+)rem\b/g, (_, count) => `${Number((count * rem).toFixed(3))}px`),
    );
    return sheet;
}

const make = (className) => {
    const element = document.createElement("div");
    element.className = className;
    return element;
};

// Outside a browser, as where a site renders its pages on a server, there are no elements.
const Base = globalThis.HTMLElement ?? class {};

export class ConfabChatElement extends Base {
    static observedAttributes = ["room", "token", "server"];

    #app = null;
    #frame = null;
    #isChanged = false;
    #retry = null;

    // ---- properties: the attributes of the same names ----

    /** The number of the one room to show; null: all rooms of the user. */
    get room() {
        return this.hasAttribute("room") ? Number(this.getAttribute("room")) : null;
    }
    set room(value) {
        this.#reflect("room", value);
    }

    get token() {
        return this.getAttribute("token");
    }
    set token(value) {
        this.#reflect("token", value);
    }

    get server() {
        return this.getAttribute("server");
    }
    set server(value) {
        this.#reflect("server", value);
    }

    #reflect(name, value) {
        if (value === null || value === undefined) {
            this.removeAttribute(name);
        } else {
            this.setAttribute(name, value);
        }
    }

    // ---- life ----

    connectedCallback() {
        this.#adoptProperties();
        if (!this.#frame) {
            this.#frame = make("frame");
            const root = this.attachShadow({ mode: "open" });
            root.adoptedStyleSheets = [sheetOf(FRAME, 16)];
            root.append(this.#frame);
        }
        this.#start();
    }

    disconnectedCallback() {
        clearTimeout(this.#retry);
        this.#app?.close();
        this.#app = null;
        this.#frame.replaceChildren();
    }

    // Several attributes set one after the other start the chat again once.
    attributeChangedCallback(_name, before, after) {
        if (!this.#frame || before === after || this.#isChanged) {
            return;
        }
        this.#isChanged = true;
        queueMicrotask(() => {
            this.#isChanged = false;
            if (this.isConnected) {
                this.disconnectedCallback();
                this.#start();
            }
        });
    }

    /** Properties set before this class was defined hide those of the class. */
    #adoptProperties() {
        for (const name of ConfabChatElement.observedAttributes) {
            if (Object.hasOwn(this, name)) {
                const value = this[name];
                delete this[name];
                this[name] = value;
            }
        }
    }

    #start() {
        const room = this.room;
        if (room !== null && !(Number.isSafeInteger(room) && room > 0)) {
            const text = `room="${this.getAttribute("room")}" is not the number of a room.`;
            this.#showProblem(`This chat cannot be shown: ${text}`);
            return;
        }
        const url = new URL(this.server ?? HOME ?? "/", document.baseURI).href;
        const chat = make("confab");
        // Hidden until the styles are there.
        chat.hidden = true;
        this.#frame.replaceChildren(make("spacer"), chat);
        this.#app = new App(chat, {
            room,
            client: this.token ? { url, token: this.token } : { url },
            keepLogin: true,
            tell: (name, detail) => this.#tell(name, detail),
        });
        this.#addStyles(HOME ?? `${url.replace(/\/$/, "")}/`, this.#app, chat);
    }

    async #addStyles(base, app, chat) {
        try {
            const all = await stylesOf(base);
            if (this.#app === app) {
                const rem = Number.parseFloat(getComputedStyle(this.#frame).fontSize) || 16;
                this.shadowRoot.adoptedStyleSheets = [
                    ...all.map((text) => sheetOf(text, rem)),
                    sheetOf(FRAME, rem),
                ];
                chat.hidden = false;
            }
        } catch {
            if (this.#app === app) {
                app.close();
                this.#showProblem(`The chat at ${base} cannot be reached. Trying again…`);
                this.#retry = setTimeout(() => this.#start(), RETRY_MS);
            }
        }
    }

    #showProblem(text) {
        const problem = make("problem");
        problem.setAttribute("role", "alert");
        problem.textContent = text;
        this.#frame.replaceChildren(make("spacer"), problem);
        this.#tell("error", { message: text });
    }

    /** Dispatches confab-unread, confab-message or confab-error. */
    #tell(name, detail) {
        this.dispatchEvent(new CustomEvent(`confab-${name}`, { detail, bubbles: true }));
    }
}

// Twice if a page loads this script from two addresses: the first one stays.
if (globalThis.customElements && !customElements.get("confab-chat")) {
    customElements.define("confab-chat", ConfabChatElement);
}
