/**
 * The client library of confab: an ES module for browsers and for Node, without dependencies.
 * confab.d.ts beside it describes all that is exported here.
 */

export { ChatManager } from "./confab/chat-manager.js";
export { Channel } from "./confab/channel.js";
export { NotificationsChannel, RoomChannel } from "./confab/room-channel.js";
export { Confab } from "./confab/client.js";
export { Emitter } from "./confab/emitter.js";
export { ConfabError } from "./confab/http.js";
export { Outbox } from "./confab/outbox.js";
