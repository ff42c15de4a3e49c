// Entry point of index.html: the whole page is the chat.

import { App } from "./app.js";

new App(document.querySelector(".confab"), { page: true });
