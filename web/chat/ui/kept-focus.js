// Keeps the focus where it was: a control that is drawn again, goes away, or cannot be used for a
// moment must not leave a user of the keyboard at the beginning of the page.

/** Within each of these the focus goes to another control. */
const PLACES = ".message, dialog, .details, .sidebar, .conversation";
/** What else is in the timeline, which moves the focus by itself. */
const TIMELINE = ".scroller";

const isUsable = (control) =>
    control.isConnected && !control.disabled && control.getClientRects().length > 0;

/** The button of a reaction also has a number. */
const nameOf = (control) =>
    control.dataset.emoji ?? control.getAttribute("aria-label") ?? control.textContent;

/** Messages that are not sent yet have no id. */
const idOf = (message) => message.dataset.id ?? message.getAttribute("aria-label");

const focus = (control) => control?.focus({ preventScroll: true });

/** On a touch screen the focus of a text field would open the keyboard. */
const hasTouch = () => window.matchMedia("(hover: none)").matches;

/** What Tab reaches in a place. */
function controlsOf(place) {
    const fields = hasTouch() ? "" : ", input, select, textarea";
    return [...place.querySelectorAll(`button, a[href]${fields}`)].filter(
        (control) => control.tabIndex >= 0 && isUsable(control),
    );
}

/** A control that has got the focus, and `before`, the one before the dialog around it. */
class Kept {
    constructor(control, before) {
        this.control = control;
        this.place = control.closest(PLACES);
        this.name = nameOf(control);
        this.at = this.place ? controlsOf(this.place).indexOf(control) : 0;
        this.before = before;
    }

    get isOpen() {
        return this.place !== null && this.place.isConnected && this.place.open !== false;
    }

    /** Focuses the control, the one that has taken its place, or what had the focus before. */
    restore() {
        const { control, place, name, at } = this;
        if (isUsable(control)) {
            focus(control);
        } else if (control.isConnected && control.disabled) {
            // Until it can be used again.
        } else if (this.isOpen) {
            const all = controlsOf(place);
            focus(all.find((one) => nameOf(one) === name) ?? all[Math.min(at, all.length - 1)]);
        } else {
            this.before?.restore();
        }
    }
}

/** A message, or a control in it: each change of a message gives it another element. */
class KeptInMessage {
    constructor(control) {
        this.control = control;
        this.place = control.closest(".message");
        this.name = nameOf(control);
        this.id = idOf(this.place);
        this.conversation = this.place.closest(".conversation");
        this.before = null;
    }

    get isOpen() {
        return this.conversation.isConnected;
    }

    /** Whether this is the new element of the message. */
    isDrawnAgain(message) {
        return !this.control.isConnected && idOf(message) === this.id;
    }

    /** Focuses the same control, the message, or what is next to it. */
    restore() {
        const { control, conversation, id, name } = this;
        if (isUsable(control)) {
            focus(control);
            return;
        }
        const message = [...conversation.querySelectorAll(".message")].find(
            (one) => idOf(one) === id,
        );
        if (message?.dataset.id) {
            // That shows its actions, too.
            focus(message);
        }
        const own = [...(message?.querySelectorAll("button, a[href], summary") ?? [])];
        const same = own.find((one) => nameOf(one) === name && isUsable(one));
        if (same) {
            focus(same);
        } else if (!this.place.dataset.id) {
            focus(hasTouch() ? null : conversation.querySelector("textarea"));
        } else if (!message) {
            focus(conversation.querySelector('.message[tabindex="0"]'));
        }
    }
}

/** What had the focus before a dialog, or before what is in none of the places. */
function beforeOf(control, last) {
    const place = control.closest(PLACES);
    if (!last || (place && !place.matches("dialog"))) {
        return null;
    }
    return last.place === place || !last.isOpen ? last.before : last;
}

function keptOf(control, last) {
    if (control.closest(".conversation .message")) {
        return new KeptInMessage(control);
    }
    return control.closest(TIMELINE) ? null : new Kept(control, beforeOf(control, last));
}

/** Begins to keep the focus in `root`, the element of the chat, until `signal` ends it. */
export function keepFocus(root, signal) {
    if (signal.aborted) {
        return;
    }
    let last = null;
    // The actions on a message are removed while the focus goes elsewhere: it is not lost then.
    const isMessage = () => last?.place?.dataset.id !== undefined;
    const restoreIfLost = () => {
        if (last && !isMessage() && [null, document.body].includes(document.activeElement)) {
            last.restore();
        }
    };
    const focused = ({ target }) => {
        const before = last;
        last = keptOf(target, last);
        if (target.matches(".message") && before?.isDrawnAgain?.(target)) {
            before.restore();
        }
    };
    // It has gone elsewhere, unless the control cannot have it any more.
    const left = () =>
        setTimeout(() => {
            const isLeft = last && root.getRootNode().activeElement !== last.control;
            if (isLeft && (isMessage() || isUsable(last.control))) {
                last = null;
            }
            restoreIfLost();
        });
    root.addEventListener("focusin", focused, { signal });
    root.addEventListener("focusout", left, { signal });
    const changes = new MutationObserver(restoreIfLost);
    const attributeFilter = ["disabled", "hidden", "open"];
    changes.observe(root, { childList: true, subtree: true, attributeFilter });
    signal.addEventListener("abort", () => changes.disconnect());
}
