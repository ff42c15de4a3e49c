// Messages between the tabs of one browser, so that none of them shows as unread, or
// announces, what is read in another. Other devices are noticed by comparing with the server.

/**
 * The tabs of one user. Calls `on.read(roomId, messageId)` when a room was read in another tab up
 * to a message, and `on.message(message)` when this user wrote one there.
 */
export class Tabs {
    constructor(name, on) {
        this.attendedAt = -Infinity;
        this.channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
        this.channel?.addEventListener("message", ({ data }) => {
            if (data?.type === "read") {
                on.read(data.room_id, data.message_id);
            } else if (data?.type === "message") {
                on.message(data.message);
            } else if (data?.type === "attended") {
                this.attendedAt = performance.now();
            }
        });
    }

    tellRead(roomId, messageId) {
        this.channel?.postMessage({ type: "read", room_id: roomId, message_id: messageId });
    }

    tellMessage(message) {
        this.channel?.postMessage({ type: "message", message });
    }

    /** The user is looking at this tab while a message arrives. */
    tellAttended() {
        this.channel?.postMessage({ type: "attended" });
    }

    /** Whether the user was looking at another tab in the last `time` ms. */
    attended(time) {
        return performance.now() - this.attendedAt < time;
    }

    /** Later calls, such as after a message that was being sent, have no effect. */
    close() {
        this.channel?.close();
        this.channel = null;
    }
}
