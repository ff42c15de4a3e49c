/**
 * The <confab-chat> element: the chat inside a page of another site.
 *
 *     <script type="module" src="https://chat.example/confab-chat.js"></script>
 *     <confab-chat room="1" token="..."></confab-chat>
 *
 * Attributes, all optional: `room`, the one room to show, else all of the user's rooms; `token`,
 * the user's token, else the cookie of the chat's own site or a login; `server`, the address of
 * the chat, else the folder of this script.
 *
 * The page sets the height, the font, `color-scheme` and the variables --confab-... (see
 * chat/base.css). A shadow root keeps the styles of page and chat apart.
 */

import { App } from "./chat/app.js";

const HOME = new URL("./", import.meta.url).href;
const STYLES = ["chat/base.css", "chat/chat.css"];

class ConfabChat extends HTMLElement {
    static observedAttributes = ["room", "token", "server"];

    #app = null;

    constructor() {
        super();
        const styles = STYLES.map((path) => {
            const link = document.createElement("link");
            link.rel = "stylesheet";
            link.href = new URL(path, HOME).href;
            return link;
        });
        this.chat = document.createElement("div");
        this.chat.className = "confab";
        // Hidden until the styles are loaded.
        this.chat.hidden = true;
        Promise.all(
            styles.map(
                (link) =>
                    new Promise((done) => {
                        link.onload = done;
                    }),
            ),
        ).then(() => {
            this.chat.hidden = false;
        });
        this.attachShadow({ mode: "open" }).append(...styles, this.chat);
    }

    connectedCallback() {
        const client = { url: this.getAttribute("server") ?? HOME };
        const token = this.getAttribute("token");
        if (token) {
            client.token = token;
        }
        this.#app = new App(this.chat, { room: Number(this.getAttribute("room")) || null, client });
    }

    disconnectedCallback() {
        this.#app?.close();
        this.#app = null;
    }

    attributeChangedCallback(_name, before, after) {
        if (this.#app && before !== after) {
            this.disconnectedCallback();
            this.connectedCallback();
        }
    }
}

customElements.define("confab-chat", ConfabChat);
