// The text below the messages while there is a problem with the connection.

import { t, tn } from "../words.js";

/**
 * A text about the connection of a channel in this state, "" while all is well. `unsent`: how many
 * messages wait.
 */
export function connectionText(state, channel, unsent) {
    const waiting =
        unsent > 0
            ? tn(
                  unsent,
                  "{count} message waiting to be sent.",
                  "{count} messages waiting to be sent.",
              )
            : "";
    switch (state) {
        case "offline":
            return unsent > 0
                ? tn(
                      unsent,
                      "You are offline. {count} message will be sent when you reconnect.",
                      "You are offline. {count} messages will be sent when you reconnect.",
                  )
                : t("You are offline. Messages will be sent when you reconnect.");
        case "waiting":
            return `${t("Connection lost. Trying again…")} ${waiting}`.trim();
        case "connecting":
            return channel.seq === null ? "" : `${t("Reconnecting…")} ${waiting}`.trim();
        case "polling":
            return t("Live updates are not available here; new messages take a little longer.");
        default:
            return "";
    }
}
