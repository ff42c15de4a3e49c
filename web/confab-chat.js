/**
 * <confab-chat>: the chat inside of a page of another site.
 *
 *     <script type="module" src="https://chat.example/confab-chat.js"></script>
 *     <confab-chat room="1" token="..."></confab-chat>
 *
 * Attributes: `room`, the one room to show, without it all of the user's; `token`, who the user
 * is, without it a login is shown (a page of the chat's own site knows the user by the cookie);
 * `server`, the address of the chat, when it is not where this script comes from.
 *
 * It is as high as the page makes it, and looks as the page wants by its font, `color-scheme` and
 * the variables --confab-... that chat/base.css begins with. All of it lives in a shadow root:
 * neither do the page's styles reach in, nor these out.
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
        // Unstyled it would flash by.
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
