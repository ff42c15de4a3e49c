// The instance that all tests of the client library share. A test that stops a server of it
// starts it again.

import { after, afterEach, before } from "node:test";

import { closeAll } from "../support/clients.js";
import { Instance } from "../support/instance.js";

export let system;

before(async () => {
    system = await Instance.start({ CONFAB_PRESENCE_GRACE: "1" });
});
afterEach(closeAll);
after(() => system.close());
