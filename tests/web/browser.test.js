// Tests of the page in a browser, in one process, which share one instance and one Chromium. Each
// file can also be run alone.

import "./browser/accounts.js";
import "./browser/conversation.js";
import "./browser/reactions.js";
import "./browser/words.js";
import "./browser/devices.js";
import "./browser/failures.js";
import "./browser/files.js";
import "./browser/mentions.js";
import "./browser/rooms.js";
import "./browser/moderation.js";
import "./browser/looks.js";
import "./browser/people.js";
import "./browser/connection.js";
import "./browser/injection.js";
import "./browser/docs.js";
import "./browser/writing.js";
