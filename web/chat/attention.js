// Notifying the user: the title and the badge of the page, the number of unread messages for the
// site around it, desktop notifications.

import { isAttended } from "./ui/dom.js";
import { DesktopNotifications } from "./ui/notifications.js";

export const TITLE = document.title;
/** How long (ms) a notification waits for a tab at which the user is looking. */
const OTHER_TABS_MS = 300;

/**
 * `page`, `isShown` and `emit` as in App; `tabs` are the other tabs of the user. Calls
 * `unsupported()` if the browser turns out not to show desktop notifications.
 */
export class Attention {
    constructor({ page, isShown, emit, tabs, unsupported }) {
        Object.assign(this, { page, isShown, emit, tabs });
        this.desktop = new DesktopNotifications(unsupported);
        this.reported = 0;
        this.badge = null;
    }

    /** Shows the number of unread messages and the name of the open room, if there is one. */
    draw(unread, roomName) {
        if (this.reported !== unread) {
            this.reported = unread;
            this.emit("unread", { count: unread });
        }
        if (this.page) {
            const name = roomName === null ? TITLE : `${roomName} – ${TITLE}`;
            this.#drawBadge(unread);
            document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
        }
    }

    /** The badge of the installed page; other browsers have none. */
    #drawBadge(unread) {
        if (this.badge !== unread) {
            this.badge = unread;
            navigator.setAppBadge?.(unread).catch(() => {});
        }
    }

    /** Notifies of something unless the user is looking at this chat, here or in another tab. */
    notify(room, title, text, open) {
        if (isAttended() && this.isShown()) {
            this.tabs.tellAttended();
            return;
        }
        setTimeout(() => {
            // The other tab may have received it before this one.
            if (!this.tabs.attended(4 * OTHER_TABS_MS)) {
                this.desktop.notify(room, title, text, open);
            }
        }, OTHER_TABS_MS);
    }
}
