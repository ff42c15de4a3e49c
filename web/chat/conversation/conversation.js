// One open room: its header, its messages, the input, and the panel of its members.

import { ShownState } from "../shown-state.js";
import { iconButton } from "../ui/controls.js";
import { debounce, fill, h, isAttended, mainTag, oncePerFrame } from "../ui/dom.js";
import { listOfNames, watchDay } from "../ui/format.js";
import { menu } from "../ui/menu.js";
import { isEnglish, t, tn } from "../words.js";
import { Composer } from "./composer.js";
import { connectionText } from "./connection-text.js";
import { messageSource } from "../timeline/message-source.js";
import { MessageTools } from "../timeline/message-tools.js";
import { loadFileView, prepareToShow } from "../timeline/message.js";
import { PendingMessages } from "../timeline/pending-messages.js";
import { Reads } from "./reads.js";
import { Timeline } from "../timeline/timeline.js";

const READ_DELAY_MS = 300;
/** In a room of so many members nothing is requested when one comes or goes: all would do it. */
const CROWD = 500;
/** The lines about members are read after the messages. */
const CHANGES_DELAY_MS = 250;
/** In place of a user. */
const STRANGER = { user_id: 0, username: "" };

/**
 * `draft` is one of Drafts, `place` one of Timeline, or null. `readOnly`: nothing can be written;
 * `isShown()`: whether the user can see it. Calls `on.back()` for the way back to the rooms,
 * `on.removed(text)` when the user is no longer in the room, `on.outsider()` if the user never was,
 * `on.message(message)` for each new message, `on.messageChanged(id, change)`,
 * `on.roomChanged(room)`, `on.read(messageId)` when the newest message was seen, `on.draft(draft)`,
 * `on.told(text)` to say that something was done, `on.moderation()`, and `on.failed(error)`.
 * `on.logout` and `on.keepAccount` are null unless the header offers them, `on.direct(userId)`,
 * which opens a direct room, `on.menu()`, a promise of the items of the room's menu,
 * `on.unread(messageId)` and `on.markRead(messageId)` are where there is more than this room.
 * `on.join()` makes the user a member, and returns a promise.
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
        );
        this.wasLive = false;
        // The first message that the user has marked as unread, or 0.
        this.keptUnread = 0;
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
        this.sendRead = debounce(READ_DELAY_MS, () => this.#markRead());
        this.markSeen = () => this.#markSeen();
        document.addEventListener("visibilitychange", this.markSeen);
        window.addEventListener("focus", this.markSeen);
        this.stopWatchingDay = watchDay(() => this.timeline.drawDays());
        this.timeline.open(room.unread_count, place);
        this.drawHeader();
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
        this.timeline = new Timeline({
            source: messageSource(this.confab, room.room_id, this.root),
            self: this.self.user_id,
            people: this.people,
            roomName: this.people.roomName(room),
            on: {
                seen: () => this.#markSeen(),
                shown: (messages) => this.pending?.arrived(messages),
                changed: (id) => {
                    this.composer.messageChanged(id);
                    this.pending.drawSoon();
                },
                day: (time) => this.#openDates(new Date(time)),
                active: (message, article) => this.tools.show(message, article),
                left: () => this.tools.leave(),
                entered: (message, article) => this.tools.enter(message, article),
                answers: (messageId) => this.isStranger || this.actOn("openAnswers", messageId),
                reactors: (message, buttons) =>
                    this.isStranger || this.#nameReactors(message, buttons),
                reacted: (message, emoji) =>
                    this.readOnly || this.isViewer || this.actOn("react", message, emoji),
                pressed: (message) => this.tools.showSheet(message),
                refused: () => this.on.outsider(),
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
        this.typing = h("span", { role: "status" });
        this.readers = h("span");
        this.composer.under.append(this.readers);
        this.pinsButton = iconButton("pin", t("Pinned messages"), () => this.actOn("openPins"));
        this.pinsButton.classList.add("pins");
        this.detailsButton = iconButton("people", t("Details"), () => this.toggleDetails());
        this.menuButton = this.on.menu && this.#roomMenu();
        this.backButton = iconButton("back", t("All rooms"), () => this.on.back());
        this.backButton.classList.add("to-rooms");
        this.name = h("h2", { dir: "auto" });
        this.under = h("div.under");
        this.title = h("div.title", this.name, this.under, h("div.under.typing", this.typing));
        this.picture = h("span");
        this.header = h(
            "header.bar",
            this.backButton,
            this.picture,
            this.title,
            this.menuButton,
            !this.isStranger && this.pinsButton,
            !this.isStranger && this.detailsButton,
            this.on.keepAccount && iconButton("key", t("Keep this account"), this.on.keepAccount),
            this.on.logout && iconButton("exit", t("Log out"), this.on.logout),
        );
        this.connection = h("div.connection", { role: "status", hidden: true });
        this.tools = new MessageTools(this);
        // Until the rules are there.
        this.composer.element.hidden = this.isViewer;
        this.element = h(
            `${mainTag(this.root)}.conversation`,
            { "data-room": room.room_id },
            this.header,
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

    #roomMenu() {
        // On a phone there is no place for the button.
        const pins = () =>
            this.pinsButton.offsetWidth === 0 && {
                icon: "pin",
                text: t("Pinned messages"),
                act: () => this.actOn("openPins"),
            };
        return menu(iconButton("more", t("Room"), null), t("Room"), async () => [
            ...(await this.on.menu()),
            pins(),
        ]);
    }

    close() {
        if (this.readDue) {
            this.#markRead();
        }
        clearTimeout(this.changesTimer);
        this.rules?.close();
        this.sendRead.cancel();
        this.drawStatus.cancel();
        this.timeline.close();
        this.pending.close();
        this.channel.close();
        this.details?.element.remove();
        this.element.remove();
        document.removeEventListener("visibilitychange", this.markSeen);
        window.removeEventListener("focus", this.markSeen);
        this.stopWatchingDay();
    }

    // ---- events of the room's channel ----

    #listen() {
        const { channel } = this;
        channel.on("new_message", ({ message }) => {
            this.reads.read(message.sender_id, message.message_id);
            this.#markFirstUnread(message);
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
            this.drawHeader();
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
                this.reads.expire();
                this.drawStatus();
                this.timeline.retry();
                // A read mark may not have reached the server.
                this.#markSeen();
            }
        });
        channel.on("resync", () => {
            this.tools.pins = null;
            this.timeline.open(0);
        });
        channel.on("closed", ({ code, detail, reason }) => {
            if (reason === "banned") {
                const room = this.people.roomName(this.room);
                this.on.removed(t("You are banned from “{room}”.", { room }));
            } else if (code === 4404) {
                const room = this.people.roomName(this.room);
                this.on.removed(t("“{room}” no longer exists.", { room }));
            } else if (code === 4403 && this.wasLive && !(this.isViewer && !this.room.is_private)) {
                const text = isEnglish() ? detail : t("You are no longer in this room.");
                this.on.excluded(this.details?.isLeaving ? null : text);
            } else if (code === 4403) {
                this.on.outsider();
            }
        });
    }

    #roomChanged(change) {
        this.room = { ...this.room, ...change };
        this.on.roomChanged(this.room);
        this.drawHeader();
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
        // The number is that of the last visit: a crowd would ask at the same moment.
        if (this.isStranger) {
            return;
        }
        this.details?.reload();
        try {
            const { members_count, is_admin, role } = await this.confab.room(this.room.room_id);
            this.#roomChanged({ members_count, is_admin, role });
        } catch (error) {
            this.#failed(error);
        }
    }

    /** For names after an @: { confab, people, room }. */
    #members() {
        const { confab, people, room } = this;
        return { confab, people, room };
    }

    /** Reports an error, unless it only says that the user is not, or no longer, a member. */
    #failed(error) {
        if (error.foreign || (error.status !== 403 && error.status !== 404)) {
            this.on.failed(error);
        }
    }

    // ---- actions of the user ----

    #send(text, replyTo, mentions, files) {
        this.keptUnread = 0;
        this.timeline.markNew(0);
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
            // Asked again with the next room.
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
    async #showChange(event) {
        // Strangers are not told the names in it.
        if (this.isStranger) {
            return;
        }
        const [after, before] = [this.timeline.newestKnown(), this.room.name];
        try {
            const { showChange } = await import("../timeline/changes.js");
            showChange(this.timeline, this.people, event, after, before);
        } catch {
            // Without the line: the list of members has it.
        }
    }

    /** Shows the lines about the last events before. */
    async #showChanges() {
        if (this.isStranger) {
            return;
        }
        try {
            const { showChanges } = await import("../timeline/changes.js");
            await showChanges(this.timeline, this.confab, this.people, this.room);
        } catch {
            // Without them.
        }
    }

    /** Whether the user is looking at the newest message now, and has not marked it as unread. */
    isWatched() {
        return !this.keptUnread && isAttended() && this.isShown() && this.timeline.isAtBottom();
    }

    /**
     * A message was marked as unread: it and those after it stay so until the user comes back,
     * writes, or marks them as read (0).
     */
    keepUnread(messageId) {
        this.keptUnread = messageId;
        this.marked = 0;
        this.sendRead.cancel();
        this.readDue = false;
        this.timeline.markNew(messageId);
    }

    isUnread({ message_id: id }) {
        return this.keptUnread > 0 && id >= this.keptUnread;
    }

    /** Draws the line above the first message that arrived while the user was not looking. */
    #markFirstUnread(message) {
        if (message.sender_id === this.self.user_id || this.isWatched()) {
            return;
        }
        if (this.lineIsSeen || !this.timeline.firstNew) {
            this.timeline.markNew(message.message_id);
            this.lineIsSeen = false;
        }
    }

    /** Marks the room as read if the user is looking at its end. */
    #markSeen() {
        if (this.isWatched()) {
            this.lineIsSeen = true;
            this.on.read(this.timeline.newest()?.message_id ?? 0);
            if (!this.isViewer) {
                this.readDue = true;
                this.sendRead();
            }
        }
    }

    async #markRead() {
        this.readDue = false;
        const newest = this.timeline.newest();
        if (!newest || !this.isWatched() || newest.message_id <= (this.marked ?? 0)) {
            return;
        }
        try {
            await this.confab.markRead(this.room.room_id, newest.message_id);
            this.marked = newest.message_id;
        } catch (error) {
            if (!error.temporary) {
                this.#failed(error);
            }
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

    /** Does what concerns people, in a module of its own. */
    actOnPeople(name, what) {
        this.withModule(import("../moderation/people.js"), (module) => module[name](this, what));
    }

    // ---- drawing ----

    /** Names or pictures have changed; what shows one person has been drawn again. */
    peopleChanged() {
        this.drawHeader();
        this.drawStatus();
        this.details?.draw();
    }

    drawHeader() {
        const { room, people } = this;
        const online = this.channel.onlineCount;
        const others = this.channel.online.some((user) => user.user_id !== this.self.user_id);
        // A user who is not in this room now may be online in another one, so no user is shown as
        // offline.
        const under = room.is_direct
            ? [others && h("span.dot.on"), h("span", others ? t("Online") : t("Direct message"))]
            : h(
                  "span",
                  tn(room.members_count, "{count} member", "{count} members"),
                  online > 0 && `, ${tn(online, "{count} online", "{count} online")}`,
                  room.topic && h("bdi", ` · ${room.topic}`),
              );
        const pressed = String(this.details !== null);
        const name = people.roomName(room);
        const key = JSON.stringify([
            name,
            room.is_direct && people.directUsers.get(room),
            others,
            online,
            room.members_count,
            room.topic,
            this.isViewer,
            pressed,
        ]);
        // Redraw only what looks different: presence changes often.
        if (this.drawn === key) {
            return;
        }
        this.drawn = key;
        this.detailsButton.setAttribute("aria-pressed", pressed);
        // Members see who is in the room, and have settings for it.
        this.detailsButton.hidden = this.isViewer;
        if (this.menuButton) {
            this.menuButton.hidden = this.isViewer;
        }
        fill(this.picture, people.roomAvatar(room));
        this.name.textContent = name;
        this.timeline.setRoomName(name);
        this.composer.setRoomName(name);
        fill(this.under, under);
    }

    /** Opens or closes the panel of the room, which is loaded when it is opened. */
    toggleDetails() {
        if (this.details) {
            this.details.element.remove();
            this.details = null;
            this.detailsButton.focus();
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
                told: this.on.told,
                blocked: (id) => this.timeline.redraw(id),
            },
        });
        this.element.after(this.details.element);
        this.details.focus();
        this.#detailsToggled();
    }

    #detailsToggled() {
        this.element.parentElement.classList.toggle("detailed", this.details !== null);
        this.drawHeader();
    }

    #drawStatus() {
        const typists = this.channel.typists.filter((user) => user.user_id !== this.self.user_id);
        const names = listOfNames(
            typists.map(({ user_id: id, username }) => this.people.name(id, username)),
        );
        this.typing.textContent =
            names && tn(typists.length, "{names} is typing…", "{names} are typing…", { names });
        this.title.classList.toggle("with-typing", names !== "");
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
