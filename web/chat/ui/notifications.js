// Informing the user: short notices at the foot of the chat, and desktop notifications.

import { t } from "../words.js";
import { button, errorText, iconButton } from "./controls.js";
import { h, isAttended, storageOf } from "./dom.js";
import { shorten } from "./format.js";

const NOTICE_MS = 8000;
const STORAGE_KEY = "confab-alerts";

/** Notices that disappear by themselves. A screen reader reads each when it appears. */
export class Notices {
    constructor() {
        this.timers = new Set();
        this.element = h("div.notices", { role: "alert" });
        // At the top: those that stay must not cover the input.
        this.kept = h("div.kept-notices", { role: "alert" });
    }

    show(text) {
        // The same text again replaces the first one.
        [...this.element.children].find((one) => one.dataset.words === text)?.remove();
        const close = iconButton("close", t("Close this message"), () => notice.remove());
        const notice = h("div.notice", { "data-words": text }, h("span", text), close);
        this.element.append(notice);
        const timer = setTimeout(() => {
            this.timers.delete(timer);
            notice.remove();
        }, NOTICE_MS);
        this.timers.add(timer);
    }

    close() {
        this.timers.forEach(clearTimeout);
        this.timers.clear();
    }

    /**
     * Shows a problem that stays until it is solved or given up: by `retry()`, by `giveUp()`, or by
     * the function that is returned.
     */
    keep(text, retry, giveUp) {
        const end = () => notice.remove();
        const again = button(t("Try again"), retry, "link");
        const close = iconButton("close", t("Close this message"), () => {
            end();
            giveUp();
        });
        const notice = h("div.notice", h("span", text), again, close);
        this.kept.append(notice);
        return end;
    }

    showError(error) {
        // After a 401 the login is shown, which says enough.
        if (error.status !== 401) {
            this.show(errorText(error));
        }
    }
}

/**
 * Desktop notifications, shown if the user enabled them and is looking elsewhere. Calls
 * `unsupported()` if the browser turns out not to show any.
 */
export class DesktopNotifications {
    constructor(unsupported) {
        this.unsupported = unsupported;
        this.storage = storageOf("localStorage");
        this.wanted = this.storage?.getItem(STORAGE_KEY) === "on";
        this.supported = "Notification" in window;
    }

    /**
     * Browsers on phones have the constructor, which throws: there only a service worker may show
     * notifications, and the page's policy (trusted types) lets no script register one. Without
     * the permission the constructor shows nothing, so it can be tried.
     */
    #try() {
        try {
            new Notification("").close();
        } catch {
            this.supported = false;
        }
    }

    get enabled() {
        return this.supported && this.wanted && Notification.permission === "granted";
    }

    /** Enables or disables them, asking for permission. Returns the text to show the user. */
    async toggle() {
        if (this.enabled) {
            this.#want(false);
            return t("Desktop notifications are off.");
        }
        if (this.supported && Notification.permission !== "granted") {
            this.#try();
        }
        if (!this.supported) {
            return t("This browser does not support desktop notifications.");
        }
        const permission = await Notification.requestPermission();
        this.#want(permission === "granted");
        return this.wanted
            ? t("Desktop notifications are on.")
            : t("Your browser blocks notifications. You can allow them in its site settings.");
    }

    #want(wanted) {
        this.wanted = wanted;
        try {
            this.storage?.setItem(STORAGE_KEY, wanted ? "on" : "off");
        } catch {
            // The storage is full: the choice lasts until the page is closed.
        }
    }

    /** Notifies of something in a room; the next notification of this room replaces it. */
    notify(room, title, text, open) {
        if (!this.enabled || isAttended()) {
            return;
        }
        let notification;
        try {
            notification = new Notification(title, {
                body: shorten(text, 200),
                tag: `confab-${room.room_id}`,
            });
        } catch {
            this.supported = false;
            this.unsupported();
            return;
        }
        notification.onclick = () => {
            window.focus();
            open();
            notification.close();
        };
    }
}
