/** ChatManager: a small class for one room, as in the original description of the API. */

import { Confab, siteOf } from "./client.js";
import { errorOf } from "./http.js";

const API = "/api/chat";

/** A room's channel with the interface of a WebSocket; it reconnects by itself. */
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
        this.#channel.send(JSON.parse(data));
    }

    close() {
        this.#channel.close();
    }
}

export class ChatManager {
    #options;
    #confab = null;

    constructor(roomId, token = null, options = {}) {
        this.#options = options;
        this.roomId = roomId;
        this.token = token;
        this.socket = null;
        this.baseUrl = siteOf(options) + API;
    }

    // ---- REST: the parsed body, whatever the status, if it is the chat server's ----

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
        const { status } = await this.#exchange("DELETE", `${this.#messages}${messageId}/`);
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

    // ---- for the application to override ----

    displayMessage() {}
    showTypingIndicator() {}
    hideTypingIndicator() {}
    showUserJoined() {}
    showUserLeft() {}

    // ---- the underlying client ----

    get #messages() {
        return `/rooms/${this.roomId}/messages/`;
    }

    async #body(method, path, body) {
        const response = await this.#exchange(method, path, body);
        if (response.body === null && response.status >= 400) {
            throw errorOf(response);
        }
        return response.body;
    }

    #exchange(method, path, body) {
        return this.#client().exchange(method, API + path, body);
    }

    // The application may change baseUrl and token at any time.
    #client() {
        const url = this.baseUrl.replace(/\/api\/chat\/?$/, "");
        if (this.#confab?.url !== url) {
            this.#confab = new Confab({
                auth: this.token ? "token" : "cookie",
                storage: null,
                ...this.#options,
                url,
            });
        }
        this.#confab.token = this.token ?? null;
        return this.#confab;
    }
}
