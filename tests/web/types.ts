/** Uses all of confab.d.ts, as applications would. Compiled by types.test.js, never run. */

import {
    Channel,
    ChatManager,
    Confab,
    ConfabError,
    Emitter,
    NotificationsChannel,
    Outbox,
    Profiles,
    Receipt,
    RoomChannel,
} from "../../web/confab.js";
import type {
    AuditEntry,
    Ban,
    GuestOptions,
    Link,
    LinkOptions,
    LinkRoom,
    BanOptions,
    Block,
    ChannelEvents,
    ChannelState,
    ChatSocket,
    Closed,
    ConfabEvents,
    ConfabOptions,
    ErrorFrame,
    EventMessage,
    EventRoom,
    HeldMessage,
    Known,
    Member,
    Membership,
    Mentions,
    Message,
    MessagePageOptions,
    MessageReaction,
    MessageType,
    PostedType,
    PostPolicy,
    NewMessageEvent,
    News,
    NotificationsChannelEvents,
    NotificationsConnected,
    Outgoing,
    OutgoingState,
    OutboxEvents,
    Export,
    OwnEmail,
    OwnReport,
    Pace,
    OpenRoom,
    Page,
    PageOptions,
    Profile,
    ProfilesEvents,
    Reaction,
    Report,
    ReportReason,
    Resync,
    Role,
    Room,
    RoomChange,
    RoomChannelEvents,
    RoomConnected,
    RoomEvent,
    RoomNews,
    RoomView,
    SearchOptions,
    SearchPage,
    SearchResult,
    SecondFactor,
    Session,
    StorageLike,
    Timestamp,
    User,
    UserEvent,
    TotpSecret,
    UserRef,
    WebSocketClass,
    WebSocketLike,
    SilencedMember,
} from "../../web/confab.js";

import { ConfabChatElement } from "../../web/confab-chat.js";
import type { ConfabChatAttributes, ConfabChatEvents } from "../../web/confab-chat.js";

declare const storage: StorageLike;
declare const SocketClass: WebSocketClass;
declare const socketLike: WebSocketLike;

// ---- options ----

const pace: Partial<Pace> = { backoffMin: 1, pollMax: 2 };
const options: ConfabOptions = {
    url: "https://chat.example",
    token: null,
    auth: "cookie",
    fetch,
    WebSocket: SocketClass,
    storage,
    window,
    document,
    pace,
};
const confab = new Confab(options);
new Confab({ WebSocket, storage: localStorage });
new Confab({ WebSocket: null, storage: null, window: null, document: null });
new Confab({ url: "https://chat.example", tokenUrl: "/chat-token.php", jwt: "a.b.c" });
new Confab({ jwt: async () => ({ jwt: "a.b.c" }) });
// @ts-expect-error: no such kind of authentication
new Confab({ auth: "password" });
// @ts-expect-error: no such option
new Confab({ uri: "https://chat.example" });
socketLike.close(1000);

// ---- accounts ----

export async function accounts(): Promise<void> {
    const user: User = await confab.register("alice", "alice-demo");
    const guest: GuestOptions = { display_name: "Ann", link: "x" };
    await confab.enterAsGuest(guest);
    await confab.login("alice", "alice-demo");
    await confab.changePassword("alice-demo", "battery staple");
    const me: UserRef = await confab.me();
    const since: Timestamp = user.created_at;
    const page: SearchPage = await confab.search("hello", { room: 7, has: "link", limit: 5 });
    const [result]: SearchResult[] = page.results;
    const [[start, end]] = result.matches;
    const rest: SearchOptions = { cursor: page.next ?? undefined, after: since };
    await confab.search(result.content.slice(start, end), rest);
    const found = await confab.users({ search: me.username + since, limit: 5 });
    const users: UserRef[] = found.results;
    const profiles: Profile[] = (await confab.users({ ids: [1, 2] })).results;
    const changed: User = await confab.updateProfile({ display_name: "Alice", avatar_url: null });
    const shown: string = changed.display_name + (changed.avatar_url ?? "");
    const language: string | null = changed.locale;
    const shares: boolean = (await confab.updateProfile({ share_read: false })).share_read;
    // @ts-expect-error: the server decides what is a bot
    await confab.updateProfile({ is_bot: true });
    const signed: User = await confab.loginWithJwt("a.b.c");
    await confab.login("alice", "password", "123456");
    const { is_on, recovery_codes_left }: SecondFactor = await confab.secondFactor();
    const { secret, uri }: TotpSecret = await confab.beginSecondFactor();
    const codes: string[] = await confab.confirmSecondFactor("123456");
    const address: OwnEmail = await confab.email();
    await confab.setEmail(address.email ?? "ann@example.org", "alice-demo");
    await confab.removeEmail();
    await confab.confirmEmail("token");
    await confab.requestPasswordReset("ann@example.org");
    await confab.resetPassword("token", "battery staple");
    const archive: Export = await confab.requestExport();
    const { state, url, expires_at }: Export = await confab.exportState();
    await confab.eraseAccount({ messages: "keep", password: archive.state + state });
    await confab.eraseAccount({ messages: "erase", jwt: (url ?? "") + (expires_at ?? "") });
    await confab.endSecondFactor(codes[0] ?? secret + uri + String(is_on) + recovery_codes_left);
    const sessions: Page<Session> = await confab.sessions({ limit: 5 });
    const kind: "session" | "token" | undefined = sessions.results[0]?.kind;
    await confab.endSession("t12");
    await confab.endOtherSessions();
    const usersCount: number | null = found.count;
    const nothing: void = await confab.logout();
    confab.token = null;
    const known: User | null = confab.user;
    // @ts-expect-error: only the server determines the user
    confab.user = known;
    // @ts-expect-error: a password is missing
    await confab.login("alice");
    // @ts-expect-error: a user in a list has no times
    found.results[0]?.created_at;
    const auth: "cookie" | "token" | "none" = confab.auth;
    console.log(nothing, auth, confab.url, users, usersCount, profiles, shown, language, shares);
    console.log(signed, kind);
}

// ---- profiles ----

export async function profiles(): Promise<void> {
    const { profiles: all }: { profiles: Profiles } = confab;
    const one: Profile | null = all.get(1);
    const some: Map<number, Profile> = await all.load([1, 2, 3]);
    all.on("change", (ids: ProfilesEvents["change"]) => told(ids.length));
    // @ts-expect-error: ids are numbers
    all.get("1");
    told(one?.avatar_url, one?.is_bot, some.size);
}

// ---- rooms ----

export async function rooms(): Promise<void> {
    const list: Page<Room> = await confab.rooms({ public: true, limit: 10, offset: 0 });
    const keyed: Page<Room> = await confab.rooms({ key: "course-17" });
    const key: string | null = keyed.results[0].key;
    const more: Page<Room> = list.next === null ? list : await confab.follow<Room>(list.next);
    const room: Room = await confab.createRoom({ name: "Kitchen", is_private: false });
    await confab.room(room.room_id);
    await confab.updateRoom(room.room_id, { name: "Parlour" });
    const post: Room | null = await confab.roomByKey("post-17");
    const direct: Room = await confab.directRoom(2);
    const joined: Membership = await confab.join(room.room_id);
    await confab.invite(room.room_id, 2);
    await confab.removeMember(room.room_id, 2);
    const page: PageOptions = { limit: 1 };
    const members: Page<Member> = await confab.members(room.room_id, page);
    const changed: Membership = await confab.setAdmin(room.room_id, 2, true);
    const role: Role = (await confab.setRole(room.room_id, 2, "moderator")).role;
    await confab.silence(room.room_id, 2, 5);
    await confab.unsilence(room.room_id, 2);
    const ban: Ban = await confab.ban(room.room_id, 2, { delete_messages: "day", reason: role });
    await confab.unban(room.room_id, ban.user_id);
    const bans: Page<Ban> = await confab.bans(room.room_id, { limit: 10 });
    const roomBans: Page<Ban> = await confab.roomBans({ limit: 10 });
    const silenced: Page<SilencedMember> = await confab.silences(room.room_id, { limit: 10 });
    const allSilenced: Page<SilencedMember> = await confab.roomSilences();
    told(roomBans.count, silenced.count, allSilenced.results[0]?.silenced_by_id);
    const open: OpenRoom[] = (await confab.openRooms({ before: 3 })).results;
    told(open[0]?.last_active_at);
    const siteBan: Ban = await confab.siteBan(room.created_by_id, { reason: "spam" });
    await confab.siteUnban(siteBan.user_id);
    const siteBans: Page<Ban> = await confab.siteBans({ limit: 10 });
    const audit: Page<AuditEntry> = await confab.audit({ after: 1, limit: 10 });
    told(siteBans.count, audit.results[0]?.action);
    const made: LinkOptions = { role: "member", max_uses: 1 };
    const link: Link = await confab.addLink(room.room_id, made);
    const listed: Page<Link> = await confab.links(room.room_id, { limit: 10 });
    const leads: LinkRoom = await confab.link(listed.results[0]?.link ?? link.link);
    const used: Membership = await confab.useLink(link.link);
    await confab.removeLink(used.room_id, link.link_id);
    await confab.updateRoom(room.room_id, { topic: leads.name, history: "joined", is_open: true });
    const policy: PostPolicy = room.post_policy;
    const change: RoomChange = { slow_seconds: bans.count, post_policy: policy };
    const options: BanOptions = { until: null };
    const blocked: Block = await confab.block(2);
    const blocks: Page<Block> = await confab.blocks();
    await confab.unblock(blocks.results[0]?.user_id ?? blocked.user_id);
    const reason: ReportReason = "spam";
    const held: Page<HeldMessage> = await confab.held(room.room_id);
    told((await confab.heldMessages({ limit: 1 })).count);
    const heldId: number = held.results[0]?.held_id ?? 1;
    const through: Message = await confab.approveHeld(room.room_id, heldId);
    await confab.dropHeld(room.room_id, through.message_id);
    const own: OwnReport = await confab.report(room.room_id, 1, { reason });
    const reports: Page<Report> = await confab.reports({ state: own.state });
    await confab.closeReport(reports.results[0]?.report_id ?? 1, "handled");
    await confab.updateRoom(room.room_id, { ...change, topic: String(options.until) });
    const hidden: boolean = (await confab.hideRoom(room.room_id)).is_hidden;
    const view: RoomView = await confab.setRoomView(room.room_id, { notify: "none" });
    await confab.setRoomView(room.room_id, { ...view, muted_until: null, is_favorite: true });
    const kept: Page<Room> = await confab.rooms({ hidden: true });
    // @ts-expect-error: there is no such setting
    await confab.setRoomView(room.room_id, { notify: "some" });
    told(kept.count, room.me.notify, room.unread_mentions);
    const { online }: { online: UserRef[] } = await confab.presence(room.room_id);
    await confab.leave(room.room_id);
    await confab.deleteRoom(room.room_id);
    const last: string | undefined = room.last_message?.content;
    const names: string[] = members.results.map((member) => member.username);
    const name: string = joined.display_name;
    // @ts-expect-error: only the list of members has user names
    joined.username;
    // @ts-expect-error: a room has a name
    await confab.createRoom({ is_private: true });
    // @ts-expect-error: ids are numbers
    await confab.room("1");
    console.log(more, direct, changed, hidden, online, last, names, key, post, name);
}

// ---- messages ----

export async function messages(room: number): Promise<void> {
    const cursor: MessagePageOptions = { before: 7, limit: 20 };
    const page: Page<Message> = await confab.messages(room, cursor);
    const kind: PostedType = "image";
    const shown: MessageType = "system";
    const message: Message = await confab.postMessage(room, {
        content: "Tea?",
        message_type: kind,
        reply_to_id: null,
        client_id: "mine",
    });
    await confab.message(room, message.message_id);
    await confab.editMessage(room, message.message_id, "Coffee?");
    const named: Mentions = message.mentions;
    await confab.editMessage(room, message.message_id, "Coffee?", { mentions: named });
    confab.send(room, "Tea?", { mentions: { all: true } });
    const { results: mentioning } = await confab.mentions({ before: message.message_id });
    const { last_read_message_id: mark } = await confab.markUnread(room, message.message_id);
    await confab.markAllRead();
    told(mentioning[0]?.room_id, mark);
    const [reaction]: MessageReaction[] = await confab.react(room, message.message_id, "👍");
    await confab.unreact(room, message.message_id, reaction!.emoji);
    const reacted: Page<Reaction> = await confab.reactions(room, message.message_id);
    told(reaction!.mine, reacted.results[0]!.username);
    const answers: Page<Message> = await confab.replies(room, message.message_id, { limit: 5 });
    told(answers.results[0]!.reply_to!.excerpt, message.reply_count);
    const pinned: Message = await confab.pin(room, message.message_id);
    await confab.unpin(room, pinned.message_id);
    told((await confab.pins(room)).count);
    await confab.messages(room, { around: message.message_id, limit: 20 });
    await confab.deleteMessage(room, message.message_id);
    const upload = await confab.upload(1, new Blob(["x"]), {
        name: "a.txt",
        width: 1,
        thumbnail: new Blob(),
    });
    upload.on("progress", ({ offset, size }) => told(offset / size));
    upload.on("change", ({ state, error }) => told([state, error?.code]));
    const file = await upload.done;
    upload.cancel();
    upload.retry();
    told([confab.fileUrl(file, { thumbnail: true }), await confab.fileLink(file.file_id)]);
    const kept = await confab.keptUpload(upload.key ?? "none");
    const bytes: Blob = await confab.fileBlob(file, { thumbnail: true });
    const sent = confab.send(1, "", { files: [bytes, ...(kept ? [kept] : [])] });
    told([sent.uploads.map(({ name, thumbnail }) => [name, thumbnail]), await confab.features()]);
    await confab.postMessage(1, { content: "", files: [file.file_id] });
    const { unread_count: unread } = await confab.markRead(room, message.message_id);
    const receipts: Page<Receipt> = await confab.reads(room, { limit: 5 });
    const read: Page<Receipt> = await confab.messageReads(room, message.message_id);
    told(receipts.results[0]?.read_at, read.count);
    const { events, last_seq: last } = await confab.events(room, { after: 0, limit: 5 });
    const { events: own, more } = await confab.ownEvents({ after: 0 });
    told(own[0]?.seq, more);
    const known: Known = { user_seq: 1, rooms: { [room]: last } };
    const news = await confab.sync(known);
    if (!("unchanged" in news)) {
        const [first]: News["rooms"] = news.rooms;
        told(news.database_id, news.user.resync, news.gone, news.more, news.etag);
        told(first && "room" in first ? first.room.bell : (first as RoomNews).unread_count);
    }
    const first: RoomEvent | undefined = events[0];
    const health: { status: string } = await confab.health();
    const any: { detail: string } = await confab.request("GET", "/api/chat/rooms/");
    const unknown: unknown = await confab.request("POST", "/api/chat/rooms/", { name: "x" });
    // @ts-expect-error: no such type of message
    await confab.postMessage(room, { content: "la", message_type: "song" });
    console.log(page, unread, last, first, health, any, unknown, shown);
}

// ---- errors ----

export function explain(error: unknown): string {
    if (!(error instanceof ConfabError)) return "?";
    const { status, detail, code, fields, codes, retryAfter, requestId, body, temporary } = error;
    const words: string[] | undefined = fields.name;
    const seconds: number | null = retryAfter;
    const word: string | undefined = code ?? codes.name?.[0];
    // @ts-expect-error: errors are read-only
    error.status = 200;
    const again: boolean = temporary && status !== 0;
    const more = [word, error.foreign, error.name];
    return [detail, words, seconds, requestId, body, again, ...more].join(" ");
}
new ConfabError(400, "No.", {
    code: "invalid",
    codes: { name: ["invalid"] },
    fields: { name: ["No."] },
    retryAfter: 1,
    cause: new Error(),
});

// ---- channels ----

export function channels(): void {
    const room: RoomChannel = confab.openRoom(1, { since: 7 });
    const stop: () => void = room.on("new_message", (event) => {
        const message: EventMessage = event.message;
        // @ts-expect-error: a field of another event
        event.edited_by;
        console.log(message, event.seq);
    });
    stop();
    room.once("connected", (frame: RoomConnected) => console.log(frame.online));
    room.on("event", (event) => {
        switch (event.type) {
            case "new_message":
                return told(event.message.content);
            case "message_edited":
                return told(event.edited_by);
            case "message_deleted":
                return told(event.deleted_by, event.message_id);
            case "room_updated":
                return told(event.updated_by, event.room.name);
            case "user_invited":
                return told(event.invited_by, event.user_id);
            case "user_removed":
                return told(event.removed_by, event.user_id);
            case "member_updated":
                return told(event.updated_by, event.membership?.is_admin);
            case "reactions_changed":
                return told(event.user, event.reactions[0]?.count);
            case "message_pinned":
                return told(event.pinned_by, event.message.content);
            case "message_unpinned":
                return told(event.unpinned_by, event.message_id);
            case "history_trimmed":
                return told(event.type, event.oldest_message_id ?? 0);
            default:
                return never(event);
        }
    });
    room.on("frame", (frame) => told(frame.type));
    room.on("typing", (event) => told(event.user, event.user_id, event.room_id));
    room.on("message_read", (event) => told(event.user_id, event.message_id));
    room.on("room_deleted", (event) => told(event.deleted_by));
    room.on("presence", (online: UserRef[]) => told(online.length));
    room.on("typists", (typists) => told(typists.length));
    room.on("state", (state: ChannelState) => told(state));
    room.on("closed", (closed: Closed) => told(closed.code, closed.detail));
    room.on("resync", (frame: Resync) => told(frame.seq));
    room.on("error", (frame: ErrorFrame) => told(frame.code, frame.detail));
    // @ts-expect-error: no such event
    room.on("new_mesage", () => {});
    // @ts-expect-error: rooms have no notifications
    room.on("new_message_notification", () => {});
    room.typing();
    room.stopTyping();
    const retry: number | null = room.retryAt;
    told(room.roomId, room.seq, room.state, room.closed?.detail, room.online.length, retry);
    told(room.typists[0]?.username);
    // @ts-expect-error: the state is read-only
    room.state = "live";
    room.close();
    room.reopen();
    const any: Channel<RoomChannelEvents> = room;
    told(any instanceof Emitter);

    const news: NotificationsChannel = confab.openNotifications();
    news.on("rooms", (page) => told(page?.results[0]?.unread_count));
    news.on("new_message_notification", (frame) =>
        told(frame.sender, frame.message.content, frame.is_mention),
    );
    news.on("connected", (frame: NotificationsConnected) => told(frame.user_id));
    news.on("event", (event: UserEvent) => {
        switch (event.type) {
            case "room_created":
                return told(event.created_by, (event.room as EventRoom).name);
            case "room_invitation":
                return told(event.room_name, event.invited_by);
            case "room_removed":
                return told(event.removed_by, event.is_banned, event.banned_until);
            case "room_deleted":
                return told(event.deleted_by);
            case "read_changed":
                return told(event.last_read_message_id, event.unread_count);
            case "preferences_changed":
                return told(event.me.is_hidden);
            case "mentioned":
                return told(event.message_id, event.sender);
            case "report_created":
                return told(event.report_id);
            case "message_held":
                return told(event.held_id);
            case "moderation_changed":
                return told(event.room_id);
            case "silence_changed":
                return told(event.until);
            default:
                return never(event);
        }
    });
    news.on("unread", (one) => told(one.room_id, one.unread_count, one.unread_mentions));
    // @ts-expect-error: typing needs a room
    news.typing();
    const names: (keyof NotificationsChannelEvents)[] = ["room_created", "rooms"];
    const common: (keyof ChannelEvents)[] = ["state", "closed", "resync", "error"];
    told(...names, ...common);
}

function told(...things: unknown[]): void {
    console.log(things);
}

function never(value: never): never {
    throw new Error(value);
}

// ---- sending ----

export async function sending(): Promise<void> {
    const outgoing: Outgoing = confab.send(1, "Hello!", { reply_to_id: 7, message_type: "text" });
    const state: OutgoingState = outgoing.state;
    const message: Message = await outgoing.done;
    const { outbox }: { outbox: Outbox } = confab;
    const waiting: Outgoing[] = [...outbox.list(), ...outbox.list(1)];
    outbox.on("change", (one: OutboxEvents["change"]) => told(one.error?.detail, one.message));
    outbox.retry(outgoing.client_id);
    outbox.discard(outgoing.client_id);
    // @ts-expect-error: the content is read-only
    outgoing.content = "Bye!";
    told(state, message, waiting, outgoing.created_at);
    confab.wake();
    confab.close();
}

const listener = (user: ConfabEvents["user"]): void => told(user?.username);
confab.on("user", listener);
confab.off("user", listener);
confab.on("unauthorized", (error: ConfabError) => told(error.status));

// ---- ChatManager ----

class Shown extends ChatManager {
    override displayMessage(message: EventMessage): void {
        told(message.content);
    }
    override handleRealtimeEvent(data: NewMessageEvent): void {
        super.handleRealtimeEvent(data);
    }
}

export async function manage(): Promise<void> {
    const manager = new Shown(1, "token", { url: "https://chat.example" });
    await manager.getRooms();
    const { results }: Page<Message> = await manager.getMessages(50, 0);
    const sent: Message = await manager.sendMessage("Hello!", "text", null);
    const gone: boolean = await manager.deleteMessage(sent.message_id);
    manager.connectWebSocket();
    manager.startTyping();
    manager.stopTyping();
    const socket: ChatSocket | null = manager.socket;
    if (socket) socket.onmessage = (event) => told(event.data);
    socket?.send("{}");
    socket?.close();
    manager.showTypingIndicator("bob");
    manager.hideTypingIndicator("bob");
    manager.showUserJoined("bob");
    manager.showUserLeft("bob");
    told(results, gone, manager.baseUrl, manager.roomId, manager.token, socket?.readyState);
}

// ---- the element ----

export function element(): ConfabChatAttributes {
    const made: ConfabChatElement = document.createElement("confab-chat");
    made.room = 1;
    made.room = null;
    made.token = "0";
    made.server = null;
    made.roomKey = "post-17";
    made.tokenUrl = "/chat-token.php";
    made.jwt = null;
    made.readonly = true;
    made.mode = "bubble";
    made.open = !made.open;
    made.lang = "de";
    // @ts-expect-error: only the chat counts
    made.unread = 1;
    made.addEventListener("confab-unread", ({ detail }) => console.log(detail.count + 1));
    made.addEventListener("confab-message", ({ detail }) => console.log(detail.message.content));
    made.addEventListener("confab-error", (event: ConfabChatEvents["confab-error"]) =>
        console.log(event.detail.message, event.detail.code),
    );
    made.addEventListener("click", () => {});
    // @ts-expect-error: no such attribute
    const wrong: ConfabChatAttributes = { rooms: 1 };
    const jsx: JSX.IntrinsicElements["confab-chat"] = { room: 1, class: "chat" };
    const keyed: ConfabChatAttributes = { "room-key": "a", "token-url": "/t", readonly: true };
    return { ...wrong, ...jsx, ...keyed };
}
