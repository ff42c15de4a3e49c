/**
 * The <confab-chat> element: the chat inside a page of another site.
 *
 *     <script type="module" src="https://chat.example/confab-chat.js"></script>
 *     <confab-chat room-key="post-17" token-url="/chat-token.php"></confab-chat>
 *
 * confab-chat.d.ts and docs/clients.md describe its attributes, properties and events. The page
 * sets the height, `color-scheme` and the variables --confab-... (see chat/base.css). A shadow
 * root keeps the styles of page and chat apart.
 */

import { App } from "./chat/app.js";
import { fill, h } from "./chat/ui/dom.js";
import { icon } from "./chat/ui/icons.js";
import { isAdded, remOf, requestStyles, setStylesBase, sheetOf } from "./chat/ui/styles.js";
import { t, tn, useLanguage } from "./chat/words.js";

// The folder of this script is the chat's site, unless a bundler has moved the script elsewhere.
const MODULE = import.meta.url;
const HOME = /^https?:.*\/confab-chat(\.min)?\.js([?#]|$)/.test(MODULE)
    ? new URL("./", MODULE).href
    : null;
const STYLES = ["chat/base.css", "chat/chat.css"];
const RETRY_MS = 3000;
const ROOM_KEY = /^[A-Za-z0-9._:/-]{1,128}$/u;

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
.frame > .problem { background: light-dark(#fff, #15191d); color: light-dark(#1a1f24, #e6e9ec); }
`;

/**
 * mode="bubble": a button in the corner of the window, and the frame above it. The closed frame
 * keeps its size, so that the chat in it is laid out.
 */
const BUBBLE = `
:host([mode="bubble"]) { display: contents !important; }
:host([mode="bubble"][hidden]) { display: none !important; }
.bubble > .frame {
    position: fixed;
    inset-inline-end: 1rem;
    bottom: 5.5rem;
    z-index: 2147483000;
    width: min(25rem, calc(100vw - 2rem));
    height: min(40rem, calc(100dvh - 7rem));
    min-height: 0;
    max-height: none;
    border: 1px solid var(--confab-line, light-dark(#e1e5e9, #2d343b));
    border-radius: 1rem;
    box-shadow: 0 0.75rem 2.5rem rgb(0 0 0 / 25%);
    visibility: hidden;
}
.bubble > .frame.open { visibility: inherit; }
.bubble > .frame > .spacer { display: none; }
.launcher {
    all: initial;
    color-scheme: inherit;
    visibility: inherit;
    box-sizing: border-box;
    position: fixed;
    inset-inline-end: 1rem;
    bottom: 1rem;
    z-index: 2147483001;
    display: grid;
    place-items: center;
    width: 3.5rem;
    height: 3.5rem;
    border: 1px solid transparent;
    border-radius: 50%;
    background: var(--confab-button, light-dark(#0b5c8a, #1a6d9c));
    color: var(--confab-on-button, #fff);
    box-shadow: 0 0.35rem 1.25rem rgb(0 0 0 / 30%);
    cursor: pointer;
}
.launcher:hover { filter: brightness(1.1); }
.launcher:focus-visible {
    outline: 3px solid var(--confab-accent, light-dark(#0b5c8a, #7cc0ea));
    outline-offset: 3px;
}
.launcher svg {
    width: 1.75rem;
    height: 1.75rem;
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.7;
    stroke-linecap: round;
    stroke-linejoin: round;
}
.launcher .badge {
    position: absolute;
    inset-inline-end: -0.25rem;
    top: -0.25rem;
    box-sizing: border-box;
    min-width: 1.5rem;
    padding: 0 0.35rem;
    border: 2px solid light-dark(#fff, #15191d);
    border-radius: 0.75rem;
    background: light-dark(#b3261e, #ad332a);
    color: #fff;
    font: 600 0.75rem/1.25rem system-ui, sans-serif;
    text-align: center;
}
@media (width < 30rem) {
    .bubble > .frame { inset: 0 0 5.25rem; width: auto; height: auto; border-radius: 0; }
}
`;

/** The texts of the style sheets by the address of the chat; requests under way, or done. */
const texts = new Map();
/** confab-chat.min.js, which is this and all that it imports in one file, has them itself. */
const OWN_TEXTS = globalThis.confabStyles;

/** Requests the style sheets. */
function stylesOf(base) {
    if (OWN_TEXTS) {
        return OWN_TEXTS;
    }
    if (!texts.has(base)) {
        const all = Promise.all(STYLES.map((path) => requestStyles(new URL(path, base))));
        all.catch(() => texts.delete(base));
        texts.set(base, all);
    }
    return texts.get(base);
}

// Outside a browser, as where a site renders its pages on a server, there are no elements.
const Base = globalThis.HTMLElement ?? class {};

/** What is set by the page, as attribute or property, by the name of the attribute. */
const PROPERTIES = {
    "room-key": "roomKey",
    token: "token",
    "token-url": "tokenUrl",
    jwt: "jwt",
    mode: "mode",
    server: "server",
};

function reflect(element, name, value) {
    if (value === null || value === undefined) {
        element.removeAttribute(name);
    } else {
        element.setAttribute(name, value);
    }
}

export class ConfabChatElement extends Base {
    static observedAttributes = [...Object.keys(PROPERTIES), "room", "readonly", "lang", "open"];

    #app = null;
    #frame = null;
    #launcher = null;
    #isChanged = false;
    #retry = null;
    #unread = 0;
    // Counts the starts: what an earlier one still waits for is dropped.
    #starts = 0;

    // ---- properties: the attributes of the same names ----

    /** The number of the one room to show; null: all rooms of the user. */
    get room() {
        return this.hasAttribute("room") ? Number(this.getAttribute("room")) : null;
    }
    set room(value) {
        reflect(this, "room", value);
    }

    get readonly() {
        return this.hasAttribute("readonly");
    }
    set readonly(value) {
        this.toggleAttribute("readonly", Boolean(value));
    }

    /** In the mode "bubble": whether the chat is shown. */
    get open() {
        return this.hasAttribute("open");
    }
    set open(value) {
        this.toggleAttribute("open", Boolean(value));
    }

    /** The number of unread messages. */
    get unread() {
        return this.#unread;
    }

    // ---- life ----

    connectedCallback() {
        this.#adoptProperties();
        if (!this.#frame) {
            this.#frame = h("div.frame");
            this.attachShadow({ mode: "open" });
        }
        this.#start();
    }

    disconnectedCallback() {
        this.#starts += 1;
        clearTimeout(this.#retry);
        this.#app?.close();
        this.#app = null;
        this.#frame.replaceChildren();
        this.#launcher = null;
        this.shadowRoot.replaceChildren();
        this.#unread = 0;
    }

    // Several attributes set one after the other start the chat again once.
    attributeChangedCallback(name, before, after) {
        if (!this.#frame || before === after) {
            return;
        }
        if (name === "open") {
            this.#drawBubble();
            this.#app?.shownChanged();
            return;
        }
        if (this.#isChanged) {
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
        for (const name of ["room", "readonly", "open", ...Object.values(PROPERTIES)]) {
            if (Object.hasOwn(this, name)) {
                const value = this[name];
                delete this[name];
                this[name] = value;
            }
        }
    }

    get #isBubble() {
        return this.mode === "bubble";
    }

    async #start() {
        const own = this.#starts;
        this.#build();
        // The language of the page is better than that of the browser, which may be a foreign one.
        const siteLanguage = this.parentElement?.closest("[lang]")?.lang || null;
        await useLanguage(this.lang, siteLanguage);
        if (own !== this.#starts) {
            return;
        }
        this.#drawBubble();
        const { room, roomKey } = this;
        if (room !== null && !(Number.isSafeInteger(room) && room > 0)) {
            const value = this.getAttribute("room");
            this.#showProblem(t('room="{value}" is not the number of a room.', { value }));
        } else if (roomKey !== null && !ROOM_KEY.test(roomKey)) {
            this.#showProblem(
                t('room-key="{value}" is not the key of a room.', { value: roomKey }),
            );
        } else {
            this.#show(siteLanguage);
        }
    }

    #show(siteLanguage) {
        const url = new URL(this.server ?? HOME ?? "/", document.baseURI).href;
        const { room, roomKey, token, jwt, tokenUrl } = this;
        const chat = h("div.confab", { role: "region", "aria-label": t("Chat") });
        // Hidden until the styles are there.
        chat.hidden = true;
        fill(this.#frame, h("div.spacer"), chat);
        this.#app = new App(chat, {
            room,
            roomKey: room === null ? roomKey : null,
            readOnly: this.readonly,
            language: this.lang,
            siteLanguage,
            client: {
                url,
                ...(token && { token }),
                ...(jwt && { jwt }),
                ...(tokenUrl && { tokenUrl: new URL(tokenUrl, document.baseURI).href }),
            },
            keepLogin: true,
            isShown: () => !this.#isBubble || this.open,
            emit: (name, detail) => this.#emit(name, detail),
        });
        // Where a build tool serves the modules, the folder of this one has no styles as they are.
        const base = `${url.replace(/\/$/, "")}/`;
        setStylesBase(this.shadowRoot, base);
        this.#addStyles(base, this.#app, chat);
    }

    async #addStyles(base, app, chat) {
        try {
            const all = await stylesOf(base);
            if (this.#app === app) {
                this.#useStyles(all);
                chat.hidden = false;
            }
        } catch {
            if (this.#app === app) {
                app.close();
                this.#app = null;
                this.#showProblem(
                    t("The chat at {base} cannot be reached. Trying again…", { base }),
                );
                this.#retry = setTimeout(() => this.#start(), RETRY_MS);
            }
        }
    }

    #useStyles(texts) {
        // Without the first one the size of the page's text would be measured.
        if (this.shadowRoot.adoptedStyleSheets.length === 0) {
            this.shadowRoot.adoptedStyleSheets = [sheetOf(FRAME, 16)];
        }
        const rem = remOf(this.#frame);
        // What the chat has added may have come first.
        const added = this.shadowRoot.adoptedStyleSheets.filter(isAdded);
        this.shadowRoot.adoptedStyleSheets = [
            ...[...texts, FRAME, BUBBLE].map((text) => sheetOf(text, rem)),
            ...added,
        ];
    }

    #showProblem(text) {
        fill(this.#frame, h("div.spacer"), h("div.problem", { role: "alert" }, text));
        this.#emit("error", { message: text, code: null });
    }

    /** Dispatches confab-unread, confab-message or confab-error. */
    #emit(name, detail) {
        if (name === "unread") {
            this.#unread = detail.count;
            this.#drawBubble();
        }
        this.dispatchEvent(new CustomEvent(`confab-${name}`, { detail, bubbles: true }));
    }

    // ---- the bubble ----

    #build() {
        this.#launcher = this.#isBubble
            ? h("button.launcher", {
                  type: "button",
                  onclick: () => {
                      this.open = !this.open;
                  },
              })
            : null;
        fill(
            this.shadowRoot,
            this.#isBubble ? h("div.bubble", this.#frame, this.#launcher) : this.#frame,
        );
        this.#frame.onkeydown = (event) => {
            // A dialog, a menu, or the input closes first.
            const isDone = event.defaultPrevented || event.target.closest("dialog");
            if (event.key === "Escape" && !isDone && this.#isBubble) {
                this.open = false;
                this.#launcher.focus();
            }
        };
        this.#useStyles([]);
    }

    #drawBubble() {
        const isOpen = this.#isBubble && this.open;
        this.#frame.classList.toggle("open", isOpen);
        this.#frame.inert = this.#isBubble && !isOpen;
        if (!this.#launcher) {
            return;
        }
        const count = this.#unread;
        const label = isOpen
            ? t("Close the chat")
            : count > 0
              ? tn(
                    count,
                    "Open the chat, {count} unread message",
                    "Open the chat, {count} unread messages",
                )
              : t("Open the chat");
        this.#launcher.setAttribute("aria-label", label);
        this.#launcher.setAttribute("aria-expanded", String(isOpen));
        fill(
            this.#launcher,
            icon(isOpen ? "close" : "chat"),
            count > 0 && !isOpen && h("span.badge", count > 99 ? "99+" : String(count)),
        );
    }
}

for (const [attribute, name] of Object.entries(PROPERTIES)) {
    Object.defineProperty(ConfabChatElement.prototype, name, {
        configurable: true,
        enumerable: true,
        get() {
            return this.getAttribute(attribute);
        },
        set(value) {
            reflect(this, attribute, value);
        },
    });
}

// Twice if a page loads this script from two addresses: the first one stays.
if (globalThis.customElements && !customElements.get("confab-chat")) {
    customElements.define("confab-chat", ConfabChatElement);
}
