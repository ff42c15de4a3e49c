/**
 * Types of confab.js, the client library of confab, and the description of all it has.
 *
 *     import { Confab } from "./confab.js";
 *     const confab = new Confab();                     // of this page's own site
 *     await confab.login("alice", "alice-demo");
 *     const room = confab.openRoom(1);                 // a socket that comes back by itself
 *     room.on("new_message", (event) => show(event.message));
 *     const outgoing = confab.send(1, "Hello!");       // shown at once, sent when it can be
 *     await outgoing.done;
 */

// ---- things, as the API shows them ------------------------------------------------------

/** RFC 3339 in UTC with microseconds: "2024-01-15T10:30:00.123456Z". */
export type Timestamp = string;

export interface UserRef {
    user_id: number;
    username: string;
}

export interface User extends UserRef {
    is_staff: boolean;
    created_at: Timestamp;
}

export type MessageType = "text" | "image" | "file";

export interface Message {
    message_id: number;
    room_id: number;
    sender_id: number;
    sender_username: string;
    /** Empty once the message is deleted. */
    content: string;
    message_type: MessageType;
    reply_to_id: number | null;
    created_at: Timestamp;
    edited_at: Timestamp | null;
    is_deleted: boolean;
    client_id: string | null;
}

/** A room as everybody sees it: so in events. */
export interface EventRoom {
    room_id: number;
    name: string;
    is_private: boolean;
    is_direct: boolean;
    created_by_id: number;
    created_at: Timestamp;
    members_count: number;
    message_count: number;
    last_message: Message | null;
    last_seq: number;
}

/** A room as the caller sees it. */
export interface Room extends EventRoom {
    unread_count: number;
    /** Whether the caller is an admin of it. */
    is_admin: boolean;
}

export interface Membership {
    membership_id: number;
    room_id: number;
    user_id: number;
    is_admin: boolean;
    joined_at: Timestamp;
}

/** A membership as the list of members shows it. */
export interface Member extends Membership {
    username: string;
}

/** A part of a list. `next` and `previous` are for Confab.follow(). */
export interface Page<T> {
    count: number;
    next: string | null;
    previous: string | null;
    results: T[];
}

export interface PageOptions {
    /** At most 200; 50 unless given. */
    limit?: number;
    offset?: number;
}

export interface MessagePageOptions extends PageOptions {
    /** Messages older than this one. Not together with `after`. */
    before?: number;
    /** Messages newer than this one, the next ones to it; 0 is the beginning. */
    after?: number;
}

// ---- events -----------------------------------------------------------------------------

/** What events of a room with a number have in common. */
interface Sequenced {
    room_id: number;
    /** 1, 2, 3, ... in each room, without a hole. */
    seq: number;
}

export interface NewMessageEvent extends Sequenced {
    type: "new_message";
    message: Message;
    sender: string;
    sender_id: number;
}

export interface MessageEditedEvent extends Sequenced {
    type: "message_edited";
    message: Message;
    edited_by: string;
}

export interface MessageDeletedEvent extends Sequenced {
    type: "message_deleted";
    message_id: number;
    deleted_by: string;
}

export interface RoomUpdatedEvent extends Sequenced {
    type: "room_updated";
    room: EventRoom;
    updated_by: string;
}

/** Also for joining; then `invited_by` is the user itself. */
export interface UserInvitedEvent extends Sequenced {
    type: "user_invited";
    user_id: number;
    invited_by: string;
}

/** Also for leaving. */
export interface UserRemovedEvent extends Sequenced {
    type: "user_removed";
    user_id: number;
    removed_by: string;
}

export interface MemberUpdatedEvent extends Sequenced {
    type: "member_updated";
    /** null when the member has left since. */
    membership: Membership | null;
    updated_by: string;
}

/** The events of a room that are numbered and on record. */
export type RoomEvent =
    | NewMessageEvent
    | MessageEditedEvent
    | MessageDeletedEvent
    | RoomUpdatedEvent
    | UserInvitedEvent
    | UserRemovedEvent
    | MemberUpdatedEvent;

export interface TypingEvent {
    type: "typing" | "stop_typing";
    room_id: number;
    user: string;
    user_id: number;
}

export interface PresenceEvent {
    type: "user_joined" | "user_left";
    room_id: number;
    user: string;
    user_id: number;
}

export interface MessageReadEvent {
    type: "message_read";
    room_id: number;
    user_id: number;
    message_id: number;
}

/** The room is gone; the channel closes with 4404 after it. */
export interface RoomDeletedEvent {
    type: "room_deleted";
    room_id: number;
    deleted_by: string;
}

/** The server complains about a frame (`rate_limited`), or says why it lets nobody in. */
export interface ErrorFrame {
    type: "error";
    code: string;
    detail: string;
}

/** What a room's socket says first. */
export interface RoomConnected {
    type: "connected";
    room_id: number;
    user_id: number;
    seq: number;
    online: UserRef[];
}

export interface NotificationsConnected {
    type: "connected";
    user_id: number;
    seq: number;
}

/** Too much was missed to be told: load the room (or the list of rooms) anew by REST. */
export interface Resync {
    type: "resync";
    seq: number;
}

/** A message by somebody else in any of the user's rooms. */
export interface NewMessageNotification {
    type: "new_message_notification";
    room_id: number;
    message: Message;
    sender: string;
}

/** By another device of the same user. */
export interface RoomCreatedEvent {
    type: "room_created";
    seq: number;
    room: EventRoom;
    created_by: string;
}

/** Also for rooms that the user joined, and new direct rooms. */
export interface RoomInvitationEvent {
    type: "room_invitation";
    seq: number;
    room_id: number;
    room_name: string;
    invited_by: string;
}

export interface RoomRemovedEvent {
    type: "room_removed";
    seq: number;
    room_id: number;
    removed_by: string;
}

export interface OwnRoomDeletedEvent {
    type: "room_deleted";
    seq: number;
    room_id: number;
    deleted_by: string;
}

/** What concerns the user alone: numbered in a stream of the user's own. */
export type UserEvent =
    RoomCreatedEvent | RoomInvitationEvent | RoomRemovedEvent | OwnRoomDeletedEvent;

// ---- errors -----------------------------------------------------------------------------

/** The one error that this library's promises are rejected with. */
export class ConfabError extends Error {
    name: "ConfabError";
    /** The HTTP status; 0 when there was no answer (offline, time out, not JSON). */
    readonly status: number;
    /** What is wrong, in words for the user. `message` is the same. */
    readonly detail: string;
    /** Of a 400: the words on each wrong field; empty where no field is to blame. */
    readonly fields: Readonly<Record<string, string[]>>;
    /** Seconds after which to try again (429, 503), null when the server said none. */
    readonly retryAfter: number | null;
    /** The server's X-Request-ID, for its log. */
    readonly requestId: string | null;
    /** The answer's body as it came, null when there was none. */
    readonly body: unknown;
    /** True when the same may well succeed later: no answer, 429, 502, 503, 504, 500. */
    readonly temporary: boolean;
    constructor(
        status: number,
        detail: string,
        more?: {
            fields?: Record<string, string[]>;
            retryAfter?: number | null;
            requestId?: string | null;
            body?: unknown;
            cause?: unknown;
        },
    );
}

// ---- listening --------------------------------------------------------------------------

type Listener<T> = (value: T) => void;

/** Who has events. A listener that throws stops no other; its error is reported as uncaught. */
export class Emitter<Events extends object> {
    /** Calls the listener at each event of that name; what is returned stops it. */
    on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void;
    /** The same for the next event only. */
    once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void;
    off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void;
}

// ---- the client -------------------------------------------------------------------------

/** The part of the Web Storage interface that the outbox uses: localStorage has it. */
export interface StorageLike {
    readonly length: number;
    key(index: number): string | null;
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
}

/** A WebSocket class: a browser's, Node's (22 and later), or that of the package ws. */
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike;

export interface WebSocketLike {
    readonly readyState: number;
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send(data: string): void;
    close(code?: number, reason?: string): void;
}

/** Times in milliseconds, and counts. The defaults are right for nearly all. */
export interface Pace {
    /** First and longest pause before a socket (or a message) is tried again; 500, 30000.
     *  The pause doubles with each failure, and each is taken at random up to its length. */
    backoffMin: number;
    backoffMax: number;
    /** How long a handshake may take until `connected`; 10000. */
    connectTimeout: number;
    /** After so long without a frame a socket is asked with a ping, and given up if nothing
     *  comes for `pongTimeout`; 25000, 10000. */
    pingAfter: number;
    pongTimeout: number;
    /** So many handshakes in a row have to fail before events are polled; 3. */
    socketTries: number;
    /** Shortest and longest time between polls: 1000, 15000. After an event it is the
     *  shortest, then grows. In a hidden page it is the longest. */
    pollMin: number;
    pollMax: number;
    /** While polling, the socket is tried again this often, later more rarely; 10000, 120000. */
    socketRetryMin: number;
    socketRetryMax: number;
    /** How long an HTTP request may take; 30000. */
    requestTimeout: number;
}

export interface ConfabOptions {
    /** The site that has api/ and ws/, such as "https://chat.example" or
     *  "https://example.org/~me/chat". Default: the folder that confab.js was loaded from,
     *  outside of browsers http://localhost:8000. */
    url?: string;
    /** A token that is there already. Turns `auth` to "token". */
    token?: string | null;
    /** How login() and register() get in: by the cookie `sessionid`, or by a token that this
     *  object keeps. Default: "cookie" in a page of the same site, else "token". */
    auth?: "cookie" | "token";
    /** Default: the platform's. */
    fetch?: typeof fetch;
    /** Default: the platform's. null: there are no sockets, all is polled. */
    WebSocket?: WebSocketClass | null;
    /** Where messages wait that are not sent yet. Default: localStorage where there is one;
     *  null: in memory only. */
    storage?: StorageLike | null;
    /** Says `online` and `offline`. Default: the browser's window. */
    window?: EventTarget | null;
    /** Says `visibilitychange`. Default: the browser's document. */
    document?: (EventTarget & { readonly visibilityState?: string }) | null;
    pace?: Partial<Pace>;
}

export interface ConfabEvents {
    /** Somebody logged in (user), or nobody is any more (null). */
    user: User | null;
    /** The server does not know the caller (any more): 401, or a socket closed with 4401.
     *  Show the login; channels and outbox go on after login(). */
    unauthorized: ConfabError;
}

export class Confab extends Emitter<ConfabEvents> {
    constructor(options?: ConfabOptions);

    /** Without a slash at its end. */
    readonly url: string;
    readonly auth: "cookie" | "token";
    /** The token in use, null if none. Keep it where you like, and give it back as an option. */
    token: string | null;
    /** Who it is, as far as known: after me(), login() or register(). */
    readonly user: User | null;
    /** Messages under way. */
    readonly outbox: Outbox;

    // -- accounts --

    /** A new account, logged in at once. */
    register(username: string, password: string): Promise<User>;
    /** Log out first if somebody else is logged in. */
    login(username: string, password: string): Promise<User>;
    /** Ends the session or the token, closes all channels, and throws away what is unsent.
     *  Without a network it does all that on this side, and is rejected. */
    logout(): Promise<void>;
    /** Who the cookie or token belongs to; rejected with status 401 if to nobody. */
    me(): Promise<User>;
    /** All other sessions and tokens of the user are dead afterwards. */
    changePassword(oldPassword: string, newPassword: string): Promise<void>;
    /** Users whose name begins with `search`, by name. */
    users(options?: PageOptions & { search?: string }): Promise<Page<UserRef>>;

    // -- rooms --

    /** The caller's rooms, the latest active first; with `public`, all public ones. */
    rooms(options?: PageOptions & { public?: boolean }): Promise<Page<Room>>;
    room(roomId: number): Promise<Room>;
    createRoom(room: { name: string; is_private?: boolean }): Promise<Room>;
    updateRoom(roomId: number, change: { name?: string; is_private?: boolean }): Promise<Room>;
    deleteRoom(roomId: number): Promise<void>;
    /** The one room with this user alone, made if need be. */
    directRoom(userId: number): Promise<Room>;
    join(roomId: number): Promise<Membership>;
    leave(roomId: number): Promise<void>;
    invite(roomId: number, userId: number): Promise<Membership>;
    removeMember(roomId: number, userId: number): Promise<void>;
    members(roomId: number, options?: PageOptions): Promise<Page<Member>>;
    setAdmin(roomId: number, userId: number, isAdmin: boolean): Promise<Membership>;
    presence(roomId: number): Promise<{ online: UserRef[] }>;
    markRead(
        roomId: number,
        messageId: number,
    ): Promise<{ last_read_message_id: number; unread_count: number }>;

    // -- messages --

    /** Newest first. */
    messages(roomId: number, options?: MessagePageOptions): Promise<Page<Message>>;
    message(roomId: number, messageId: number): Promise<Message>;
    /** One request, nothing queued; see send() for what a person types. */
    postMessage(
        roomId: number,
        message: {
            content: string;
            message_type?: MessageType;
            reply_to_id?: number | null;
            client_id?: string | null;
        },
    ): Promise<Message>;
    editMessage(roomId: number, messageId: number, content: string): Promise<Message>;
    deleteMessage(roomId: number, messageId: number): Promise<void>;
    /** Events after a number, oldest first; rejected with status 410 if they are not kept. */
    events(
        roomId: number,
        options?: { after?: number; limit?: number },
    ): Promise<{ events: RoomEvent[]; last_seq: number }>;

    // -- all else --

    /** The page that `next` or `previous` of a page leads to. */
    follow<T>(link: string): Promise<Page<T>>;
    health(): Promise<{ status: string; [part: string]: unknown }>;
    /** Any path of the API: `request("GET", "/api/chat/rooms/")`. The parsed answer, null
     *  for one without a body. */
    request<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;

    /** Queues a message: it is in the outbox at once, and is sent as soon as the network
     *  allows, each once, in the order of a room. */
    send(
        roomId: number,
        content: string,
        options?: {
            message_type?: MessageType;
            reply_to_id?: number | null;
        },
    ): Outgoing;

    /**
     * Opens a channel to a room. Its events are those after `since`; without it, those from
     * the moment on at which it is connected (`connected`).
     *
     * To show a room without a gap: take `last_seq` of room(), load messages(), and open with
     * `since: last_seq`. A message that came meanwhile is then both in the page and told as an
     * event: know it by its message_id.
     */
    openRoom(roomId: number, options?: { since?: number }): RoomChannel;
    /** Opens the channel of all that concerns the user. */
    openNotifications(options?: { since?: number }): NotificationsChannel;

    /** The network or the application is back: what waits to be tried again is tried now.
     *  In browsers this happens by itself (`online`, `visibilitychange`). */
    wake(): void;
    /** Closes all channels and stops the outbox, which keeps what it has. */
    close(): void;
}

// ---- channels ---------------------------------------------------------------------------

/**
 * connecting: the first try, or one after a loss, is under way;
 * live: by socket; polling: sockets do not get through, events are asked for by HTTP;
 * waiting: for the next try after a loss (`retryAt`); offline: the browser has no network;
 * closed: for good, see `closed`.
 */
export type ChannelState = "connecting" | "live" | "polling" | "waiting" | "offline" | "closed";

/** Why a channel is closed: by close() (1000), or by the server. */
export interface Closed {
    /** 1000: by close(); 4401: not logged in (any more); 4403: may not enter, or was removed;
     *  4404: there is no such room (any more). */
    code: 1000 | 4401 | 4403 | 4404;
    /** In words for the user. */
    detail: string;
}

export interface ChannelEvents {
    state: ChannelState;
    /** It is over; reopen() tries again. After 4401, login() reopens by itself. */
    closed: Closed;
    /** Events were lost for this channel: load by REST what you show, then go on. */
    resync: Resync;
    /** The server complains, as with code "rate_limited". */
    error: ErrorFrame;
}

/** What channels have in common. */
export abstract class Channel<Events extends ChannelEvents> extends Emitter<Events> {
    readonly state: ChannelState;
    /** The number of the last event that was handed on; null until one is known. */
    readonly seq: number | null;
    /** Why it is closed, null while it is not. */
    readonly closed: Closed | null;
    /** While waiting: when the next try begins, as of Date.now(). */
    readonly retryAt: number | null;
    /** No more events come. */
    close(): void;
    /** Opens a closed channel again; goes on after the last event. */
    reopen(): void;
}

export interface RoomChannelEvents extends ChannelEvents {
    /** Whenever a socket is there (again). */
    connected: RoomConnected;
    /** Every numbered event: each once, in order, without a hole but for a `resync`. */
    event: RoomEvent;
    /** All that a socket of the seed's kind would get: numbered or not, but nothing twice. */
    frame:
        | RoomEvent
        | TypingEvent
        | PresenceEvent
        | MessageReadEvent
        | RoomDeletedEvent
        | RoomConnected
        | Resync
        | ErrorFrame;
    new_message: NewMessageEvent;
    message_edited: MessageEditedEvent;
    message_deleted: MessageDeletedEvent;
    room_updated: RoomUpdatedEvent;
    user_invited: UserInvitedEvent;
    user_removed: UserRemovedEvent;
    member_updated: MemberUpdatedEvent;
    typing: TypingEvent;
    stop_typing: TypingEvent;
    user_joined: PresenceEvent;
    user_left: PresenceEvent;
    message_read: MessageReadEvent;
    room_deleted: RoomDeletedEvent;
    /** `online` has changed. */
    presence: UserRef[];
    /** `typists` has changed. */
    typists: UserRef[];
}

export class RoomChannel extends Channel<RoomChannelEvents> {
    readonly roomId: number;
    /** Who is there, oneself included, as last heard of; also by polling. Empty while offline. */
    readonly online: UserRef[];
    /** Who types at the moment; empty while there is no socket. */
    readonly typists: UserRef[];
    /** The user types. To be called at each key: it is said every few seconds only. */
    typing(): void;
    /** The user does not type any more. Sending a message says so by itself. */
    stopTyping(): void;
}

export interface NotificationsChannelEvents extends ChannelEvents {
    connected: NotificationsConnected;
    /** Every numbered event of the user: each once, in order. Not while polling: they are
     *  told when there is a socket again. */
    event: UserEvent;
    frame: UserEvent | NewMessageNotification | NotificationsConnected | Resync | ErrorFrame;
    new_message_notification: NewMessageNotification;
    room_created: RoomCreatedEvent;
    room_invitation: RoomInvitationEvent;
    room_removed: RoomRemovedEvent;
    room_deleted: OwnRoomDeletedEvent;
    /**
     * Read the list of rooms again, since messages may have come unseen: at each (re)connect.
     * While polling it comes with the new list itself (the first 200), when that has changed.
     */
    rooms: Page<Room> | null;
}

export class NotificationsChannel extends Channel<NotificationsChannelEvents> {}

// ---- sending ----------------------------------------------------------------------------

/**
 * queued: waits (for its turn, for the network); sending: a request is under way;
 * sent: `message` is there; failed: refused for good (`error`), see Outbox.retry();
 * discarded: given up.
 */
export type OutgoingState = "queued" | "sending" | "sent" | "failed" | "discarded";

/** A message on its way. Its event `new_message` has the same client_id. */
export interface Outgoing {
    readonly client_id: string;
    readonly room_id: number;
    readonly content: string;
    readonly message_type: MessageType;
    readonly reply_to_id: number | null;
    /** When it was queued, by this machine's clock. */
    readonly created_at: Timestamp;
    readonly state: OutgoingState;
    /** Why the last try failed, null if none did. */
    readonly error: ConfabError | null;
    /** As the server has it, once sent. */
    readonly message: Message | null;
    /** The message once it is sent; rejected when it is refused or discarded. Need not be
     *  looked at: a rejection that nobody handles is no error of the program. retry() makes a
     *  new one. */
    readonly done: Promise<Message>;
}

export interface OutboxEvents {
    /** One was added or has another state. One that is sent or discarded is not listed
     *  any more when this comes. */
    change: Outgoing;
}

/** The messages that are not sent yet. They outlive a reload where there is a storage. */
export class Outbox extends Emitter<OutboxEvents> {
    /** Those queued, sending or failed, in their order; of all rooms, or of one. */
    list(roomId?: number): Outgoing[];
    /** Queues a failed one again, behind the others of its room. */
    retry(clientId: string): void;
    /** Gives one up. If a request is under way it may still arrive. */
    discard(clientId: string): void;
}

// ---- the class of the seed document ----------------------------------------------------------

/** A WebSocket that comes back by itself, and misses nothing meanwhile. */
export interface ChatSocket {
    /** As of a WebSocket: 0 connecting (again), 1 open, 3 closed. */
    readonly readyState: number;
    onopen: ((event: { type: "open" }) => void) | null;
    onmessage: ((event: { type: "message"; data: string }) => void) | null;
    onclose: ((event: { type: "close"; code: number; reason: string }) => void) | null;
    send(data: string): void;
    close(): void;
}

/**
 * A room in one object, with the methods of the seed document. Answers are the parsed bodies,
 * those of errors too: nothing is thrown but a ConfabError without an answer (status 0).
 * Overwrite displayMessage() and its like, in a subclass or on the object.
 */
export class ChatManager {
    constructor(roomId: number, token?: string | null, options?: ConfabOptions);
    roomId: number;
    token: string | null;
    socket: ChatSocket | null;
    /** Of the API: "http://localhost:8000/api/chat". */
    baseUrl: string;
    getRooms(): Promise<Page<Room>>;
    getMessages(limit?: number, offset?: number): Promise<Page<Message>>;
    sendMessage(
        content: string,
        messageType?: MessageType,
        replyToId?: number | null,
    ): Promise<Message>;
    deleteMessage(messageId: number): Promise<boolean>;
    connectWebSocket(): void;
    handleRealtimeEvent(data: any): void;
    startTyping(): void;
    stopTyping(): void;
    displayMessage(message: Message): void;
    showTypingIndicator(user: string): void;
    hideTypingIndicator(user: string): void;
    showUserJoined(user: string): void;
    showUserLeft(user: string): void;
}
