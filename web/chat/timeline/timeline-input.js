// Keys, fingers and clicks in the timeline: moving the focus from message to message, holding a
// finger on one, and its buttons.

/** How long (ms) a finger stays on a message to open its actions, and how far (px) it may move. */
const PRESS_MS = 450;
const PRESS_DISTANCE = 10;

/** The message that the Tab key leads to, if it is in this element; else null. */
export const tabStopIn = (element) => element.querySelector('.message[tabindex="0"]');

/**
 * `items()` gives the elements that are shown, in order. Calls `on.day(time)` for a click on a day,
 * `on.goTo(id, from)` for one on the quote in the message `from`, `on.answers(id)` and
 * `on.reacted(message, emoji)` for those on the number of replies and on a reaction,
 * `on.active(message, article)` when one is pointed at or focused, `on.entered(message, article)`
 * for Enter there, `on.left()` when the pointer or the focus has left the messages, `on.end()` for
 * the key End, `on.escaped()` for Escape on a message, `on.reactors(message, buttons)` when its
 * reactions are pointed at for the first time, and `on.pressed(message)` when a finger was held on
 * one.
 */
export class TimelineInput {
    constructor(items, on) {
        Object.assign(this, { items, on });
        this.isPressing = false;
    }

    /** The listeners of the element that has all messages. */
    listeners() {
        return {
            onkeydown: (event) => this.#key(event),
            onfocusin: (event) => {
                const article = event.target.closest(".message");
                if (article?.dataset.id) {
                    this.setTabStop(article);
                }
                this.#activate(article);
                this.#showReactors(event.target);
            },
            onfocusout: ({ relatedTarget, currentTarget }) =>
                !currentTarget.contains(relatedTarget) && this.on.left(),
            onpointerleave: () => this.on.left(),
            onpointerover: (event) => {
                if (event.pointerType !== "touch") {
                    this.#activate(event.target.closest(".message"));
                    this.#showReactors(event.target);
                }
            },
            onpointerdown: (event) => this.#startPress(event),
            onpointermove: (event) => this.#movePress(event),
            onpointerup: () => this.endPress(),
            onpointercancel: () => this.endPress(),
            // A browser's own menu for a long press would cover the actions.
            oncontextmenu: (event) => this.isPressing && event.preventDefault(),
            onclick: (event) => this.#clicked(event),
        };
    }

    // ---- fingers ----

    #startPress(event) {
        const article = event.target.closest(".message");
        this.endPress();
        if (event.pointerType !== "touch" || !article?.dataset.id) {
            return;
        }
        this.isPressing = true;
        this.pressedAt = [event.clientX, event.clientY];
        this.pressTimer = setTimeout(
            () => this.on.pressed(article.parentElement.message),
            PRESS_MS,
        );
    }

    #movePress(event) {
        const [x, y] = this.pressedAt ?? [event.clientX, event.clientY];
        if (Math.hypot(event.clientX - x, event.clientY - y) > PRESS_DISTANCE) {
            this.endPress();
        }
    }

    endPress() {
        clearTimeout(this.pressTimer);
        this.isPressing = false;
    }

    // ---- keys and clicks ----

    /** Makes one message the tab stop; the arrow keys move from it to its neighbours. */
    setTabStop(article) {
        this.items().forEach((item) => {
            const one = tabStopIn(item);
            if (one) {
                one.tabIndex = -1;
            }
        });
        article.tabIndex = 0;
    }

    /** A message is pointed at or has the focus; pending ones have no id and no actions. */
    #activate(article) {
        if (article?.dataset.id) {
            this.on.active(article.parentElement.message, article);
        }
    }

    #showReactors(target) {
        const bar = target.closest(".reactions");
        if (bar && !bar.hasNames) {
            bar.hasNames = true;
            this.on.reactors(bar.closest(".item").message, [...bar.children]);
        }
    }

    #key(event) {
        const article = event.target.closest(".message");
        if (!article || event.ctrlKey || event.metaKey) {
            return;
        }
        if (event.key === "Escape" && event.target !== article) {
            event.preventDefault();
            article.focus({ preventScroll: true });
            return;
        }
        if (event.target !== article) {
            return;
        }
        const shown = this.items();
        const at = shown.indexOf(article.parentElement);
        const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0 }[event.key];
        if (to !== undefined) {
            shown[to]?.querySelector(".message").focus();
        } else if (event.key === "End") {
            this.on.end();
        } else if (event.key === "Escape") {
            this.on.escaped();
        } else if (event.key === "Enter" && article.dataset.id) {
            this.on.entered(article.parentElement.message, article);
        } else {
            return;
        }
        event.preventDefault();
    }

    #clicked(event) {
        const button = event.target.closest("button");
        const { jump, answers, emoji } = button?.dataset ?? {};
        if (jump) {
            this.on.goTo(Number(jump), button.closest(".item").message?.message_id ?? 0);
        } else if (answers) {
            this.on.answers(Number(answers));
        } else if (emoji) {
            this.on.reacted(button.closest(".item").message, emoji);
        } else if (button?.closest(".separator.day")) {
            this.on.day(button.closest(".item").message.created_at);
        }
    }
}
