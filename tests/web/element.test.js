// Tests of the element, of looks and of speed in a browser; see browser.test.js.

import "./browser/accessibility.js";
import "./browser/keyboard.js";
import "./browser/layout.js";
import "./browser/embed.js";
import "./browser/element.js";
import "./browser/site-users.js";
import "./browser/old-browsers.js";
import "./browser/performance.js";
