// All tests in a browser, in one process: one system and one Chromium serve them, one after the
// other.

import { after, afterEach, before } from "node:test";

import { world } from "./support/browser.js";

before(() => world.open());
afterEach(() => world.tidy());
after(() => world.close());

import "./browser/accounts.js";
import "./browser/conversation.js";
import "./browser/rooms.js";
import "./browser/connection.js";
import "./browser/access.js";
import "./browser/safety.js";
import "./browser/embed.js";
import "./browser/size.js";
