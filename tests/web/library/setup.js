// The instance that all tests of the client library share. A test that stops a server of it
// starts it again.

import { after, afterEach, before } from "node:test";

import { closeAll, pair, postMany } from "../support/clients.js";
import { Instance } from "../support/instance.js";

export let system;

before(async () => {
    system = await Instance.start({
        CONFAB_PRESENCE_GRACE: "1",
        CONFAB_GUESTS: "on",
        CONFAB_GUEST_WORK: "6",
    });
});
afterEach(closeAll);
after(() => system.close());

let longRoom = null;

/**
 * A room with more events than the server replays or lists at once, created at first use: two
 * members and its id. Their clients may be closed; use anotherClient().
 */
export function roomWithManyEvents() {
    longRoom ??= pair(system).then(async (members) => {
        await postMany(members.alice, members.room, 1050);
        return members;
    });
    return longRoom;
}
