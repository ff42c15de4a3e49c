/** The class of the seed document: one room in one object. */

import { Confab, siteOf } from "./client.js";

const API = "/api/chat";

/** A room's channel that looks like a WebSocket which is never lost. */
class ChatSocket {
    #channel;

    constructor(channel) {
        this.#channel = channel;
        this.onopen = null;
        this.onmessage = null;
        this.onclose = null;
        channel.on("connected", () => this.onopen?.({ type: "open" }));
        channel.on("frame", (frame) =>
            this.onmessage?.({ type: "message", data: JSON.stringify(frame) }),
        );
        channel.on("closed", ({ code, detail }) =>
            this.onclose?.({ type: "close", code, reason: detail }),
        );
    }

    get readyState() {
        return { live: 1, closed: 3 }[this.#channel.state] ?? 0;
    }

    send(data) {
        this.#channel.say(JSON.parse(data));
    }

    close() {
        this.#channel.close();
    }
}

export class ChatManager {
    #options;
    #made = null;

    constructor(roomId, token = null, options = {}) {
        this.#options = options;
        this.roomId = roomId;
        this.token = token;
        this.socket = null;
        this.baseUrl = siteOf(options) + API;
    }

    // ---- REST: the parsed body, whatever the status ----

    getRooms() {
        return this.#body("GET", "/rooms/");
    }

    getMessages(limit = 50, offset = 0) {
        return this.#body("GET", `${this.#messages}?limit=${limit}&offset=${offset}`);
    }

    sendMessage(content, messageType = "text", replyToId = null) {
        return this.#body("POST", this.#messages, {
            content,
            message_type: messageType,
            reply_to_id: replyToId,
        });
    }

    async deleteMessage(messageId) {
        const { status } = await this.#ask("DELETE", `${this.#messages}${messageId}/`);
        return status === 204;
    }

    // ---- events ----

    connectWebSocket() {
        this.socket?.close();
        this.socket = new ChatSocket(this.#client().openRoom(this.roomId));
        this.socket.onmessage = (event) => this.handleRealtimeEvent(JSON.parse(event.data));
    }

    handleRealtimeEvent(data) {
        switch (data.type) {
            case "new_message":
                this.displayMessage(data.message);
                break;
            case "typing":
                this.showTypingIndicator(data.user);
                break;
            case "stop_typing":
                this.hideTypingIndicator(data.user);
                break;
            case "user_joined":
                this.showUserJoined(data.user);
                break;
            case "user_left":
                this.showUserLeft(data.user);
                break;
        }
    }

    startTyping() {
        this.socket?.send(JSON.stringify({ type: "typing" }));
    }

    stopTyping() {
        this.socket?.send(JSON.stringify({ type: "stop_typing" }));
    }

    // ---- what the application says of its own ----

    displayMessage() {}
    showTypingIndicator() {}
    hideTypingIndicator() {}
    showUserJoined() {}
    showUserLeft() {}

    // ---- the client beneath ----

    get #messages() {
        return `/rooms/${this.roomId}/messages/`;
    }

    async #body(method, path, body) {
        const answer = await this.#ask(method, path, body);
        return answer.body;
    }

    #ask(method, path, body) {
        return this.#client().exchange(method, API + path, body);
    }

    // The application may change baseUrl and token at any time.
    #client() {
        const url = this.baseUrl.replace(/\/api\/chat\/?$/, "");
        if (this.#made?.url !== url) {
            this.#made = new Confab({
                auth: this.token ? "token" : "cookie",
                storage: null,
                ...this.#options,
                url,
            });
        }
        this.#made.token = this.token ?? null;
        return this.#made;
    }
}
