// The files attached to the message being written: chosen, pasted or dropped. Each is made ready
// and sent at once, so that it is there when the message is. Loaded with the first one.

import { ConfabError } from "../../confab/http.js";
import { errorText, iconButton } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { addStyles } from "../ui/styles.js";
import { t, tn } from "../words.js";
import { acceptableName, fileErrorText, shortName, shownName, sizeText } from "./kinds.js";
import { prepared } from "./picture.js";
import { againButton, preview, progressOf } from "./view.js";

/** The most files of one message, as the API has it. */
const MOST = 10;
const EMPTY = "file_empty";
/** The zone for dropping is hidden when the pointer has not moved over it for this time (ms). */
const ZONE_MS = 600;

/** Some browsers give all that is pasted the same name. */
const withName = (file) =>
    new File([file], acceptableName(file.name || t("Picture")), { type: file.type });

/**
 * Calls `changed()` whenever the files or their states have changed, and `problem(text)` with what
 * could not be attached.
 */
export class Attachments {
    #items = [];
    #zoneTimer = null;
    #zone = null;

    constructor({ confab, people, room, changed, problem }) {
        Object.assign(this, { confab, room, changed, problem });
        this.list = h("ul", { "aria-label": t("Attached files") });
        this.status = h("span.unseen", { role: "status" });
        this.element = h("div.attachments", { hidden: true }, this.list, this.status);
        addStyles(people.root, "files/files.css");
    }

    get count() {
        return this.#items.length;
    }

    /** Whether a file failed, or there are too many: the user has to take some away. */
    get hasFailed() {
        return this.count > MOST || this.#items.some(({ error }) => error !== null);
    }

    /** For the draft. Those that are not ready yet have no key. */
    get keys() {
        return this.#items.map(({ upload }) => upload?.key).filter(Boolean);
    }

    /** Attaches files of the browser. */
    add(files) {
        this.hideZone();
        const room = MOST - this.#items.length;
        if (files.length > room) {
            this.#sayMost();
        }
        for (const file of files.slice(0, Math.max(0, room))) {
            const item = this.#put({ name: file.name || t("Picture"), size: file.size, file });
            this.#start(item);
        }
        this.#changed();
    }

    #sayMost() {
        this.problem(
            tn(MOST, "A message can have {count} file.", "A message can have up to {count} files."),
        );
    }

    /**
     * Attaches what was attached before a reload; or, `isTakenBack`, the files of a message that
     * was not sent.
     */
    async restore(keys, isTakenBack = false) {
        for (const key of keys) {
            try {
                const upload = await this.confab.keptUpload(key);
                if (upload && !this.keys.includes(key)) {
                    this.#use(this.#put(upload), upload);
                } else if (!upload && isTakenBack) {
                    const detail = "The file is not kept in this browser any longer.";
                    this.problem(errorText(new ConfabError(0, detail, { code: "file_lost" })));
                }
            } catch {
                // It stays in the browser for another try.
            }
        }
        if (this.count > MOST) {
            this.#sayMost();
        }
        this.#changed();
    }

    /** Gives the files to the message that is sent: uploads, or promises of them. */
    take() {
        const taken = this.#items.map(({ upload, starting }) => upload ?? starting);
        this.#items = [];
        this.#changed();
        return taken;
    }

    // ---- dropping ----

    /** Shows where files can be dropped, over `place`, while they are dragged. */
    showZone(place) {
        this.#zone ??= h(
            "div.drop-zone",
            h("span", icon("clip"), t("Drop files here to attach them")),
        );
        if (this.#zone.parentNode !== place) {
            place.append(this.#zone);
        }
        clearTimeout(this.#zoneTimer);
        this.#zoneTimer = setTimeout(() => this.hideZone(), ZONE_MS);
    }

    hideZone() {
        clearTimeout(this.#zoneTimer);
        this.#zone?.remove();
    }

    // ---- one file ----

    #put({ name, size, file = null }) {
        const item = { name, size, file, upload: null, starting: null, error: null };
        item.element = h("li.attachment");
        this.#items.push(item);
        this.list.append(item.element);
        this.#draw(item);
        return item;
    }

    #start(item) {
        item.error = null;
        item.starting = this.#begin(item);
        item.starting.then(
            (upload) => this.#use(item, upload),
            (error) => this.#failed(item, error),
        );
        this.#draw(item);
    }

    async #begin({ file, size }) {
        // A folder looks like a file that cannot be read.
        try {
            await file.slice(0, 1).arrayBuffer();
        } catch {
            throw new ConfabError(0, t("It cannot be read. Folders cannot be attached."));
        }
        if (size === 0) {
            throw new ConfabError(0, t("The file is empty."), { code: EMPTY });
        }
        const { blob, details } = await prepared(withName(file));
        return this.confab.upload(this.room.room_id, blob, { ...details, keep: true });
    }

    #use(item, upload) {
        item.upload = upload;
        // Removed while it was made ready.
        if (item.isRemoved) {
            upload.cancel();
            return;
        }
        Object.assign(item, { name: upload.name, size: upload.size });
        upload.on("change", () => this.#uploadChanged(item));
        this.#draw(item);
        this.#uploadChanged(item);
    }

    #uploadChanged(item) {
        const { upload } = item;
        if (!this.#items.includes(item)) {
            return;
        }
        item.error = upload.state === "failed" ? upload.error : null;
        if (upload.state === "done") {
            this.status.textContent = t("{name} is attached", { name: shownName(item) });
        }
        this.#draw(item);
        this.#changed();
    }

    #failed(item, error) {
        if (this.#items.includes(item)) {
            item.error = error;
            this.#draw(item);
            this.#changed();
        }
    }

    #retry(item) {
        if (item.upload) {
            item.upload.retry();
        } else {
            this.#start(item);
        }
        this.#changed();
    }

    #remove(item) {
        const at = this.#items.indexOf(item);
        item.isRemoved = true;
        item.upload?.cancel();
        this.#items = this.#items.filter((other) => other !== item);
        this.status.textContent = t("{name} is removed", { name: shownName(item) });
        this.#changed();
        const next = this.#items[Math.min(at, this.#items.length - 1)];
        if (next) {
            next.element.querySelector("button.bare").focus();
        } else {
            this.element.closest("form")?.querySelector("textarea").focus();
        }
    }

    // ---- drawing ----

    #changed() {
        const kept = this.#items.map(({ element }) => element);
        [...this.list.children].filter((one) => !kept.includes(one)).forEach((one) => one.remove());
        this.element.classList.toggle("empty", kept.length === 0);
        this.changed();
    }

    #draw(item) {
        const { element, upload, error } = item;
        const name = shownName(item);
        const canRetry = error !== null && error.code !== EMPTY;
        const hadFocus = element.contains(element.getRootNode().activeElement);
        const under =
            error !== null
                ? h("span.wrong", { role: "alert" }, fileErrorText(error), " ")
                : h("span.under", upload ? sizeText(item.size) : t("Preparing…"));
        element.classList.toggle("failed", error !== null);
        fill(
            element,
            upload?.thumbnail ? preview(upload) : icon("file"),
            h(
                "span.about-file",
                h("span.name", { dir: "auto", title: name }, shortName(item)),
                under,
                canRetry && againButton(() => this.#retry(item)),
                upload && error === null && progressOf(upload, name),
            ),
            iconButton("close", t("Remove {name}", { name }), () => this.#remove(item)),
        );
        if (hadFocus) {
            element.querySelector("button").focus();
        }
    }
}
