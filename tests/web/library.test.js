// All tests of the client library in one process, which share one instance. Each file can also be
// run alone.

import "./library/accounts.js";
import "./library/client.js";
import "./library/profiles.js";
import "./library/site-login.js";
import "./library/sockets.js";
import "./library/one-socket.js";
import "./library/polling.js";
import "./library/outbox.js";
import "./library/uploads.js";
import "./library/network-changes.js";
import "./library/chat-manager.js";
