// One open room: puts together its header, its messages, the input and the panel of details, and
// passes on what happens in the room and what the user does.

import { ShownState } from "../shown-state.js";
import { h, mainTag, oncePerFrame } from "../ui/dom.js";
import { listOfNames, watchDay } from "../ui/format.js";
import { t } from "../words.js";
import { Composer } from "./composer.js";
import { connectionText } from "./connection-text.js";
import { Header } from "./header.js";
import { messageSource } from "../timeline/message-source.js";
import { MessageTools } from "../timeline/message-tools.js";
import { loadFileView, prepareToShow } from "../timeline/message.js";
import { PendingMessages } from "../timeline/pending-messages.js";
import { ReadMark } from "./read-mark.js";
import { Reads } from "./reads.js";
import { Timeline } from "../timeline/timeline.js";

/** From this number of members on, nothing is requested when one comes or goes: all would do it. */
const CROWD = 500;
/** The lines about members are read after the messages. */
const CHANGES_DELAY_MS = 250;
/** In place of a user. */
const STRANGER = { user_id: 0, username: "" };

/**
 * `draft` is one of Drafts, `place` one of Timeline, or null. `readOnly`: nothing can be written;
 * `isShown()`: whether the user can see it. Calls `on.back()` for the way back to the rooms,
 * `on.removed(text)` when the user is no longer in the room, or `on.excluded(text)` if the list of
 * rooms may know why, `on.outsider()` if the user never was, `on.banned(name)` in each of these
 * cases if the user is banned from it, `on.message(message)` for each new message,
 * `on.messageChanged(id, change)`, `on.roomChanged(room)`, `on.read(messageId)` when the newest
 * message was seen, `on.draft(draft)`, `on.done(text)` to say that something was done,
 * `on.moderation()`, and `on.failed(error)`. `on.logout` and `on.keepAccount` are null unless the
 * header offers them, `on.direct(userId)`, which opens a direct room, `on.menu()`, a promise of the
 * items of the room's menu, `on.unread(messageId)` and `on.markRead(messageId)` are where there is
 * more than this room. `on.join()` makes the user a member, and returns a promise.
 *
 * `visit` is null for users. Strangers, who only read, see that element in place of the input;
 * only what an open room shows without credentials is requested.
 */
export class Conversation {
    constructor({ root, confab, people, room, readOnly, isShown, draft, place, on, visit = null }) {
        Object.assign(this, { root, confab, people, room, isShown, on, visit });
        this.readOnly = readOnly || visit !== null;
        this.details = null;
        // Until it is known, they are taken; one that is not says so.
        this.takesFiles = !this.readOnly;
        this.self = confab.user ?? STRANGER;
        this.reads = new Reads(
            async () => (await confab.reads(room.room_id)).results,
            () => this.drawStatus(),
            () => this.channel.state === "polling",
        );
        this.wasLive = false;
        this.memberChanges = 0;
        this.takesReactions = true;
        this.#build(draft);
        this.channel = confab.openRoom(room.room_id, { since: room.last_seq });
        this.#listen();
        this.pending = new PendingMessages({
            confab,
            room,
            people,
            timeline: this.timeline,
            isConnected: () => ["live", "polling"].includes(this.shown.value),
            drawn: this.drawStatus,
            refused: (error) => this.#followRules(error),
            takenBack: (outgoing) => this.composer.takeBack(outgoing),
            failed: (error) => this.on.failed(error),
        });
        this.stopWatchingDay = watchDay(() => this.timeline.drawDays());
        this.timeline.open(room.unread_count, place);
        this.#drawHeader();
        this.#followRules();
        this.changesTimer = setTimeout(() => {
            this.#showChanges();
            this.#useFeatures();
        }, CHANGES_DELAY_MS);
    }

    /** Without the credentials of a user. */
    get isStranger() {
        return this.visit !== null;
    }

    #build(draft) {
        const { room } = this;
        this.drawStatus = oncePerFrame(() => this.#drawStatus());
        this.readMark = new ReadMark(this);
        this.timeline = new Timeline({
            source: messageSource(this.confab, room.room_id, this.root),
            self: this.self.user_id,
            people: this.people,
            roomName: this.people.roomName(room),
            on: {
                seen: () => this.readMark.seen(),
                shown: (messages) => this.pending?.arrived(messages),
                changed: (id) => {
                    this.composer.messageChanged(id);
                    this.pending.drawSoon();
                },
                day: (time) => this.#openDates(new Date(time)),
                active: (message, article) => this.tools.show(message, article),
                left: () => this.tools.leave(),
                escaped: () => this.composer.focus(),
                entered: (message, article) => this.tools.enter(message, article),
                answers: (messageId) => this.isStranger || this.actOn("openAnswers", messageId),
                reactors: (message, buttons) =>
                    this.isStranger || this.#nameReactors(message, buttons),
                reacted: (message, emoji) =>
                    this.readOnly || this.isViewer || this.actOn("react", message, emoji),
                pressed: (message) => this.tools.showSheet(message),
                refused: (error) => this.#refused(error.code),
            },
        });
        this.composer = new Composer(this.people.roomName(room), draft, {
            name: (message) => this.people.name(message.sender_id, message.sender_username),
            send: (...message) => this.#send(...message),
            edit: (...edit) => this.#edit(...edit),
            nameOf: (id) => this.people.name(id),
            members: () => this.#members(),
            find: (id) => this.timeline.repliedTo(id),
            typing: () => this.channel.typing(),
            stopped: () => this.channel.stopTyping(),
            changed: (changed) => this.on.draft(changed),
            lastOwn: () => this.timeline.lastOwn(),
        });
        this.readers = h("span");
        this.composer.under.append(this.readers);
        this.header = new Header(this);
        this.connection = h("div.connection", { role: "status", hidden: true });
        this.tools = new MessageTools(this);
        // Until the rules are there.
        this.composer.element.hidden = this.isViewer;
        this.element = h(
            `${mainTag(this.root)}.conversation`,
            { "data-room": room.room_id },
            this.header.element,
            this.timeline.element,
            this.connection,
            this.visit ?? (this.readOnly ? null : this.composer.element),
        );
        this.element.classList.toggle("visited", this.isStranger);
    }

    /** Whether the user reads the room without being in it: nothing is written then. */
    get isViewer() {
        return this.isStranger || this.room.role === "viewer";
    }

    /** Makes a viewer a member. */
    async join() {
        await this.on.join();
        await this.#membersChanged();
        this.composer.focus();
    }

    close() {
        this.readMark.close();
        clearTimeout(this.changesTimer);
        this.reads.close();
        this.rules?.close();
        this.drawStatus.cancel();
        this.timeline.close();
        this.pending.close();
        this.channel.close();
        this.details?.element.remove();
        this.element.remove();
        this.stopWatchingDay();
    }

    // ---- events of the room's channel ----

    #listen() {
        const { channel } = this;
        channel.on("new_message", ({ message }) => {
            this.reads.read(message.sender_id, message.message_id);
            this.readMark.arrived(message);
            if (message.reply_to_id) {
                this.timeline.answered(message.reply_to_id, message.message_id);
            }
            this.#addMessage(message);
            if (message.sender_id === this.self.user_id) {
                this.rules?.posted();
            }
            this.on.message(message);
            this.drawStatus();
        });
        channel.on("message_edited", ({ message }) => {
            // These are counted and marked here.
            const { reactions, reply_count: count, ...change } = message;
            this.timeline.change(change);
            this.on.messageChanged(message.message_id, change);
        });
        channel.on("reactions_changed", ({ message_id: id, reactions, user_id: by }) => {
            this.timeline.react(id, reactions);
            // Perhaps on another device: only the server knows which ones are the user's.
            if (by === this.self.user_id && !this.reacting) {
                this.actOn("refresh", id);
            }
        });
        channel.on("message_deleted", ({ message_id: id }) => {
            this.timeline.remove(id);
            this.on.messageChanged(id, { is_deleted: true, content: "" });
        });
        channel.on("history_trimmed", ({ oldest_message_id: oldest }) =>
            this.timeline.trimmed(oldest),
        );
        channel.on("message_read", (event) => {
            this.reads.read(event.user_id, event.message_id);
            this.drawStatus();
        });
        channel.on("room_updated", (event) => {
            this.#showChange(event);
            this.#roomChanged(event.room);
        });
        ["user_invited", "user_removed", "member_updated"].forEach((type) =>
            channel.on(type, (event) => this.#membershipChanged(event)),
        );
        channel.on("message_pinned", (event) => {
            this.tools.pins?.set(event.message.message_id, true);
            this.#showChange(event);
        });
        channel.on("message_unpinned", ({ message_id: id }) => this.tools.pins?.set(id, false));
        channel.on("presence", () => {
            this.#drawHeader();
            this.details?.draw();
        });
        channel.on("typists", this.drawStatus);
        this.shown = new ShownState(channel, () => {
            this.drawStatus();
            this.pending.drawSoon();
        });
        channel.on("state", (state) => {
            if (state === "live" || state === "polling") {
                this.wasLive = true;
                this.reads.connected();
                this.drawStatus();
                this.timeline.retry();
                // A read mark may not have reached the server.
                this.readMark.seen();
            }
        });
        channel.on("resync", () => {
            this.memberChanges += 1;
            this.tools.pins = null;
            this.timeline.open(0);
        });
        channel.on("closed", (closed) => this.#closed(closed));
    }

    /** Handles an error by which the user may not read the room. */
    #refused(reason) {
        if (reason === "banned") {
            this.on.banned(this.people.roomName(this.room));
        } else {
            this.on.outsider();
        }
    }

    #closed({ code, reason }) {
        const isOutside = !this.wasLive || (this.isViewer && !this.room.is_private);
        if (code === 4404 && reason === null) {
            const room = this.people.roomName(this.room);
            this.on.removed(t("“{room}” no longer exists.", { room }));
        } else if (code === 4404) {
            // A private room from which the user was removed answers so, too.
            this.#excluded(t("This room does not exist, or you are not a member."));
        } else if (code === 4403 && (reason === "banned" || isOutside)) {
            this.#refused(reason);
        } else if (code === 4403) {
            this.#excluded(t("You are no longer in this room."));
        }
    }

    /** The list of rooms has those in which the user is, or was. */
    #excluded(text) {
        const reason = this.details?.isLeaving ? null : text;
        if (this.isViewer) {
            this.on.removed(reason);
        } else {
            this.on.excluded(reason);
        }
    }

    #roomChanged(change) {
        this.room = { ...this.room, ...change };
        this.on.roomChanged(this.room);
        this.#drawHeader();
        this.details?.draw();
        this.#followRules();
    }

    /** What the user has set for the room, here or elsewhere; undefined if that is not known. */
    setView(me) {
        if (me && me !== this.room.me) {
            this.room = { ...this.room, me };
            this.details?.draw();
        }
    }

    #membershipChanged(event) {
        this.memberChanges += 1;
        const id = event.user_id ?? event.membership?.user_id;
        if (this.room.members_count < CROWD || id === this.self.user_id) {
            this.#showChange(event);
            this.#membersChanged();
            return;
        }
        const more = { user_invited: 1, user_removed: -1 }[event.type] ?? 0;
        this.#roomChanged({ members_count: this.room.members_count + more });
    }

    async #membersChanged() {
        // The number is that of the last visit: all members would ask at the same moment.
        if (this.isStranger) {
            return;
        }
        this.details?.reload();
        try {
            const { members_count, is_admin, role } = await this.confab.room(this.room.room_id);
            this.#roomChanged({ members_count, is_admin, role });
        } catch (error) {
            this.reportUnlessLeft(error);
        }
    }

    /** For names after an @, see mentionSource. */
    #members() {
        const { confab, people, room, memberChanges: changes } = this;
        return { confab, people, room, changes };
    }

    /** Reports an error, unless it only says that the user is not, or no longer, a member. */
    reportUnlessLeft(error) {
        if (error.foreign || (error.status !== 403 && error.status !== 404)) {
            this.on.failed(error);
        }
    }

    // ---- actions of the user ----

    #send(text, replyTo, mentions, files) {
        this.readMark.written();
        this.confab.send(this.room.room_id, text, { reply_to_id: replyTo, mentions, files });
        this.pending.draw(true);
    }

    /** Offers files where the server takes them, and no reactions where it does not. */
    async #useFeatures() {
        if (!this.isStranger) {
            this.people.readBlocks();
        }
        try {
            const features = await this.confab.features();
            const mayAttach = !this.readOnly && !this.self.is_guest;
            this.takesFiles = mayAttach && features.includes("files");
            this.takesReactions = features.includes("reactions");
            this.composer.offerFiles(this.takesFiles);
            // So that the first message with files is shown without a delay.
            await (this.takesFiles && loadFileView(this.root));
        } catch {
            // Requested again with the next room.
            this.composer.offerFiles(this.takesFiles);
        }
    }

    /** Adds a message; what shows its files may have to be loaded. */
    async #addMessage(message) {
        this.timeline.add(message);
        const { message_id, files } = message;
        if (await prepareToShow([message], this.root)) {
            this.timeline.change({ message_id, files });
        }
    }

    /** Files are dragged over the chat. */
    dragged() {
        this.composer.showDropZone(this.element);
    }

    attach(files) {
        this.composer.attach(files);
    }

    async #edit(id, text, mentions) {
        const change = mentions && { mentions };
        this.timeline.change(await this.confab.editMessage(this.room.room_id, id, text, change));
    }

    #openDates(day) {
        this.withModule(import("../timeline/dates.js"), ({ openDates }) =>
            openDates(this.root, this.confab, this.room, day, (id) => this.timeline.goTo(id)),
        );
    }

    /** Modules that are not needed at first are loaded when they are used. */
    async withModule(loading, use) {
        let loaded;
        try {
            loaded = await loading;
        } catch {
            this.on.failed(new Error(t("A part of this page could not be loaded.")));
            return;
        }
        // Not if the room was left meanwhile.
        if (this.element.isConnected) {
            use(loaded);
        }
    }

    /** Shows a line about an event, which has just come. */
    #showChange(event) {
        const [after, before] = [this.timeline.newestKnown(), this.room.name];
        this.#withChanges(({ showChange }) =>
            showChange(this.timeline, this.people, event, after, before),
        );
    }

    /** Shows the lines about the last events before. */
    #showChanges() {
        this.#withChanges(({ showChanges }) =>
            showChanges(this.timeline, this.confab, this.people, this.room),
        );
    }

    async #withChanges(show) {
        try {
            // The names in them are hidden from strangers.
            await (this.isStranger || show(await import("../timeline/changes.js")));
        } catch {
            // Without them: the list of members has what matters.
        }
    }

    /** What the room allows is followed by a module of its own, where there is something. */
    async #followRules(refusal = null) {
        const { room } = this;
        const hasRules =
            room.is_archived ||
            room.role === "reader" ||
            this.isViewer ||
            room.slow_seconds > 0 ||
            (room.post_policy ?? "members") !== "members";
        if (this.readOnly || (!hasRules && !refusal && !this.rules)) {
            return;
        }
        await this.withModule(import("../moderation/rules.js"), ({ Rules }) => {
            this.rules ??= new Rules(this);
            this.rules.draw();
            if (refusal) {
                this.rules.refused(refusal);
            }
        });
    }

    /** The user was silenced until a time, or is not any more: null; shown as a refusal is. */
    silenced(until) {
        this.#followRules({ code: "silenced", body: { until } });
    }

    /** Does what concerns people, in a module of its own. */
    actOnPeople(name, what) {
        this.withModule(import("../moderation/people.js"), (module) => module[name](this, what));
    }

    // ---- drawing ----

    /** Names or pictures have changed; what shows one person has been drawn again. */
    peopleChanged() {
        this.#drawHeader();
        this.drawStatus();
        this.details?.draw();
    }

    #drawHeader() {
        if (this.header.draw()) {
            const name = this.people.roomName(this.room);
            this.timeline.setRoomName(name);
            this.composer.setRoomName(name);
        }
    }

    /** Opens or closes the panel of the room, which is loaded when it is opened. */
    toggleDetails() {
        if (this.details) {
            this.details.element.remove();
            this.details = null;
            this.header.detailsButton.focus();
            this.#detailsToggled();
            return;
        }
        this.withModule(import("./details.js"), ({ Details }) => this.#openDetails(Details));
    }

    #openDetails(Details) {
        // Opened by another click while it was loading.
        if (this.details) {
            return;
        }
        this.details = new Details({
            root: this.root,
            confab: this.confab,
            people: this.people,
            readOnly: this.readOnly,
            room: () => this.room,
            online: () => new Set(this.channel.online.map((user) => user.user_id)),
            on: {
                closed: () => this.toggleDetails(),
                failed: (error) => this.on.failed(error),
                left: () => this.on.removed(null),
                changed: (room) => this.#roomChanged(room),
                direct: this.on.direct,
                dates: () => this.#openDates(new Date()),
                moderation: this.on.moderation,
                done: this.on.done,
                blocked: (id) => this.timeline.redraw(id),
            },
        });
        this.element.after(this.details.element);
        this.details.focus();
        this.#detailsToggled();
    }

    #detailsToggled() {
        this.element.parentElement.classList.toggle("detailed", this.details !== null);
        this.#drawHeader();
    }

    #drawStatus() {
        this.header.drawTyping();
        this.readers.textContent = this.#seenByText();
        const state = this.shown.value;
        // Strangers poll, and need not know.
        const isUsual = this.isStranger && state === "polling";
        const text = isUsual ? "" : connectionText(state, this.channel, this.pending.unsentCount);
        // Setting the same text again would make a screen reader repeat it.
        if (this.connection.textContent !== text) {
            this.connection.textContent = text;
        }
        this.connection.hidden = text === "";
    }

    /** The names of those who have seen the newest message, if it is the user's own. */
    #seenByText() {
        const newest = this.timeline.newest();
        const { user } = this.confab;
        if (this.isViewer) {
            return "";
        }
        if (newest?.sender_id !== this.self.user_id || user?.share_read === false) {
            return "";
        }
        // Profiles of users not seen here yet are requested; until then they have no name.
        const names = this.reads
            .of(newest.message_id)
            .filter((id) => id !== this.self.user_id)
            .map((id) => this.people.name(id))
            .filter(Boolean);
        return names.length > 0 ? t("Seen by {names}", { names: listOfNames(names) }) : "";
    }

    /** Does something with a message by a module that is loaded when it is first needed. */
    async actOn(name, ...what) {
        try {
            await (await import("./actions.js"))[name](this, ...what);
        } catch (error) {
            this.on.failed(error);
        }
    }

    async #nameReactors(message, buttons) {
        try {
            await (await import("./actions.js")).nameReactors(this, message, buttons);
        } catch {
            // Without the names: the numbers are there.
        }
    }
}
