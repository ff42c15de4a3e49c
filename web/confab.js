/**
 * The client library of confab: an ES module for browsers and Node without dependencies.
 * confab.d.ts describes everything exported here.
 */

export { ChatManager } from "./confab/chat-manager.js";
export { Channel } from "./confab/channels/channel.js";
export { Confab } from "./confab/client.js";
export { Emitter } from "./confab/emitter.js";
export { ConfabError } from "./confab/http.js";
export { NotificationsChannel } from "./confab/channels/notifications-channel.js";
export { Outbox } from "./confab/outbox.js";
export { Profiles } from "./confab/profiles.js";
export { RoomChannel } from "./confab/channels/room-channel.js";
