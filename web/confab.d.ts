/**
 * Types and reference of confab.js, the client library of confab.
 *
 *     import { Confab } from "./confab.js";
 *     const confab = new Confab();                     // for this page's own site
 *     await confab.login("alice", "alice-demo");
 *     const room = confab.openRoom(1);                 // a socket that reconnects by itself
 *     room.on("new_message", (event) => show(event.message));
 *     const outgoing = confab.send(1, "Hello!");       // listed at once, sent when possible
 *     await outgoing.done;
 */

// ---- objects of the API -------------------------------------------------------------------

/** RFC 3339 in UTC with microseconds: "2024-01-15T10:30:00.123456Z". */
export type Timestamp = string;

export interface UserRef {
    user_id: number;
    username: string;
    /** The name to show: the user name, unless the user has another one. */
    display_name: string;
    /** A picture of the user; null: none. */
    avatar_url: string | null;
}

/** A user as others see it. */
export interface Profile extends UserRef {
    is_bot: boolean;
}

export interface User extends Profile {
    /** The language of the user (BCP 47), such as "pt-BR"; null: unknown. */
    locale: string | null;
    /** Whether the user shares read receipts, and sees those of others. */
    share_read: boolean;
    is_staff: boolean;
    /** Whether the user moderates all rooms but direct ones. */
    is_moderator?: boolean;
    /** Whether the user is a guest, without a password. */
    is_guest?: boolean;
    created_at: Timestamp;
    /** The path of the user's own bell; null: there are no bells. */
    bell: string | null;
}

export interface SecondFactor {
    is_on: boolean;
    recovery_codes_left: number;
}

/** The mail address of the current user. */
export interface OwnEmail {
    email: string | null;
    is_confirmed: boolean;
}

/** An archive of the current user's data. */
export interface Export {
    /** none: it was not asked for, or has expired. */
    state: "none" | "waiting" | "ready" | "failed";
    /** When it is ready: where it is, for some minutes. */
    url: string | null;
    expires_at: string | null;
}

/** A proof of the identity of the user, and what becomes of the user's messages. */
export type Erasure = { messages: "keep" | "erase" } & ({ password: string } | { jwt: string });

/** `uri` is the same as an address (otpauth://), for a link or a QR code. */
export interface TotpSecret {
    secret: string;
    uri: string;
}

/** A login session or a token of the current user. */
export interface Session {
    session_id: string;
    /** A login session has a cookie; all others are tokens. */
    kind: "session" | "token";
    created_at: Timestamp;
    last_used_at: Timestamp | null;
    /** Whether this request was made with it. */
    current: boolean;
}

/** "system" only for messages of the site itself. */
export type MessageType = PostedType | "system";

/** What users can post. */
export type PostedType = "text" | "image" | "file";

export interface SearchOptions {
    room?: number;
    /** The sender. */
    from?: number;
    before?: Timestamp;
    after?: Timestamp;
    has?: "file" | "link";
    limit?: number;
    cursor?: string;
}

export type SearchResult = Message & {
    room_name: string;
    /** Where the words are in `content`, in code points: [first, after the last]. */
    matches: [number, number][];
};

export interface SearchPage {
    results: SearchResult[];
    next: string | null;
}

/** Users that a message mentions. */
export interface Mentions {
    /** Members of the room, by name; at most 50. */
    user_ids: number[];
    /** All members of the room. */
    all: boolean;
}

/** One emoji of a message as in events. */
export interface EventReaction {
    emoji: string;
    /** How many users have given it. */
    count: number;
}

/** One emoji of a message. */
export interface MessageReaction extends EventReaction {
    /** Whether the current user has given it. */
    mine: boolean;
}

/** A reaction of a user to a message. */
export interface Reaction {
    emoji: string;
    user_id: number;
    username: string;
    created_at: Timestamp;
}

/** What a reply shows of the message that it answers. */
export interface Quote {
    message_id: number;
    sender_id: number;
    sender_username: string;
    /** The first 140 characters; empty if it is deleted. */
    excerpt: string;
    is_deleted: boolean;
}

interface AnyMessage {
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
    mentions: Mentions;
    /** null if it is not a reply. */
    reply_to: Quote | null;
    /** The number of direct replies, deleted ones included. */
    reply_count: number;
    files: FileInfo[];
}

/** A message as in events: the same for every user. */
export interface EventMessage extends AnyMessage {
    reactions: EventReaction[];
}

export interface Message extends AnyMessage {
    /** The most frequent first, then the oldest. */
    reactions: MessageReaction[];
    /** Whether the current user has blocked its sender. */
    is_blocked?: boolean;
}

/** A file of a message. */
export interface FileInfo {
    file_id: number;
    name: string;
    size: number;
    /** What its bytes say. */
    media_type: string;
    width: number | null;
    height: number | null;
    /** Seconds. */
    duration: number | null;
    has_thumbnail: boolean;
    /** Its path, from where the chat lives. */
    url: string;
    /** Only while there are no bytes. */
    state?: "scanning" | "removed";
}

export interface UploadDetails {
    name?: string;
    media_type?: string;
    width?: number;
    height?: number;
    duration?: number;
    /** A WebP, JPEG or PNG of at most 320 pixels and 48 KiB. */
    thumbnail?: Blob;
    /** The id of an upload to continue. */
    file_id?: number | null;
    /** Keep the file in the browser until its message is sent, or the upload cancelled: see
     *  keptUpload(). */
    keep?: boolean;
}

export interface UploadEvents {
    /** The state has changed. */
    change: Upload;
    /** More bytes have arrived: see `offset`. */
    progress: Upload;
}

/** A file being sent. */
export interface Upload extends Emitter<UploadEvents> {
    readonly room_id: number;
    readonly name: string;
    readonly size: number;
    /** What is sent to the server about it. */
    readonly media_type: string;
    readonly width: number | null;
    readonly height: number | null;
    readonly duration: number | null;
    readonly thumbnail: Blob | null;
    readonly blob: Blob;
    /** By which keptUpload() finds it again; null if it is not kept. */
    readonly key: string | null;
    readonly file_id: number | null;
    /** How many bytes the server has. */
    readonly offset: number;
    readonly state: "sending" | "done" | "failed" | "cancelled";
    readonly error: ConfabError | null;
    readonly file: FileInfo | null;
    /** Resolves to the file; rejected if it fails or is cancelled. */
    readonly done: Promise<FileInfo>;
    /** Stops, and drops what is kept in the browser. */
    cancel(): void;
    /** Goes on after a failure. */
    retry(): void;
}

/** A room as in events: the same for every user. */
export interface EventRoom extends AnyRoom {
    last_message: EventMessage | null;
}

interface AnyRoom {
    room_id: number;
    name: string;
    is_private: boolean;
    is_direct: boolean;
    /** By which the site knows the room; null for rooms of its users. */
    key: string | null;
    created_by_id: number;
    created_at: Timestamp;
    members_count: number;
    message_count: number;
    last_seq: number;
    /** Which members pin messages: the admins, or all members. */
    may_pin: "admins" | "all";
    /** What it is about; may be empty. */
    topic: string;
    /** Which members post: all members; moderators and admins; only the site. */
    post_policy: PostPolicy;
    /** Seconds between two messages of a member; 0: any number. */
    slow_seconds: number;
    /** It can be read only. */
    is_archived: boolean;
    /** false: only moderators and admins see who is in it. */
    members_visible: boolean;
    /** While it is public, all users read it, members or not. */
    is_live: boolean;
    /** "joined": members see only messages since joining. */
    history: "all" | "joined";
    /** What guests may do in it. */
    guests: "none" | "read" | "write";
    /** Days after which messages are deleted; null: as in all rooms of the site. */
    retention_days: number | null;
    /** Anyone may read it, without credentials. */
    is_open: boolean;
}

export type PostPolicy = "members" | "moderators" | "nobody";

/** What a member may do in a room; each may what those before it may. */
export type Role = "reader" | "member" | "moderator" | "admin";

/** What can be changed of a room. */
export type RoomChange = Partial<
    Pick<
        EventRoom,
        | "name"
        | "is_private"
        | "may_pin"
        | "topic"
        | "post_policy"
        | "slow_seconds"
        | "is_archived"
        | "members_visible"
        | "is_live"
        | "history"
        | "guests"
        | "retention_days"
        | "is_open"
    >
>;

/** A link by which users join a room. */
export interface Link {
    link_id: number;
    room_id: number;
    /** The page for it is `join/#` and this text. */
    link: string;
    /** What those may do who join by it. */
    role: Role;
    created_by_id: number;
    created_at: Timestamp;
    /** null: it is good for ever. */
    expires_at: Timestamp | null;
    /** null: any number. */
    max_uses: number | null;
    uses: number;
}

/** A guest, and by what it comes: an invite link, or the key of a room. */
export type GuestOptions = { display_name: string } & (
    { link: string; key?: undefined } | { key: string; link?: undefined }
);

/** A link to be made. */
export interface LinkOptions {
    role: Role;
    expires_at?: Timestamp | null;
    max_uses?: number | null;
}

/** The room of a link, for those who are not in it. */
export interface LinkRoom {
    name: string;
    topic: string;
    members_count: number;
}

/** A room that anyone may read, as in the list of these. */
export interface OpenRoom {
    room_id: number;
    key: string | null;
    name: string;
    topic: string;
    message_count: number;
    members_count: number;
    /** What guests may do in it. */
    guests: "none" | "read" | "write";
    is_private: boolean;
    is_archived: boolean;
    created_at: Timestamp;
    /** The time of its last message, if it has any. */
    last_active_at: Timestamp;
}

/** A member who writes nothing until a time, as moderators see it. */
export interface SilencedMember {
    room_id: number;
    user_id: number;
    username: string;
    /** The moderator who did this; null, like `created_at`: not known. */
    silenced_by_id: number | null;
    created_at: Timestamp | null;
    until: Timestamp;
}

/** A user who is kept out of a room. */
export interface Ban {
    /** null: the whole site. */
    room_id: number | null;
    user_id: number;
    username: string;
    /** null: by an API key. */
    banned_by_id: number | null;
    reason: string | null;
    created_at: Timestamp;
    /** null: for good. */
    until: Timestamp | null;
}

/** A ban to be made. */
export interface BanOptions {
    until?: Timestamp | null;
    /** For moderators. */
    reason?: string | null;
    /** Which of the user's messages are deleted; "none" unless given. */
    delete_messages?: "none" | "day" | "all";
}

/** An action of a moderator, an API key, or the administrator. */
export interface AuditEntry {
    /** 1, 2, 3, ... */
    audit_id: number;
    /** Such as "ban". */
    action: string;
    actor_kind: "user" | "key" | "confabctl";
    /** The number of the user, or of the key. */
    actor_id: number | null;
    /** Whom it concerns. */
    user_id: number | null;
    room_id: number | null;
    /** The message or report. */
    subject_id: number | null;
    reason: string | null;
    created_at: Timestamp;
}

/** A user whom the user has blocked. */
export interface Block {
    user_id: number;
    username: string;
    created_at: Timestamp;
}

export type ReportReason = "spam" | "abuse" | "illegal" | "other";

/** A report as its reporter sees it. */
export interface OwnReport {
    report_id: number;
    room_id: number;
    message_id: number;
    /** null: the word filter. */
    reporter_id: number | null;
    sender_id: number;
    reason: ReportReason;
    note: string | null;
    state: "open" | "handled" | "dismissed";
    created_at: Timestamp;
}

/** A report as moderators see it. */
export interface Report extends OwnReport {
    /** The words of the message when it was reported. */
    content: string;
    handled_by_id: number | null;
    handled_at: Timestamp | null;
    /** As it is now. */
    message: EventMessage | null;
    /** The messages around it, oldest first. */
    neighbours: EventMessage[];
}

/** A message, or an edit of one, that the word filter holds for the moderators. */
export interface HeldMessage {
    held_id: number;
    room_id: number;
    /** The message that it edits; null: a new one. */
    message_id: number | null;
    sender_id: number;
    sender_username: string;
    content: string;
    message_type: MessageType;
    reply_to_id: number | null;
    client_id: string | null;
    file_ids: number[];
    created_at: Timestamp;
}

/** What a user has set for a room. */
export interface RoomView {
    /** The messages that the user is notified of; "default": of all in direct rooms, and elsewhere
     *  of those that the server says. */
    notify: "default" | "all" | "mentions" | "none";
    /** No notifications until then; null, or a time in the past: not muted. */
    muted_until: Timestamp | null;
    /** First in the list of rooms. */
    is_favorite: boolean;
    /** Left out of the list until there is a new message. */
    is_hidden: boolean;
}

/** A room as seen by the current user. */
export interface Room extends AnyRoom {
    last_message: Message | null;
    unread_count: number;
    /** How many of the unread messages mention the user. */
    unread_mentions: number;
    me: RoomView;
    /** Whether the current user is an admin of the room. */
    is_admin: boolean;
    /** The role of the current user, if it is one of these; else see is_admin. */
    role?: "viewer" | "reader" | "moderator";
    /** The path of the room's bell, for members; null: there are no bells. */
    bell: string | null;
}

export interface Membership {
    membership_id: number;
    room_id: number;
    user_id: number;
    display_name: string;
    avatar_url: string | null;
    is_admin: boolean;
    role: Role;
    joined_at: Timestamp;
}

/** A membership in the list of members. */
export interface Member extends Membership {
    username: string;
}

/** How far a member has read. */
export interface Receipt {
    user_id: number;
    /** null: nothing since joining. */
    last_read_message_id: number | null;
    read_at: Timestamp | null;
}

/** One page of a list. Pass `next` and `previous` to Confab.follow(). */
export interface Page<T> {
    count: number;
    next: string | null;
    previous: string | null;
    results: T[];
}

export interface PageOptions {
    /** At most 200; default 50. */
    limit?: number;
    offset?: number;
}

export interface MessagePageOptions extends PageOptions {
    /** Messages older than this one. Excludes `after`. */
    before?: number;
    /** The messages that follow this one; 0 is the beginning. */
    after?: number;
    /** This message with its neighbours. */
    around?: number;
}

// ---- events -----------------------------------------------------------------------------

/** Fields of all numbered events of a room. */
interface Sequenced {
    room_id: number;
    /** 1, 2, 3, ... in each room, without gaps. */
    seq: number;
}

export interface NewMessageEvent extends Sequenced {
    type: "new_message";
    message: EventMessage;
    sender: string;
    sender_id: number;
}

export interface MessageEditedEvent extends Sequenced {
    type: "message_edited";
    message: EventMessage;
    edited_by: string;
}

export interface MessageDeletedEvent extends Sequenced {
    type: "message_deleted";
    message_id: number;
    deleted_by: string;
}

/** A user has reacted to a message, or withdrawn a reaction. */
export interface ReactionsChangedEvent extends Sequenced {
    type: "reactions_changed";
    message_id: number;
    /** All that the message has now. */
    reactions: EventReaction[];
    user: string;
    user_id: number;
}

export interface MessagePinnedEvent extends Sequenced {
    type: "message_pinned";
    message: EventMessage;
    pinned_by: string;
}

/** Also implied by the deletion of a message. */
export interface MessageUnpinnedEvent extends Sequenced {
    type: "message_unpinned";
    message_id: number;
    unpinned_by: string;
}

/** The oldest messages of the room are gone. */
export interface HistoryTrimmedEvent extends Sequenced {
    type: "history_trimmed";
    /** The oldest message that is left; null: there is none. */
    oldest_message_id: number | null;
}

export interface RoomUpdatedEvent extends Sequenced {
    type: "room_updated";
    room: EventRoom;
    updated_by: string;
}

/** Also when a user joins; `invited_by` is then the user. */
export interface UserInvitedEvent extends Sequenced {
    type: "user_invited";
    user_id: number;
    invited_by: string;
}

/** Also when a user leaves. */
export interface UserRemovedEvent extends Sequenced {
    type: "user_removed";
    user_id: number;
    removed_by: string;
}

export interface MemberUpdatedEvent extends Sequenced {
    type: "member_updated";
    /** null if the member has left since. */
    membership: Membership | null;
    updated_by: string;
}

/** The numbered events of a room, which the server stores. */
export type RoomEvent =
    | NewMessageEvent
    | MessageEditedEvent
    | MessageDeletedEvent
    | RoomUpdatedEvent
    | UserInvitedEvent
    | UserRemovedEvent
    | MemberUpdatedEvent
    | ReactionsChangedEvent
    | MessagePinnedEvent
    | MessageUnpinnedEvent
    | HistoryTrimmedEvent;

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

/** In a live or large room another number of users is online. */
export interface OnlineChangedEvent {
    type: "online_changed";
    room_id: number;
    online_count: number;
}

export interface MessageReadEvent {
    type: "message_read";
    room_id: number;
    user_id: number;
    message_id: number;
}

/** The room was deleted; the channel then closes with 4404. */
export interface RoomDeletedEvent {
    type: "room_deleted";
    room_id: number;
    /** null: by the administrator. */
    deleted_by: string | null;
}

/** The server rejects a frame (`rate_limited`) or the connection. */
export interface ErrorFrame {
    type: "error";
    /** If it concerns a room that the notifications socket carries. */
    room_id?: number;
    code: string;
    detail: string;
}

/** The first frame of a room's socket. */
export interface RoomConnected {
    type: "connected";
    room_id: number;
    /** null: of an open room, without credentials. */
    user_id: number | null;
    seq: number;
    online: UserRef[];
    /** In a live or large room, where `online` is empty: how many users are online. */
    online_count?: number;
}

export interface NotificationsConnected {
    type: "connected";
    user_id: number;
    seq: number;
}

/** Too many events were missed: load the room (or the list of rooms) again by REST. */
export interface Resync {
    type: "resync";
    room_id?: number;
    seq: number;
}

/** A message by another user in any of the user's rooms. */
export interface NewMessageNotification {
    type: "new_message_notification";
    room_id: number;
    message: EventMessage;
    sender: string;
    /** Whether it mentions the user. */
    is_mention: boolean;
}

/** The user created a room, on another device. */
export interface RoomCreatedEvent {
    type: "room_created";
    seq: number;
    room_id: number;
    /** null if the room is gone since. */
    room: EventRoom | null;
    created_by: string;
}

/** Also for rooms that the user joined, and new direct rooms. */
export interface RoomInvitationEvent {
    type: "room_invitation";
    seq: number;
    room_id: number;
    /** null if the room is gone since. */
    room_name: string | null;
    invited_by: string;
}

export interface RoomRemovedEvent {
    type: "room_removed";
    seq: number;
    room_id: number;
    removed_by: string;
    /** The user is banned from the room; `banned_until` is null for good. */
    is_banned: boolean;
    banned_until: string | null;
}

export interface OwnRoomDeletedEvent {
    type: "room_deleted";
    seq: number;
    room_id: number;
    /** null: by the administrator. */
    deleted_by: string | null;
}

/** The user has read in a room, perhaps on another device. */
export interface ReadChangedEvent {
    type: "read_changed";
    seq: number;
    room_id: number;
    last_read_message_id: number | null;
    unread_count: number;
}

/** The user has changed what is set for a room, perhaps on another device. */
export interface PreferencesChangedEvent {
    type: "preferences_changed";
    seq: number;
    room_id: number;
    me: RoomView;
}

/** A message names the user; once for each message, in muted rooms, too. */
export interface MentionedEvent {
    type: "mentioned";
    seq: number;
    room_id: number;
    message_id: number;
    sender: string;
}

/** A message was reported in a room that the user moderates; see Confab.reports(). */
export interface ReportCreatedEvent {
    type: "report_created";
    seq: number;
    room_id: number;
    report_id: number;
}

/** The word filter holds a message in a room that the user moderates; see Confab.held(). */
export interface MessageHeldEvent {
    type: "message_held";
    seq: number;
    room_id: number;
    held_id: number;
}

/** In a room that the user moderates another moderator has closed a report, or a held message was
 *  let through or dropped. */
export interface ModerationChangedEvent {
    type: "moderation_changed";
    seq: number;
    room_id: number;
}

/** A moderator has silenced the user in a room, or ended that. */
export interface SilenceChangedEvent {
    type: "silence_changed";
    seq: number;
    room_id: number;
    /** When it ends; null: it has ended. */
    until: string | null;
}

/** Events that concern the user alone, numbered in the user's own stream. */
export type UserEvent =
    | RoomCreatedEvent
    | RoomInvitationEvent
    | RoomRemovedEvent
    | OwnRoomDeletedEvent
    | ReadChangedEvent
    | PreferencesChangedEvent
    | MentionedEvent
    | ReportCreatedEvent
    | MessageHeldEvent
    | ModerationChangedEvent
    | SilenceChangedEvent;

// ---- sync ---------------------------------------------------------------------------------

/** What a client has: the last numbers that it has seen. */
export interface Known {
    database_id?: string | null;
    user_seq?: number | null;
    /** By the id of the room. */
    rooms?: Record<string, number> | null;
    limit?: number | null;
    etag?: string | null;
}

/** What is new in a room that the client has named. */
export interface RoomNews {
    room_id: number;
    events: RoomEvent[];
    last_seq: number;
    unread_count: number;
    unread_mentions: number;
    /** The events are not available: load the room. */
    resync: boolean;
    /** Ask again, from the last event. */
    more: boolean;
}

export interface News {
    database_id: string;
    user: { events: UserEvent[]; last_seq: number; resync: boolean };
    /** Rooms that the client has not named come as a whole. */
    rooms: (RoomNews | { room: Room; last_seq: number })[];
    gone: number[];
    more: boolean;
    etag: string | null;
}

// ---- errors -----------------------------------------------------------------------------

/** The error of all promises that this library rejects. */
export class ConfabError extends Error {
    name: "ConfabError";
    /** The HTTP status; 0 if there was no valid response (offline, timeout, a success that is
     *  not JSON). */
    readonly status: number;
    /** A description for the user; the same as `message`. */
    readonly detail: string;
    /** A stable word: one of docs/errors.md or, where no chat server answered, `unreachable`,
     *  `no_answer`, `not_from_chat`, `page_not_allowed`, `refused_in_front`,
     *  `unavailable_in_front`, `not_logged_in_at_site`, `no_site_token`, `discarded`,
     *  `upload_cancelled`, `file_unreadable`, `file_lost`. null from servers without codes. */
    readonly code: string | null;
    /** For status 400: the errors of each invalid field. */
    readonly fields: Readonly<Record<string, string[]>>;
    /** The codes of these errors, in the same order. */
    readonly codes: Readonly<Record<string, string[]>>;
    /** Seconds to wait before trying again (429, 503); null if the server gave none. */
    readonly retryAfter: number | null;
    /** The server's X-Request-ID, to find the request in its log. */
    readonly requestId: string | null;
    /** The parsed response body, null if there was none. */
    readonly body: unknown;
    /** Whether the response did not come from the chat server, but from a firewall or proxy in
     *  front of it; also true with status 0. */
    readonly foreign: boolean;
    /** Whether trying again later may succeed: no response, 408, 425, 429, and 5xx other than 501
     *  and 505. */
    readonly temporary: boolean;
    constructor(
        status: number,
        detail: string,
        more?: {
            code?: string | null;
            fields?: Record<string, string[]>;
            codes?: Record<string, string[]>;
            retryAfter?: number | null;
            requestId?: string | null;
            body?: unknown;
            foreign?: boolean;
            cause?: unknown;
        },
    );
}

// ---- listeners --------------------------------------------------------------------------

type Listener<T> = (value: T) => void;

/** A source of events. If a listener throws, the others still run; the error stays uncaught. */
export class Emitter<Events extends object> {
    /** Adds a listener; the returned function removes it. */
    on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void;
    /** Adds a listener for the next event only. */
    once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void;
    off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void;
}

// ---- the client -------------------------------------------------------------------------

/** The part of the Web Storage interface that the outbox needs, as in localStorage. */
export interface StorageLike {
    readonly length: number;
    key(index: number): string | null;
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
}

/** A WebSocket class: the browser's, Node's (22 and later), or that of the package ws. */
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

/** Times in milliseconds, and counts. The defaults suit nearly everyone. */
export interface Pace {
    /** Shortest and longest backoff before retrying a socket or a message: 500, 30000. It
     *  doubles with each failure; the actual pause is random between 0 and the backoff. */
    backoffMin: number;
    backoffMax: number;
    /** Timeout of a handshake, until `connected`: 10000. */
    connectTimeout: number;
    /** After this time without a frame, a ping is sent; if nothing arrives within
     *  `pongTimeout`, the socket is closed: 25000, 10000. */
    pingAfter: number;
    pongTimeout: number;
    /** Consecutive failed handshakes before polling starts: 3. */
    socketTries: number;
    /** Shortest and longest pause between polls: 1000, 15000. It is shortest after an event,
     *  then grows; in a hidden page it is the longest. */
    pollMin: number;
    pollMax: number;
    /** After this time the API is asked although no bell has rung. */
    bellTrust: number;
    /** The same if the folder of bells has shown no sign of being written for this time: 720000.
     *  After a request later than `heartbeat` after the last sign there must be another: 15000. */
    heartbeatTrust: number;
    heartbeat: number;
    /** The length of a second of X-Confab-Pace. */
    second: number;
    /** Shortest and longest pause between attempts to leave polling: 10000, 120000. */
    socketRetryMin: number;
    socketRetryMax: number;
    /** Timeout of an HTTP request: 30000. */
    requestTimeout: number;
}

export interface ConfabOptions {
    /** The site with api/ and ws/, such as "https://chat.example" or
     *  "https://example.org/~me/chat". Default: the folder that confab.js was loaded from; if it
     *  is bundled, the page's own site; http://localhost:8000 outside browsers. */
    url?: string;
    /** An existing token. Sets `auth` to "token". */
    token?: string | null;
    /** How login() and register() authenticate: with the session cookie, or with a token
     *  kept in this object. Default: "cookie" in a page of the same site, else "token".
     *  "none": without a login. Such a client reads open rooms: room(), messages(), message(),
     *  events(), files, and openRoom(), which polls where the server lets strangers open no
     *  sockets. It asks for nothing else by itself. */
    auth?: "cookie" | "token" | "none";
    /** A token signed by your own site (JWT), or a function that gives one: the user is logged in
     *  by it at the first request, and whenever the chat's own token has ended or is about to. */
    jwt?:
        string | (() => string | { jwt: string } | null | Promise<string | { jwt: string } | null>);
    /** The address on your own site that answers with such a token, as text or as {"jwt": "..."},
     *  for the user who is logged in there. It is requested with the cookies of your site. */
    tokenUrl?: string;
    /** Default: the platform's. */
    fetch?: typeof fetch;
    /** Default: the platform's. null: no sockets, poll instead. */
    WebSocket?: WebSocketClass | null;
    /** Where unsent messages are stored. Default: localStorage, if available; null: in memory
     *  only. */
    storage?: StorageLike | null;
    /** Source of `online`, `offline`, `pageshow` and `focus`. Default: the browser's window. */
    window?: EventTarget | null;
    /** Source of `visibilitychange` and `resume`. Default: the browser's document. */
    document?: (EventTarget & { readonly visibilityState?: string }) | null;
    pace?: Partial<Pace>;
}

export interface ConfabEvents {
    /** A user has logged in, or (null) is no longer logged in. */
    user: User | null;
    /** The server does not accept the credentials: 401, or a socket closed with 4401.
     *  Show the login; channels and outbox resume after login().
     *
     *  Status 409: another tab has logged in another user, whose cookie all tabs share. Nothing is
     *  sent as that user: channels are closed, unsent messages stay stored for their sender, and
     *  changes are rejected until me() or login() has succeeded. */
    unauthorized: ConfabError;
}

export class Confab extends Emitter<ConfabEvents> {
    constructor(options?: ConfabOptions);

    /** Without a trailing slash. */
    readonly url: string;
    readonly auth: "cookie" | "token" | "none";
    /** The token in use, or null. To keep it, store it and pass it as an option. */
    token: string | null;
    /** The current user, if known: after me(), login() or register(). */
    readonly user: User | null;
    /** Messages being sent. */
    readonly outbox: Outbox;
    /** Names and pictures of users. */
    readonly profiles: Profiles;

    // -- accounts --

    /** Creates an account and logs in. */
    register(username: string, password: string): Promise<User>;
    /** Enters a room as a guest, by an invite link or the room's key. Where the server asks for a
     *  proof of work, it is found here, which may take seconds. */
    enterAsGuest(guest: GuestOptions): Promise<User>;
    /** If another user is logged in, log out first. Rejected with the code `code_required` if the
     *  user has two-factor login: then pass a code as well. */
    login(username: string, password: string, code?: string): Promise<User>;
    /** Ends the session or the token, closes all channels, and discards unsent messages.
     *  If it is rejected, as without a network, the user is still logged in and nothing is lost. */
    logout(): Promise<void>;
    /** The current user; rejected with status 401 without a login. */
    me(): Promise<User>;
    /** Logs in by a token signed by your site (JWT). With the option `jwt` or `tokenUrl` this
     *  happens by itself. */
    loginWithJwt(jwt: string): Promise<User>;
    /** Whether logins of the current user need a code of an authenticator app. */
    secondFactor(): Promise<SecondFactor>;
    /** A new secret for the app; it counts once it is confirmed by a code of the app. */
    beginSecondFactor(): Promise<TotpSecret>;
    /** Turns two-factor login on; returns ten recovery codes, which are shown this once. */
    confirmSecondFactor(code: string): Promise<string[]>;
    endSecondFactor(code: string): Promise<void>;
    email(): Promise<OwnEmail>;
    /** Sends a mail to this address, which is the user's once it is confirmed. */
    setEmail(email: string, password: string): Promise<void>;
    removeEmail(): Promise<void>;
    /** Confirms an address with the token of the mail; no login is needed. */
    confirmEmail(token: string): Promise<void>;
    /** Sends a mail for a new password, if a user has confirmed this address. */
    requestPasswordReset(email: string): Promise<void>;
    /** Sets a new password with the token of the mail, and ends all sessions and tokens. */
    resetPassword(token: string, newPassword: string): Promise<void>;
    /** Asks for an archive of all that the user has written and set. */
    requestExport(): Promise<Export>;
    exportState(): Promise<Export>;
    /** Erases the account; all sessions and tokens end at once. */
    eraseAccount(erasure: Erasure): Promise<void>;
    /** All sessions and tokens of the current user. */
    sessions(options?: PageOptions): Promise<Page<Session>>;
    endSession(sessionId: string): Promise<void>;
    /** Ends all sessions and tokens but the one in use. */
    endOtherSessions(): Promise<void>;
    /** Also ends all other sessions and tokens of the user. */
    changePassword(oldPassword: string, newPassword: string): Promise<void>;
    /** Changes how the user is shown; null removes what was stored. Rejected with status 403 if
     *  profiles come from the site (`profile_edit`). */
    updateProfile(change: {
        display_name?: string | null;
        avatar_url?: string | null;
        locale?: string | null;
        share_read?: boolean;
    }): Promise<User>;
    /** Users of whose names a word begins with `search`, ordered by user name; or those with these
     *  ids, at most 200, in their order: see `profiles`, which remembers them. `count` is null if
     *  there are more than 10,000. */
    users(
        options?:
            | (PageOptions & { search?: string; after?: string; before?: string })
            | { ids: readonly number[] },
    ): Promise<Omit<Page<Profile>, "count"> & { count: number | null }>;

    /**
     * Messages by their words, in the user's rooms, newest first: all words, the last one as a
     * beginning, "phrases", and -excluded ones. Go on with `cursor: next` until it is null; a page
     * may be short.
     */
    search(q: string, options?: SearchOptions): Promise<SearchPage>;

    // -- rooms --

    /** The user's rooms, favourites first, then the most recently active ones; with `hidden`, those
     *  that are hidden; with `public`, all public ones. */
    rooms(
        options?: PageOptions & { public?: boolean; hidden?: boolean; key?: string },
    ): Promise<Page<Room>>;
    /** The room to which a site has given this key; null if there is none that the user may see. */
    roomByKey(key: string): Promise<Room | null>;
    /** The rooms that anyone may read, those created last first; also without credentials. They
     *  are not counted: `before` and `after` are room ids of a page. */
    openRooms(options?: {
        limit?: number;
        before?: number;
        after?: number;
    }): Promise<Omit<Page<OpenRoom>, "count"> & { count: number | null }>;
    room(roomId: number): Promise<Room>;
    createRoom(room: { name: string; is_private?: boolean }): Promise<Room>;
    /** For admins. In an archived room only `is_archived` can be changed. */
    updateRoom(roomId: number, change: RoomChange): Promise<Room>;
    deleteRoom(roomId: number): Promise<void>;
    /** The direct room with this user, created if needed. */
    directRoom(userId: number): Promise<Room>;
    join(roomId: number): Promise<Membership>;
    leave(roomId: number): Promise<void>;
    invite(roomId: number, userId: number): Promise<Membership>;
    removeMember(roomId: number, userId: number): Promise<void>;
    /** Makes a link by which users join; for admins. */
    addLink(roomId: number, link: LinkOptions): Promise<Link>;
    links(roomId: number, options?: PageOptions): Promise<Page<Link>>;
    removeLink(roomId: number, linkId: number): Promise<void>;
    /** What a link leads to. Rejected with status 410 if it is used up or has expired. */
    link(link: string): Promise<LinkRoom>;
    /** Joins the room of a link. */
    useLink(link: string): Promise<Membership>;
    members(roomId: number, options?: PageOptions): Promise<Page<Member>>;
    setAdmin(roomId: number, userId: number, isAdmin: boolean): Promise<Membership>;
    /** Gives a member another role; for admins. */
    setRole(roomId: number, userId: number, role: Role): Promise<Membership>;
    /** Has a member write nothing for some time; for moderators. Resolves to its end. */
    silence(
        roomId: number,
        userId: number,
        minutes: number,
    ): Promise<{ user_id: number; until: Timestamp }>;
    unsilence(roomId: number, userId: number): Promise<void>;
    /** Removes a user, who cannot come back before the ban ends; for moderators. */
    ban(roomId: number, userId: number, options?: BanOptions): Promise<Ban>;
    unban(roomId: number, userId: number): Promise<void>;
    bans(roomId: number, options?: PageOptions): Promise<Page<Ban>>;
    /** The bans of all rooms that the user moderates; of a site moderator all rooms. */
    roomBans(options?: PageOptions): Promise<Page<Ban>>;
    /** Those who are silenced in a room, the first to end first; for moderators. */
    silences(roomId: number, options?: PageOptions): Promise<Page<SilencedMember>>;
    /** The same of all rooms that the user moderates. */
    roomSilences(options?: PageOptions): Promise<Page<SilencedMember>>;
    /** Bans a user from the whole site: all sessions end at once; for site moderators. */
    siteBan(userId: number, options?: BanOptions): Promise<Ban>;
    siteUnban(userId: number): Promise<void>;
    siteBans(options?: PageOptions): Promise<Page<Ban>>;
    /** What moderators and others with rights have done, oldest first; for site moderators. */
    audit(options?: { after?: number; limit?: number }): Promise<Page<AuditEntry>>;
    /** Hides a room from the list until there is a new message in it; false shows it again. */
    hideRoom(roomId: number, isHidden?: boolean): Promise<RoomView>;
    /** Changes what the user has set for a room; fields that are missing stay. */
    setRoomView(roomId: number, change: Partial<RoomView>): Promise<RoomView>;
    presence(roomId: number): Promise<{ online: UserRef[]; online_count?: number }>;
    markRead(
        roomId: number,
        messageId: number,
    ): Promise<{ last_read_message_id: number; unread_count: number }>;
    /** How far the members have read. Rejected with status 403 in rooms of too many members
     *  (`too_many_members`), and for a user who does not share it (`not_shared`). */
    reads(roomId: number, options?: PageOptions): Promise<Page<Receipt>>;
    /** The same, of those who have read a message. */
    messageReads(roomId: number, messageId: number, options?: PageOptions): Promise<Page<Receipt>>;
    /** Moves the read mark back to before a message; never forwards. */
    markUnread(
        roomId: number,
        messageId: number,
    ): Promise<{ last_read_message_id: number | null; unread_count: number }>;
    /** All rooms are read. */
    markAllRead(): Promise<void>;

    // -- messages --

    /** Messages of all rooms that mention the user, newest first; `count` is null. */
    mentions(options?: {
        limit?: number;
        before?: number;
        after?: number;
    }): Promise<Omit<Page<Message>, "count"> & { count: number | null }>;
    /** Newest first. */
    messages(roomId: number, options?: MessagePageOptions): Promise<Page<Message>>;
    message(roomId: number, messageId: number): Promise<Message>;
    /** Makes one request without queueing; see send() for messages typed by a user. A message that
     *  the word filter holds resolves to a HeldMessage: check for `held_id` where there is one. */
    postMessage(
        roomId: number,
        message: {
            /** May be empty if there are files. */
            content: string;
            message_type?: PostedType;
            reply_to_id?: number | null;
            client_id?: string | null;
            /** At most 10 ids of one's own finished files of the room. */
            files?: number[] | null;
            mentions?: Partial<Mentions> | null;
        },
    ): Promise<Message>;
    /** Without `mentions` they stay. May be held, as a post. */
    editMessage(
        roomId: number,
        messageId: number,
        content: string,
        change?: { mentions?: Partial<Mentions> },
    ): Promise<Message>;
    deleteMessage(roomId: number, messageId: number): Promise<void>;
    /** Messages that the word filter holds: for moderators all, for others their own. */
    held(roomId: number, options?: PageOptions): Promise<Page<HeldMessage>>;
    /** The same of all rooms that the user moderates. */
    heldMessages(options?: PageOptions): Promise<Page<HeldMessage>>;
    /** Posts a held message in the name of its sender, or makes the edit. */
    approveHeld(roomId: number, heldId: number): Promise<Message>;
    /** Drops a held message; its sender withdraws it. */
    dropHeld(roomId: number, heldId: number): Promise<void>;
    /** The users whom the user has blocked. */
    blocks(options?: PageOptions): Promise<Page<Block>>;
    /** Takes no direct messages, invitations and mentions from a user any more. */
    block(userId: number): Promise<Block>;
    unblock(userId: number): Promise<void>;
    /** Reports a message to the moderators of the room; once for each message. */
    report(
        roomId: number,
        messageId: number,
        report: { reason: ReportReason; note?: string | null },
    ): Promise<OwnReport>;
    /** The reports of rooms that the user moderates, the latest first. */
    reports(options?: PageOptions & { state?: OwnReport["state"] }): Promise<Page<Report>>;
    closeReport(reportId: number, state: "handled" | "dismissed"): Promise<Report>;

    /** Sends a file in parts; `files` of postMessage() takes its `file_id` once it is done. */
    upload(roomId: number, blob: Blob, details?: UploadDetails): Promise<Upload>;
    /** Goes on with an upload that is kept in this browser, as after a reload; null if there is
     *  none with this key any longer. */
    keptUpload(key: string): Promise<Upload | null>;
    /** The bytes of a file or its thumbnail. */
    fileBlob(file: FileInfo, options?: { thumbnail?: boolean }): Promise<Blob>;
    /** The address of a file or its thumbnail, for pages that share the chat's cookie. */
    fileUrl(file: FileInfo, options?: { thumbnail?: boolean }): string;
    /** An address of a file that needs no credentials until `expires_at`. */
    fileLink(fileId: number): Promise<{ url: string; expires_at: Timestamp }>;
    /** Reacts to a message with an emoji. Resolves to all reactions to it. */
    react(roomId: number, messageId: number, emoji: string): Promise<MessageReaction[]>;
    /** Takes a reaction back. Resolves to all reactions to the message. */
    unreact(roomId: number, messageId: number, emoji: string): Promise<MessageReaction[]>;
    /** The direct replies to a message, oldest first. */
    replies(roomId: number, messageId: number, options?: PageOptions): Promise<Page<Message>>;
    /** The reactions to a message, oldest first. */
    reactions(roomId: number, messageId: number, options?: PageOptions): Promise<Page<Reaction>>;
    /** Events after a number, oldest first; rejected with status 410 if they are not kept. */
    events(
        roomId: number,
        options?: { after?: number; limit?: number },
    ): Promise<{ events: RoomEvent[]; last_seq: number; more?: boolean }>;

    /** Events of the user's own stream. */
    ownEvents(options?: {
        after?: number;
        limit?: number;
    }): Promise<{ events: UserEvent[]; last_seq: number; more?: boolean }>;
    /** The pinned messages, the one pinned last first. */
    pins(roomId: number, options?: PageOptions): Promise<Page<Message>>;
    /** Pins a message; for admins, or all members (`may_pin`). */
    pin(roomId: number, messageId: number): Promise<Message>;
    unpin(roomId: number, messageId: number): Promise<void>;
    /** All that is new since the numbers given. The channels do this by themselves. */
    sync(known?: Known): Promise<News | { unchanged: true }>;

    // -- everything else --

    /** The page that `next` or `previous` of a page points to. */
    follow<T>(link: string): Promise<Page<T>>;
    health(): Promise<{ status: string; [part: string]: unknown }>;
    /** What the server offers, such as "files": see docs/api-notes.md. Asked for once. */
    features(): Promise<string[]>;
    /** Requests any path of the API: `request("GET", "/api/chat/rooms/")`. Resolves to the
     *  parsed body, null if there is none. */
    request<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;

    /** Queues a message. It is listed in the outbox at once and sent as soon as the network
     *  allows: once, and in the order of its room. One with files is sent once they are; those
     *  after it do not wait. Blobs are uploaded, and kept in the browser until the message is
     *  sent. */
    send(
        roomId: number,
        content: string,
        options?: {
            message_type?: PostedType;
            reply_to_id?: number | null;
            mentions?: Partial<Mentions>;
            /** At most 10. */
            files?: (Blob | Upload)[];
        },
    ): Outgoing;

    /**
     * Opens a channel to a room. It delivers the events after `since`, or without it, the
     * events from the moment of connection (`connected`) on.
     *
     * To show a room without a gap: take `last_seq` of room(), load messages(), and open with
     * `since: last_seq`. A message that arrives in between is both loaded and delivered as an
     * event: compare the message_id.
     */
    openRoom(roomId: number, options?: { since?: number }): RoomChannel;
    /** Opens the channel of everything that concerns the user. While it is open, the channels of
     *  rooms that are opened after it share its socket, if the server is able to do that. */
    openNotifications(options?: { since?: number }): NotificationsChannel;

    /** Call it when the network or the application is back: pending retries happen now.
     *  Browsers trigger it themselves (`online`, `visibilitychange`, `pageshow` and others). */
    wake(): void;
    /** Closes all channels and stops the outbox; unsent messages stay stored. Opening a channel or
     *  sending a message starts the client again. */
    close(): void;
}

// ---- channels ---------------------------------------------------------------------------

/**
 * connecting: a first or repeated attempt is under way; live: connected by a socket;
 * polling: sockets fail, events are requested by HTTP;
 * waiting: for the next attempt (`retryAt`); offline: the browser has no network;
 * closed: permanently, see `closed`.
 */
export type ChannelState = "connecting" | "live" | "polling" | "waiting" | "offline" | "closed";

/** Why a channel is closed: by close(), or by the server. */
export interface Closed {
    /** 1000: by close(); 4401: not logged in; 4403: not allowed in the room, or removed;
     *  4404: the room does not exist. */
    code: 1000 | 4401 | 4403 | 4404;
    /** A description for the user. */
    detail: string;
    /** The code of the error, if the server has named one, such as "banned". */
    reason: string | null;
}

export interface ChannelEvents {
    state: ChannelState;
    /** The channel is closed; reopen() tries again. After 4401, login() reopens it. */
    closed: Closed;
    /** Events were missed: load what you show again by REST, then continue. */
    resync: Resync;
    /** The server reports an error, such as code "rate_limited". */
    error: ErrorFrame;
}

/** The common part of all channels. */
export abstract class Channel<Events extends ChannelEvents> extends Emitter<Events> {
    readonly state: ChannelState;
    /** The number of the last event delivered; null until one is known. */
    readonly seq: number | null;
    /** Why the channel is closed, null while it is open. */
    readonly closed: Closed | null;
    /** While waiting: the time of the next attempt, as of Date.now(). */
    readonly retryAt: number | null;
    /** Closes the channel; no more events are delivered. */
    close(): void;
    /** Opens a closed channel again, continuing after the last event. */
    reopen(): void;
}

export interface RoomChannelEvents extends ChannelEvents {
    /** On each connection of a socket, the first and later ones. */
    connected: RoomConnected;
    /** Every numbered event: once, in order, without gaps except after a `resync`. */
    event: RoomEvent;
    /** Every frame, numbered or not, without repetitions. */
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
    reactions_changed: ReactionsChangedEvent;
    message_pinned: MessagePinnedEvent;
    message_unpinned: MessageUnpinnedEvent;
    history_trimmed: HistoryTrimmedEvent;
    typing: TypingEvent;
    stop_typing: TypingEvent;
    user_joined: PresenceEvent;
    user_left: PresenceEvent;
    online_changed: OnlineChangedEvent;
    message_read: MessageReadEvent;
    room_deleted: RoomDeletedEvent;
    /** `online` or `onlineCount` has changed. */
    presence: UserRef[];
    /** `typists` has changed. */
    typists: UserRef[];
}

export class RoomChannel extends Channel<RoomChannelEvents> {
    readonly roomId: number;
    /** The users online, including this one, as last known; also while polling. Empty while
     *  offline. */
    readonly online: UserRef[];
    /** How many users are online. In a live or large room that is all that is known. */
    readonly onlineCount: number;
    /** The users typing now; empty while there is no socket. */
    readonly typists: UserRef[];
    /** The user types. Call it for each key; it sends a frame every few seconds only. */
    typing(): void;
    /** The user has stopped typing. Sending a message implies it. */
    stopTyping(): void;
}

export interface NotificationsChannelEvents extends ChannelEvents {
    connected: NotificationsConnected;
    /** Every numbered event of the user: once, in order. While polling they are delayed until
     *  there is a socket again. */
    event: UserEvent;
    frame: UserEvent | NewMessageNotification | NotificationsConnected | Resync | ErrorFrame;
    new_message_notification: NewMessageNotification;
    room_created: RoomCreatedEvent;
    room_invitation: RoomInvitationEvent;
    room_removed: RoomRemovedEvent;
    room_deleted: OwnRoomDeletedEvent;
    read_changed: ReadChangedEvent;
    preferences_changed: PreferencesChangedEvent;
    mentioned: MentionedEvent;
    report_created: ReportCreatedEvent;
    message_held: MessageHeldEvent;
    moderation_changed: ModerationChangedEvent;
    silence_changed: SilenceChangedEvent;
    /**
     * The list of rooms may have changed unnoticed: the value is the list itself, or null: load it
     * again. Emitted after the first connection, and after those since which something was missed.
     */
    rooms: Page<Room> | null;
    /** While polling: the number of unread messages of a room, after its new events. */
    unread: { room_id: number; unread_count: number; unread_mentions: number };
}

export class NotificationsChannel extends Channel<NotificationsChannelEvents> {}

// ---- profiles ---------------------------------------------------------------------------

export interface ProfilesEvents {
    /** The profiles of these users are known now, or have changed. */
    change: number[];
}

/**
 * Names and pictures of users. Messages and events name users by id and user name only, so that a
 * new name shows everywhere. Requests are made together, and remembered for a minute.
 */
export class Profiles extends Emitter<ProfilesEvents> {
    /** The profile as last known, null if it is not. It is requested if it is older than a minute;
     *  `change` tells when it is there. */
    get(userId: number): Profile | null;
    /** The profiles of these users by id, without those that do not exist. */
    load(userIds: Iterable<number>): Promise<Map<number, Profile>>;
}

// ---- sending ----------------------------------------------------------------------------

/**
 * queued: waiting for its turn or the network; sending: a request is under way;
 * sent: see `message`; failed: refused (`error`), see Outbox.retry(); discarded: given up.
 */
export type OutgoingState = "queued" | "sending" | "sent" | "failed" | "discarded";

/** A message being sent. Its event `new_message` has the same client_id. */
export interface Outgoing {
    readonly client_id: string;
    readonly room_id: number;
    readonly content: string;
    readonly message_type: MessageType;
    readonly reply_to_id: number | null;
    readonly mentions?: Partial<Mentions>;
    /** Its files being sent; empty until those of an earlier visit are found. */
    readonly uploads: readonly Upload[];
    /** When it was queued, by the local clock. */
    readonly created_at: Timestamp;
    readonly state: OutgoingState;
    /** Why the last attempt failed, null if none has. */
    readonly error: ConfabError | null;
    /** The message as the server has it, once sent. */
    readonly message: Message | null;
    /** Resolves to the sent message; rejected if it is refused or discarded. It may be ignored:
     *  no unhandled rejection is reported. retry() replaces it by a new promise. */
    readonly done: Promise<Message>;
}

export interface OutboxEvents {
    /** A message was added or has changed its state. Sent and discarded ones are removed from
     *  the list before. */
    change: Outgoing;
}

/** The messages not sent yet. With a storage they survive a reload. */
export class Outbox extends Emitter<OutboxEvents> {
    /** The messages queued, sending or failed, in order; of all rooms, or of one. */
    list(roomId?: number): Outgoing[];
    /** Queues a failed message again, after the others of its room. */
    retry(clientId: string): void;
    /** Gives a message up. A request under way may still deliver it. With `keepFiles` its files
     *  are not cancelled: its `uploads` can be those of another message. */
    discard(clientId: string, options?: { keepFiles?: boolean }): void;
}

// ---- ChatManager ---------------------------------------------------------------------------

/** A WebSocket that reconnects by itself without missing events. */
export interface ChatSocket {
    /** As of a WebSocket: 0 connecting, 1 open, 3 closed. */
    readonly readyState: number;
    onopen: ((event: { type: "open" }) => void) | null;
    onmessage: ((event: { type: "message"; data: string }) => void) | null;
    onclose: ((event: { type: "close"; code: number; reason: string }) => void) | null;
    send(data: string): void;
    close(): void;
}

/**
 * One room in one object. Methods resolve to the parsed body, also of an error; they are
 * rejected only if there is no response (a ConfabError with status 0).
 * Override displayMessage() and the like in a subclass or on the object.
 */
export class ChatManager {
    constructor(roomId: number, token?: string | null, options?: ConfabOptions);
    roomId: number;
    token: string | null;
    socket: ChatSocket | null;
    /** The URL of the API: "http://localhost:8000/api/chat". */
    baseUrl: string;
    getRooms(): Promise<Page<Room>>;
    getMessages(limit?: number, offset?: number): Promise<Page<Message>>;
    sendMessage(
        content: string,
        messageType?: PostedType,
        replyToId?: number | null,
    ): Promise<Message>;
    deleteMessage(messageId: number): Promise<boolean>;
    connectWebSocket(): void;
    handleRealtimeEvent(data: any): void;
    startTyping(): void;
    stopTyping(): void;
    displayMessage(message: EventMessage): void;
    showTypingIndicator(user: string): void;
    hideTypingIndicator(user: string): void;
    showUserJoined(user: string): void;
    showUserLeft(user: string): void;
}
