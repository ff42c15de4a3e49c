// Telling the user: short notices at the foot of the chat, and desktop notifications.

import { errorText, iconButton } from "./controls.js";
import { h } from "./dom.js";

const NOTICE_MS = 8000;
const STORAGE_KEY = "confab-alerts";

/** Notices that disappear by themselves. A screen reader reads each when it appears. */
export class Notices {
    constructor() {
        this.element = h("div.notices", { role: "alert" });
    }

    show(text) {
        // The same text again replaces the first one.
        [...this.element.children].find((one) => one.dataset.words === text)?.remove();
        const close = iconButton("close", "Close this message", () => notice.remove());
        const notice = h("div.notice", { "data-words": text }, h("span", text), close);
        this.element.append(notice);
        setTimeout(() => notice.remove(), NOTICE_MS);
    }

    showError(error) {
        // After a 401 the login is shown, which says enough.
        if (error.status !== 401) {
            this.show(errorText(error));
        }
    }
}

/** Desktop notifications, shown if the user enabled them and is looking elsewhere. */
export class DesktopNotifications {
    constructor() {
        try {
            this.wanted = localStorage.getItem(STORAGE_KEY) === "on";
        } catch {
            this.wanted = false; // the browser forbids storage
        }
    }

    get supported() {
        return "Notification" in window;
    }

    get enabled() {
        return this.supported && this.wanted && Notification.permission === "granted";
    }

    /** Enables or disables them, asking for permission. Returns the text to show the user. */
    async toggle() {
        if (this.enabled) {
            this.#want(false);
            return "Desktop notifications are off.";
        }
        if (!this.supported) {
            return "This browser does not support desktop notifications.";
        }
        const permission = await Notification.requestPermission();
        this.#want(permission === "granted");
        return this.wanted
            ? "Desktop notifications are on."
            : "Your browser blocks notifications. You can allow them in its site settings.";
    }

    #want(wanted) {
        this.wanted = wanted;
        try {
            localStorage.setItem(STORAGE_KEY, wanted ? "on" : "off");
        } catch {
            // Without storage the choice lasts until the page is closed.
        }
    }

    /** Notifies of a message; a newer one of the same room replaces it. */
    notify(room, message, open) {
        if (!this.enabled || (document.visibilityState === "visible" && document.hasFocus())) {
            return;
        }
        const title = room.is_direct
            ? message.sender_username
            : `${message.sender_username} in ${room.name}`;
        const notification = new Notification(title, {
            body: message.content.slice(0, 200),
            tag: `confab-${room.room_id}`,
        });
        notification.onclick = () => {
            window.focus();
            open();
            notification.close();
        };
    }
}
