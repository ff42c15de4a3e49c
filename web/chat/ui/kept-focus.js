// Keeps the focus where it was: a control that is drawn again, goes away, or cannot be used for a
// moment must not leave a user of the keyboard at the beginning of the page.

/** Within each of these the focus goes to another control; the timeline does this by itself. */
const PLACES = "dialog, .details, .sidebar, .conversation";
const TIMELINE = ".scroller";

const isUsable = (control) =>
    control.isConnected && !control.disabled && control.getClientRects().length > 0;

const nameOf = (control) => control.getAttribute("aria-label") ?? control.textContent;

/** What Tab reaches in a place. On a touch screen a text field would open the keyboard. */
function controlsOf(place) {
    const fields = window.matchMedia("(hover: none)").matches ? "" : ", input, select, textarea";
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
            control.focus({ preventScroll: true });
        } else if (control.isConnected && control.disabled) {
            // Until it can be used again.
        } else if (this.isOpen) {
            const all = controlsOf(place);
            const next =
                all.find((one) => nameOf(one) === name) ?? all[Math.min(at, all.length - 1)];
            next?.focus({ preventScroll: true });
        } else {
            this.before?.restore();
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

/** Begins to keep the focus in `root`, the element of the chat, until `signal` ends it. */
export function keepFocus(root, signal) {
    if (signal.aborted) {
        return;
    }
    let last = null;
    const focused = ({ target }) => {
        last = target.closest(TIMELINE) ? null : new Kept(target, beforeOf(target, last));
    };
    // It has gone elsewhere, unless the control cannot have it any more.
    const left = () =>
        setTimeout(() => {
            const isLeft = last && root.getRootNode().activeElement !== last.control;
            if (isLeft && isUsable(last.control)) {
                last = null;
            }
        });
    root.addEventListener("focusin", focused, { signal });
    root.addEventListener("focusout", left, { signal });
    const changes = new MutationObserver(() => {
        if (last && [null, document.body].includes(document.activeElement)) {
            last.restore();
        }
    });
    const attributeFilter = ["disabled", "hidden", "open"];
    changes.observe(root, { childList: true, subtree: true, attributeFilter });
    signal.addEventListener("abort", () => changes.disconnect());
}
