// Telling the user: words that come and go at the foot of the chat, and desktop notifications.

import { h } from "./dom.js";
import { inWords } from "./form.js";
import { icon } from "./icons.js";

const SHOWN_MS = 8000;
const ALERTS = "confab-alerts";

/** The place for words about what happened. A screen reader says them as they come. */
export class Notices {
    constructor() {
        this.element = h("div", { class: "notices", role: "alert" });
    }

    show(words) {
        const same = [...this.element.children].find((one) => one.dataset.words === words);
        same?.remove();
        const notice = h(
            "div",
            { class: "notice", "data-words": words },
            h("span", {}, words),
            h(
                "button",
                {
                    class: "bare",
                    type: "button",
                    "aria-label": "Close this message",
                    onclick: () => notice.remove(),
                },
                icon("close"),
            ),
        );
        this.element.append(notice);
        setTimeout(() => notice.remove(), SHOWN_MS);
    }

    failed(error) {
        // Who is not logged in is shown the way in, and needs no words beside.
        if (error.status !== 401) {
            this.show(inWords(error));
        }
    }
}

function stored(value) {
    try {
        if (value === undefined) {
            return localStorage.getItem(ALERTS);
        }
        localStorage.setItem(ALERTS, value);
    } catch {
        // A browser that keeps nothing: then it is for this visit only.
    }
    return null;
}

/** Desktop notifications: only when the user has asked for them, and looks elsewhere. */
export class Alerts {
    constructor() {
        this.wanted = stored() === "on";
    }

    get possible() {
        return "Notification" in window;
    }

    get on() {
        return this.possible && this.wanted && Notification.permission === "granted";
    }

    /** Turns them on or off; asks the browser for leave. Returns what to tell the user. */
    async toggle() {
        if (this.on) {
            this.#want(false);
            return "Desktop notifications are off.";
        }
        if (!this.possible) {
            return "This browser has no desktop notifications.";
        }
        const answer = await Notification.requestPermission();
        this.#want(answer === "granted");
        return answer === "granted"
            ? "Desktop notifications are on."
            : "The browser does not allow notifications here. Its settings for this site can.";
    }

    #want(wanted) {
        this.wanted = wanted;
        stored(wanted ? "on" : "off");
    }

    /** Tells of a message, one notification for each room. */
    tell(room, message, open) {
        if (!this.on || (document.visibilityState === "visible" && document.hasFocus())) {
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
