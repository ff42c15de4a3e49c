// What is shown in place of a room: which room to choose, an offer to join, or a problem.

import { button, errorText, iconButton } from "./ui/controls.js";
import { fill, h, mainTag } from "./ui/dom.js";
import { fullTime } from "./ui/format.js";
import { icon } from "./ui/icons.js";
import { t, tn } from "./words.js";

/** Why the user cannot join a room. */
export function whyNotJoined(error) {
    if (error.code !== "banned") {
        return errorText(error);
    }
    const { until } = error.body ?? {};
    return until
        ? t("You are banned from this room until {time}.", { time: fullTime(until) })
        : t("You are banned from this room.");
}

/** Calls `back()` for the button that leads back to the list of rooms on a small screen. */
export class Placeholder {
    constructor(people, back) {
        Object.assign(this, { people, back });
        this.element = h(`${mainTag(people.root)}.conversation`);
        // Whether it shows something about one room, which stays until another one is opened.
        this.isTaken = false;
    }

    clear() {
        fill(this.element);
    }

    /** No room is open. `user` is the logged-in user. */
    showNone(user, hasRooms) {
        const symbol = h("span.round", icon("chat"));
        if (hasRooms) {
            this.#fill(symbol, t("Choose a room"), t("Its messages appear here."));
        } else {
            const title = t("Welcome, {name}", {
                name: this.people.name(user.user_id, user.username),
            });
            // What guests may not do.
            const text = user.is_guest ? "" : t("Create a room, or join a public one.");
            this.#fill(symbol, title, text);
        }
    }

    /** Offers to join a public room that the user is not in. `join()` does it. */
    showJoin(room, join) {
        const problem = h("p.wrong", { role: "alert" });
        const action = button(
            t("Join room"),
            async () => {
                action.disabled = true;
                problem.textContent = "";
                try {
                    await join();
                } catch (error) {
                    problem.textContent = whyNotJoined(error);
                } finally {
                    action.disabled = false;
                }
            },
            "main",
        );
        const text = room.is_private
            ? t("You are not in this room.")
            : tn(
                  room.members_count,
                  "A public room with {count} member.",
                  "A public room with {count} members.",
              );
        const { people } = this;
        const actions = h("div.actions", action);
        this.#fill(people.roomAvatar(room), people.roomName(room), text, problem, actions);
        this.isTaken = true;
    }

    /** `retry()` tries again; `logout()` is null where the user does not log out here. */
    showProblem(iconName, { title, text, retry, logout }) {
        const again = h(
            "div.actions",
            button(t("Try again"), retry, "main"),
            logout && button(t("Log out"), logout),
        );
        // The same text again would make a screen reader repeat it.
        const isNew = this.element.querySelector("p")?.textContent !== text;
        this.#fill(h("span.round", icon(iconName)), title, text, again);
        if (isNew) {
            this.element.querySelector("p").setAttribute("role", "alert");
        }
        this.isTaken = true;
    }

    #fill(symbol, title, text, ...more) {
        const back = iconButton("back", t("All rooms"), this.back);
        back.classList.add("to-rooms");
        fill(
            this.element,
            h("div.bar.to-rooms", back),
            h("div.empty", symbol, h("h2", title), h("p", text), ...more),
        );
    }
}
