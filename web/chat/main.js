// The page that is the chat and nothing else.

import { App } from "./app.js";

new App(document.querySelector(".confab"), { page: true });
