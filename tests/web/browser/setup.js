// The instance and the browser that all tests in a browser share.

import { after, afterEach, before } from "node:test";

import { world } from "../support/browser.js";

before(() => world.open());
afterEach(() => world.closeWindows());
after(() => world.close());
