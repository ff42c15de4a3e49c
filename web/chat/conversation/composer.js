// The input below a conversation: for a new message, a reply, or an edit.

import { button, errorText, iconButton } from "../ui/controls.js";
import { fill, h, isComposing } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { formatTag, t } from "../words.js";
import { messageSummary } from "../timeline/message.js";

/** The API's limit for a message, in code points. */
const MAX_LENGTH = 8000;
/** From here on the length is shown. */
const LONG = MAX_LENGTH - 500;

/** Without a hardware keyboard, Enter starts a new line. */
const hasKeyboard = () => !window.matchMedia("(hover: none)").matches;

/** What is completed: see completion.js, which is loaded then. */
const COMPLETED = /(?:^|[\s(])(?::[\p{L}\p{N}_+-]{2,}:?|@[^\s@]*)$/u;

/** Ids of those chosen whose name is still in the text. */
const mentionedIn = (text, chosen) =>
    [...chosen].filter(([, word]) => text.includes(word)).map(([id]) => id);

const mentionsOf = (ids) => ({ user_ids: ids.filter(Boolean), all: ids.includes(0) });

const number = (value) => value.toLocaleString(formatTag());

/**
 * Shows a draft as in Drafts, which may be null. Calls `on.send(text, replyTo, mentions, files)`,
 * `on.typing()`, `on.stopped()` when the user stops typing, and `on.changed(draft)` whenever the
 * draft has changed. `on.edit(id, text, mentions)` saves an edit and returns a promise;
 * `on.find(id)` returns a message or a promise of it, `on.name(message)` the name of its sender,
 * `on.nameOf(id)` that of a user, `on.members()` what MentionCompletion needs. An up arrow in the
 * empty input edits `on.lastOwn()`, if there is one.
 */
export class Composer {
    constructor(roomName, draft, on) {
        this.on = on;
        this.replyTo = draft?.reply_to ?? null;
        // While a message is edited: its id, and the text of the new message set aside.
        this.editing = null;
        this.setAside = "";
        // Whether the edited message may lose its words: it has files.
        this.mayBeEmpty = false;
        // Edits that were left for another one, by message id.
        this.unsaved = new Map();
        this.saving = false;
        this.text = h("textarea", {
            rows: "1",
            id: "confab-write",
            placeholder: t("Write a message"),
            dir: "auto",
            oninput: () => this.#typed(),
            onkeydown: (event) => this.#key(event),
            onblur: () => on.stopped(),
        });
        this.setRoomName(roomName);
        const emoji = iconButton("smile", t("Emoji"), () => this.#openEmoji());
        this.text.value = draft?.text ?? "";
        // Users chosen after an @: the text that stands for each, by id; 0 are all.
        this.chosen = new Map(draft?.mentions);
        // The files of the message, once there are any: files/attachments.js.
        this.attached = null;
        this.attaching = null;
        this.fileInput = h("input", {
            type: "file",
            multiple: true,
            hidden: true,
            "aria-label": t("Attach files"),
            onchange: () => {
                this.attach([...this.fileInput.files]);
                this.fileInput.value = "";
            },
        });
        const clip = () => this.fileInput.click();
        // It has its place before it is known whether the server takes files.
        this.clip = iconButton("clip", t("Attach files"), clip, { class: "bare unknown" });
        this.button = iconButton("send", t("Send"), null, { type: "submit" });
        this.about = h("div.about", { hidden: true });
        this.length = h("div.problem", { role: "status", hidden: true });
        this.problem = h("div.problem", { role: "alert", hidden: true });
        this.waiting = h("div.problem", { role: "timer", hidden: true });
        this.under = h("div.below");
        this.element = h(
            "form.composer",
            {
                onsubmit: (event) => {
                    event.preventDefault();
                    this.#submit();
                },
            },
            this.problem,
            this.waiting,
            this.length,
            this.about,
            h("div.write", this.text, emoji, this.fileInput, this.clip, this.button),
            this.under,
        );
        if (draft?.edit) {
            this.#beginEdit(draft.edit.id, draft.edit.text);
            this.#endEditIfSaved(draft.edit);
        }
        this.#drawAbout();
        this.#fit();
        if (draft?.files?.length > 0) {
            this.#restoreFiles(draft.files);
        }
    }

    /** Why the next message has to wait, in slow mode; "" if it need not. The text stays. */
    wait(text) {
        if (this.waiting.textContent !== text) {
            this.waiting.textContent = text;
        }
        this.waiting.hidden = text === "";
        this.#fit();
    }

    setRoomName(name) {
        this.text.setAttribute("aria-label", t("Message to {room}", { room: name }));
    }

    focus() {
        this.text.focus();
    }

    get draft() {
        const edit = this.editing && { id: this.editing, text: this.text.value };
        const text = edit ? this.setAside : this.text.value;
        const files = this.attached?.keys ?? [];
        return { text, reply_to: this.replyTo, edit, mentions: [...this.chosen], files };
    }

    // ---- files ----

    /** Whether files can be attached. */
    offerFiles(isOffered) {
        this.clip.hidden = !isOffered;
        this.clip.classList.remove("unknown");
    }

    /** Attaches files to the message. */
    async attach(files) {
        if (this.editing) {
            this.#leaveEdit();
            this.#changed();
        }
        const attached = await this.#attachments();
        if (files.length > 0) {
            attached?.add(files);
            this.focus();
        }
    }

    /** Shows over `place` that files can be dropped there. */
    async showDropZone(place) {
        (await this.#attachments())?.showZone(place);
    }

    async #restoreFiles(...files) {
        (await this.#attachments())?.restore(...files);
    }

    /** The files of the message; null if the module cannot be loaded. */
    async #attachments() {
        this.attaching ??= import("../files/attachments.js");
        try {
            const { Attachments } = await this.attaching;
            this.attached ??= new Attachments({
                ...this.on.members(),
                changed: () => this.#changed(),
                problem: (text) => this.showProblem(text),
            });
        } catch {
            this.attaching = null;
            this.showProblem(t("A part of this page could not be loaded."));
            return null;
        }
        if (!this.attached.element.isConnected) {
            this.about.before(this.attached.element);
        }
        return this.attached;
    }

    // ---- mentions ----

    /**
     * The mentions of an edited message: as they were, with the users chosen since and without the
     * names taken out; undefined if nothing has changed.
     */
    async #editedMentions(id, text) {
        const { content, mentions } = await this.on.find(id);
        const isIn = (one, words) => {
            const name = one === 0 ? t("everyone") : this.on.nameOf(one);
            return name !== "" && words.includes(`@${name}`);
        };
        const before = [...mentions.user_ids, ...(mentions.all ? [0] : [])];
        const kept = before.filter((one) => isIn(one, text) || !isIn(one, content));
        const ids = new Set([...kept, ...mentionedIn(text, this.chosen)]);
        const same = ids.size === before.length && before.every((one) => ids.has(one));
        return same ? undefined : mentionsOf([...ids]);
    }

    reply(message) {
        this.#leaveEdit();
        this.replyTo = message.message_id;
        this.#changed();
        this.focus();
    }

    /** Shows the words of a message that was not sent; what was typed since comes after them. */
    takeBack({ content, reply_to_id: replyTo, mentions, keys }) {
        this.#leaveEdit();
        this.replyTo ??= replyTo;
        this.text.value = [content, this.text.value].filter(Boolean).join("\n");
        mentions?.user_ids.forEach((id) => this.chosen.set(id, `@${this.on.nameOf(id)}`));
        if (mentions?.all) {
            this.chosen.set(0, `@${t("everyone")}`);
        }
        if (keys) {
            this.#restoreFiles(keys, true);
        }
        this.#changed();
        this.focus();
    }

    edit(message) {
        if (this.editing !== message.message_id) {
            this.#leaveEdit();
            const unsaved = this.unsaved.get(message.message_id);
            this.#beginEdit(message.message_id, unsaved ?? message.content);
        }
        this.#changed();
        this.focus();
    }

    /** Ends an edit, else a reply. What was typed before the edit is shown again. */
    cancel() {
        if (this.editing) {
            this.#endEdit();
        } else {
            this.replyTo = null;
        }
        this.#changed();
        this.focus();
    }

    /** A message was edited or deleted; it may be the one quoted here. */
    messageChanged(id) {
        if (id === (this.editing ?? this.replyTo)) {
            this.#drawAbout();
        }
    }

    /** Shows a problem until the next key; "" shows that there is none. */
    showProblem(text, ...more) {
        fill(this.problem, text && icon("warning"), text && h("span", text), ...more);
        this.problem.hidden = !text;
    }

    // ---- edits ----

    #beginEdit(id, text) {
        this.setAside = this.text.value;
        this.editing = id;
        this.text.value = text;
        this.mayBeEmpty = false;
        this.#lookForFiles(id);
    }

    async #lookForFiles(id) {
        try {
            const { files } = await this.on.find(id);
            if (this.editing === id) {
                this.mayBeEmpty = files?.length > 0;
                this.#fit();
            }
        } catch {
            // Not known: it keeps its words.
        }
    }

    /** Ends an edit for another action; its text is shown again with the next edit. */
    #leaveEdit() {
        const { editing } = this;
        const text = this.text.value;
        this.#endEdit();
        if (editing) {
            this.unsaved.set(editing, text);
        }
    }

    #endEdit() {
        if (this.editing) {
            this.unsaved.delete(this.editing);
            this.editing = null;
            this.text.value = this.setAside;
            this.setAside = "";
            this.showProblem("");
        }
    }

    /** An edit kept from an earlier visit may have been saved since. */
    async #endEditIfSaved({ id, text }) {
        try {
            const message = await this.on.find(id);
            if (message.content === text && this.editing === id && this.text.value === text) {
                this.#endEdit();
                this.#changed();
            }
        } catch {
            // Not known; the user sees the edit.
        }
    }

    /** The text stays in the input until the edit is saved. */
    async #save(text) {
        const id = this.editing;
        this.#setSaving(true);
        this.showProblem("");
        try {
            await this.on.edit(id, text, await this.#editedMentions(id, text));
            if (this.editing === id) {
                this.#endEdit();
            }
        } catch (error) {
            if (this.editing === id) {
                const reason =
                    error.status === 404 ? t("The message was deleted.") : errorText(error);
                const retry = button(t("Try again"), () => this.#submit(), "link");
                this.showProblem(t("Not saved: {reason}", { reason }), retry);
            }
        } finally {
            this.#setSaving(false);
            this.#changed();
        }
    }

    #setSaving(saving) {
        this.saving = saving;
        this.text.readOnly = saving;
        this.#fit();
    }

    // ---- emoji ----

    /** Puts a text at the caret, as if it was typed. */
    insert(text) {
        this.text.setRangeText(text, this.text.selectionStart, this.text.selectionEnd, "end");
        this.#typed();
        this.focus();
    }

    async #openEmoji() {
        try {
            const { openEmojiPicker } = await import("../emoji/picker.js");
            openEmojiPicker(this.element.closest(".confab"), (emoji) => this.insert(emoji));
        } catch {
            this.showProblem(t("A part of this page could not be loaded."));
        }
    }

    /** Offers what completes the text before the caret. */
    async #complete() {
        const before = this.text.value.slice(0, this.text.selectionStart);
        if (!this.completion && COMPLETED.test(before)) {
            try {
                const [{ Completion }, { mentionSource }] = await Promise.all([
                    import("./completion.js"),
                    import("./mention-completion.js"),
                ]);
                const names = mentionSource(() => this.on.members(), this.chosen);
                this.completion ??= new Completion(this.text, this.about, [names]);
            } catch {
                // Without it: the text stays as it is typed.
            }
        }
        this.completion?.update();
    }

    // ---- input ----

    #submit() {
        const text = this.text.value.trim();
        if (this.saving || this.#isTooLong() || !this.#isComplete(text) || this.#mustWait()) {
            return;
        }
        if (this.editing) {
            this.#save(text);
        } else {
            this.#send(text);
        }
        this.focus();
    }

    #mustWait() {
        return !this.waiting.hidden && !this.editing;
    }

    /** Whether there is something to send, and no file that failed. */
    #isComplete(text) {
        const { attached } = this;
        if (this.editing) {
            return text !== "" || this.mayBeEmpty;
        }
        return attached?.count ? !attached.hasFailed : text !== "";
    }

    #send(text) {
        const { replyTo } = this;
        const files = this.attached?.take();
        const ids = mentionedIn(text, this.chosen);
        const mentions = ids.length > 0 ? mentionsOf(ids) : undefined;
        this.replyTo = null;
        this.text.value = "";
        this.chosen.clear();
        this.showProblem("");
        this.#changed();
        this.on.send(text, replyTo, mentions, files);
    }

    #key(event) {
        if (isComposing(event)) {
            return;
        }
        if (this.completion?.key(event)) {
            return;
        }
        const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
        if (event.key === "Enter" && !event.shiftKey && hasKeyboard()) {
            event.preventDefault();
            this.#submit();
        } else if (event.key === "Escape" && (this.editing || this.replyTo)) {
            event.preventDefault();
            this.cancel();
        } else if (event.key === "ArrowUp" && isPlain && this.text.value === "") {
            const last = this.replyTo || this.editing ? null : this.on.lastOwn();
            if (last) {
                event.preventDefault();
                this.edit(last);
            }
        }
    }

    #typed() {
        this.showProblem("");
        this.#changed();
        this.#complete();
        if (this.editing) {
            return;
        }
        if (this.text.value) {
            this.on.typing();
        } else {
            this.on.stopped();
        }
    }

    #changed() {
        this.#drawAbout();
        this.#fit();
        this.on.changed(this.draft);
    }

    // ---- drawing ----

    /** Says which message is edited or replied to. */
    #drawAbout() {
        const id = this.editing ?? this.replyTo;
        const label = this.editing ? t("Editing") : t("Replying to");
        this.about.hidden = !id;
        if (!id) {
            this.about.drawn = null;
            return;
        }
        const found = this.on.find(id);
        if (found === this.about.drawn?.found && label === this.about.drawn.label) {
            return;
        }
        this.about.drawn = { found, label };
        const words = h("span", label, " ");
        fill(
            this.about,
            icon(this.editing ? "edit" : "reply"),
            words,
            iconButton("close", t("Cancel"), () => this.cancel(), { title: t("Cancel (Esc)") }),
        );
        const show = (message) =>
            fill(
                words,
                label,
                " ",
                h("b", this.on.name(message)),
                ": ",
                h("bdi", messageSummary(message)),
            );
        if (found instanceof Promise) {
            found.then(show, () => {});
        } else {
            show(found);
        }
    }

    #isTooLong() {
        const text = this.text.value.trim();
        const count = text.length > LONG ? [...text].length : 0;
        const over = count - MAX_LENGTH;
        this.length.hidden = count <= LONG;
        this.length.classList.toggle("over", over > 0);
        const words =
            over > 0
                ? t("{count} of {most} characters: too long by {over}.", {
                      count: number(count),
                      most: number(MAX_LENGTH),
                      over: number(over),
                  })
                : t("{count} of {most} characters.", {
                      count: number(count),
                      most: number(MAX_LENGTH),
                  });
        if (count > LONG && this.length.textContent !== words) {
            this.length.textContent = words;
        }
        return over > 0;
    }

    /** Makes the input as high as its text, where CSS cannot. */
    #fit() {
        const isComplete = this.#isComplete(this.text.value.trim());
        this.button.disabled = this.#isTooLong() || this.saving || !isComplete || this.#mustWait();
        if (this.attached) {
            this.attached.element.hidden = Boolean(this.editing) || this.attached.count === 0;
        }
        if (!CSS.supports("field-sizing", "content")) {
            this.text.style.height = "auto";
            this.text.style.height = `${this.text.scrollHeight}px`;
        }
    }
}
