// One room: its header, its messages, the field to write in, and the panel of its members.

import { Composer } from "./composer.js";
import { confirm } from "../rooms/dialogs.js";
import { Details } from "./details.js";
import { fill, h, oncePerFrame, settled } from "../ui/dom.js";
import { counted, listOfNames } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { Outgoings } from "./pending-messages.js";
import { roomPicture } from "../rooms/sidebar.js";
import { Timeline } from "./timeline.js";

const READ_DELAY_MS = 300;

/** Pages of a room's messages, oldest first, as the timeline wants them. */
function sourceOf(confab, id) {
    const oldestFirst = (page) => ({ messages: page.results.reverse(), more: page.next !== null });
    return {
        newest: async (limit) => oldestFirst(await confab.messages(id, { limit })),
        older: async (before, limit) => oldestFirst(await confab.messages(id, { before, limit })),
        newer: async (after, limit) => {
            const page = await confab.messages(id, { after, limit });
            return { messages: page.results.reverse(), more: page.previous !== null };
        },
        fromEnd: async (offset, limit) => oldestFirst(await confab.messages(id, { offset, limit })),
        one: (messageId) => confab.message(id, messageId),
    };
}

/** What is said about the connection; nothing while it is fine. */
function aboutConnection(channel, unsent) {
    const waiting = unsent > 0 ? ` ${counted(unsent, "message")} will be sent then.` : "";
    switch (channel.state) {
        case "offline":
            return `You are offline. This goes on when the network is back.${waiting}`;
        case "waiting":
            return `The connection was lost. Trying again…${waiting}`;
        case "connecting":
            return channel.seq === null ? "" : `Connecting again…${waiting}`;
        case "polling":
            return "There is no live connection here; messages come a little later.";
        default:
            return "";
    }
}

/**
 * `on.back()` leads to the list of rooms, `on.gone(words)` when the room is not the user's any
 * more, `on.failed(error)`, `on.message(message)` at each new message, `on.changed(id, change)`
 * when one is different, `on.room(room)` when the room is, `on.read()` when all is read.
 */
export class Conversation {
    constructor({ root, confab, room, draft, on }) {
        Object.assign(this, { root, confab, room, on });
        this.reads = new Map();
        this.names = new Map();
        this.details = null;
        this.self = confab.user;
        this.#build(draft);
        this.channel = confab.openRoom(room.room_id, { since: room.last_seq });
        this.#listen();
        this.outgoings = new Outgoings({
            confab,
            room,
            timeline: this.timeline,
            isLive: () => ["live", "polling"].includes(this.channel.state),
            drawn: this.drawStatus,
        });
        this.sendRead = settled(READ_DELAY_MS, () => this.#markRead());
        this.looked = () => this.#seen();
        document.addEventListener("visibilitychange", this.looked);
        window.addEventListener("focus", this.looked);
        this.ready = this.timeline.open(room.unread_count);
        this.drawHeader();
    }

    #build(draft) {
        const { room } = this;
        this.drawStatus = oncePerFrame(() => this.#drawStatus());
        this.timeline = new Timeline({
            source: sourceOf(this.confab, room.room_id),
            self: this.self.user_id,
            roomName: room.name,
            on: {
                seen: () => this.#seen(),
                shown: (messages) => this.outgoings?.arrived(messages),
                active: (message, article) => this.#showTools(message, article),
                failed: (error) => this.#failed(error),
            },
        });
        this.composer = new Composer(room.name, draft, {
            send: (text, replyTo) => this.#send(text, replyTo),
            edit: (message, text) => this.#edit(message, text),
            typing: () => this.channel.typing(),
            stopped: () => this.channel.stopTyping(),
            editLast: () => {
                const message = this.timeline.lastOwn();
                if (message) {
                    this.composer.edit(message);
                }
            },
        });
        this.typing = h("span", { role: "status" });
        this.readers = h("span", {});
        this.composer.under.append(this.typing, this.readers);
        this.header = h("header", { class: "bar" });
        this.connection = h("div", { class: "connection", role: "status", hidden: true });
        this.tools = h("div", { class: "tools", role: "toolbar", "aria-label": "Message" });
        this.element = h(
            "main",
            { class: "conversation" },
            this.header,
            this.timeline.element,
            this.connection,
            this.composer.element,
        );
    }

    close() {
        if (this.readDue) {
            this.#markRead();
        }
        this.timeline.close();
        this.outgoings.close();
        this.channel.close();
        this.details?.element.remove();
        this.element.remove();
        document.removeEventListener("visibilitychange", this.looked);
        window.removeEventListener("focus", this.looked);
    }

    // ---- what the room's channel tells ----

    #listen() {
        const { channel } = this;
        channel.on("new_message", ({ message }) => {
            this.reads.set(message.sender_id, message.message_id);
            this.names.set(message.sender_id, message.sender_username);
            this.#lineAbove(message);
            this.timeline.add(message);
            this.on.message(message);
            this.drawStatus();
        });
        channel.on("message_edited", ({ message }) => {
            this.timeline.change(message);
            this.on.changed(message.message_id, message);
        });
        channel.on("message_deleted", ({ message_id: id }) => {
            this.timeline.remove(id);
            this.on.changed(id, { is_deleted: true, content: "" });
        });
        channel.on("message_read", (event) => {
            this.reads.set(event.user_id, event.message_id);
            this.drawStatus();
        });
        channel.on("room_updated", ({ room }) => this.#roomChanged(room));
        ["user_invited", "user_removed", "member_updated"].forEach((type) =>
            channel.on(type, () => this.#membersChanged()),
        );
        channel.on("presence", (online) => {
            online.forEach((user) => this.names.set(user.user_id, user.username));
            this.drawHeader();
            this.details?.draw();
        });
        channel.on("typists", this.drawStatus);
        channel.on("state", () => {
            this.drawStatus();
            this.outgoings.drawSoon();
        });
        channel.on("resync", () => this.timeline.open(0));
        channel.on("closed", ({ code, detail }) => {
            if (code === 4403 || code === 4404) {
                this.on.gone(code === 4404 ? `“${this.room.name}” is not there any more.` : detail);
            }
        });
    }

    #roomChanged(change) {
        this.room = { ...this.room, ...change };
        this.on.room(this.room);
        this.drawHeader();
        this.details?.draw();
    }

    async #membersChanged() {
        this.details?.reload();
        try {
            const { members_count, is_admin } = await this.confab.room(this.room.room_id);
            this.#roomChanged({ members_count, is_admin });
        } catch (error) {
            this.#failed(error);
        }
    }

    #failed(error) {
        if (error.status === 403) {
            this.#askToJoin();
        } else if (error.status !== 404) {
            this.on.failed(error);
        }
    }

    /** A public room that the user is not in. */
    #askToJoin() {
        this.composer.element.replaceWith(
            h(
                "div",
                { class: "outsider" },
                "You are not in this room.",
                h(
                    "button",
                    {
                        class: "main",
                        type: "button",
                        onclick: async () => {
                            try {
                                await this.confab.join(this.room.room_id);
                                this.on.joined();
                            } catch (error) {
                                this.on.failed(error);
                            }
                        },
                    },
                    "Join room",
                ),
            ),
        );
    }

    // ---- what the user does ----

    #send(text, replyTo) {
        this.timeline.markNew(0);
        this.confab.send(this.room.room_id, text, { reply_to_id: replyTo });
        this.outgoings.draw(true);
    }

    async #edit(message, text) {
        try {
            this.timeline.change(
                await this.confab.editMessage(this.room.room_id, message.message_id, text),
            );
        } catch (error) {
            this.on.failed(error);
        }
    }

    #delete(message) {
        confirm(this.root, {
            title: "Delete this message?",
            action: "Delete",
            words: "Nobody can read it any more. This cannot be undone.",
            act: async () => {
                await this.confab.deleteMessage(this.room.room_id, message.message_id);
                this.timeline.remove(message.message_id);
            },
            then: () => this.timeline.focusOn(message.message_id),
        });
    }

    /** Whether the user looks at the newest message now. */
    sees() {
        return (
            document.visibilityState === "visible" &&
            document.hasFocus() &&
            this.timeline.isAtBottom()
        );
    }

    /** The line for new messages stands above the first that came while nobody looked. */
    #lineAbove(message) {
        if (message.sender_id === this.self.user_id || this.sees()) {
            return;
        }
        if (this.lineIsOld || !this.timeline.firstNew) {
            this.timeline.markNew(message.message_id);
            this.lineIsOld = false;
        }
    }

    #seen() {
        if (this.sees()) {
            this.lineIsOld = true;
            this.on.read();
            this.readDue = true;
            this.sendRead();
        }
    }

    async #markRead() {
        this.readDue = false;
        const newest = this.timeline.newest();
        if (!newest || !this.sees() || newest.message_id <= (this.marked ?? 0)) {
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

    // ---- drawing ----

    drawHeader() {
        const { room } = this;
        const online = this.channel.online.length;
        const others = this.channel.online.some((user) => user.user_id !== this.self.user_id);
        const under = room.is_direct
            ? [h("span", { class: `dot${others ? " on" : ""}` }), others ? "Online" : "Offline"]
            : [`${counted(room.members_count, "member")}${online > 0 ? `, ${online} online` : ""}`];
        const pressed = String(this.details !== null);
        const key = JSON.stringify([
            room.name,
            room.is_private,
            others,
            online,
            room.members_count,
            pressed,
        ]);
        if (this.drawn === key) {
            return;
        }
        this.drawn = key;
        if (!this.people) {
            this.people = h(
                "button",
                {
                    class: "bare",
                    type: "button",
                    "aria-label": "Details",
                    title: "Details",
                    onclick: () => this.toggleDetails(),
                },
                icon("people"),
            );
            this.back = h(
                "button",
                {
                    class: "bare to-rooms",
                    type: "button",
                    title: "All rooms",
                    "aria-label": "All rooms",
                    onclick: () => this.on.back(),
                },
                icon("back"),
            );
            this.title = h("div", { class: "title" });
            this.picture = h("span", {});
            fill(this.header, this.back, this.picture, this.title, this.people);
        }
        this.people.setAttribute("aria-pressed", pressed);
        fill(this.picture, roomPicture(room));
        fill(this.title, h("h2", { dir: "auto" }, room.name), h("div", { class: "under" }, under));
    }

    toggleDetails() {
        if (this.details) {
            this.details.element.remove();
            this.details = null;
            this.people.focus();
        } else {
            this.details = new Details({
                root: this.root,
                confab: this.confab,
                room: () => this.room,
                online: () => new Set(this.channel.online.map((user) => user.user_id)),
                on: {
                    closed: () => this.toggleDetails(),
                    failed: (error) => this.on.failed(error),
                    left: () => this.on.gone(null),
                    changed: (room) => this.#roomChanged(room),
                },
            });
            this.element.after(this.details.element);
            this.details.focus();
        }
        this.element.parentElement.classList.toggle("detailed", this.details !== null);
        this.drawHeader();
    }

    #drawStatus() {
        const typists = this.channel.typists.filter((user) => user.user_id !== this.self.user_id);
        const names = listOfNames(typists.map((user) => user.username));
        const verb = typists.length === 1 ? "is" : "are";
        this.typing.textContent = names && `${names} ${verb} typing…`;
        this.readers.textContent = this.#whoHasRead();
        const words = aboutConnection(this.channel, this.outgoings.unsent);
        if (this.connection.textContent !== words) {
            this.connection.textContent = words;
        }
        this.connection.hidden = words === "";
    }

    /** Who has seen the newest message, if it is the user's own. */
    #whoHasRead() {
        const newest = this.timeline.newest();
        if (!newest || newest.sender_id !== this.self.user_id) {
            return "";
        }
        const readers = [...this.reads]
            .filter(
                ([user, message]) =>
                    user !== this.self.user_id &&
                    this.names.has(user) &&
                    message >= newest.message_id,
            )
            .map(([user]) => this.names.get(user));
        return readers.length > 0 ? `Seen by ${listOfNames(readers)}` : "";
    }

    /** What can be done with the message that is pointed at. */
    #showTools(message, article) {
        if (
            this.tools.matches(":focus-within") &&
            !article.contains(this.tools) &&
            !article.matches(":focus")
        ) {
            return;
        }
        const isOwn = message.sender_id === this.self.user_id;
        const tool = (name, label, act) =>
            h(
                "button",
                { class: "bare", type: "button", title: label, "aria-label": label, onclick: act },
                icon(name),
            );
        if (message.is_deleted) {
            this.tools.remove();
            return;
        }
        if (this.tools.message !== message || !article.contains(this.tools)) {
            this.tools.message = message;
            fill(
                this.tools,
                tool("reply", "Reply", () => this.composer.reply(message)),
                isOwn && tool("edit", "Edit", () => this.composer.edit(message)),
                (isOwn || this.room.is_admin) &&
                    tool("trash", "Delete", () => this.#delete(message)),
            );
            article.append(this.tools);
        }
    }
}
