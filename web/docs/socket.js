// A socket to watch: connects to a room or to the notifications, lists the frames, sends others.

import { h } from "../chat/ui/dom.js";

// Older frames are dropped from the list.
const MOST_FRAMES = 200;

class Watched {
    constructor(chat, log) {
        this.chat = chat;
        this.log = log;
        this.socket = null;
    }

    #tell(direction, text) {
        this.log.append(h(`li.${direction}`, h("code", text)));
        while (this.log.childElementCount > MOST_FRAMES) {
            this.log.firstElementChild.remove();
        }
        this.log.lastElementChild.scrollIntoView({ block: "nearest" });
    }

    open(path) {
        this.close();
        const address = this.chat.url.replace(/^http/, "ws") + path;
        const token = this.chat.token();
        const socket = new WebSocket(address, token ? ["confab", `token.${token}`] : ["confab"]);
        socket.onopen = () => this.#tell("state", `open: ${path}`);
        socket.onmessage = ({ data }) => this.#tell("in", data);
        socket.onclose = ({ code }) => this.#tell("state", `closed: ${code}`);
        this.socket = socket;
    }

    send(text) {
        if (this.socket?.readyState !== WebSocket.OPEN) {
            this.#tell("state", "not open");
            return;
        }
        this.socket.send(text);
        this.#tell("out", text);
    }

    close() {
        this.socket?.close();
        this.socket = null;
    }
}

/** The frames that clients may send, as options with their examples. */
function exampleOptions(events) {
    const names = Object.values(events.operations)
        .filter(({ action }) => action === "receive")
        .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split("/").pop()));
    return [...new Set(names)].map((name) => {
        const { title, examples } = events.components.messages[name];
        return h("option", { value: JSON.stringify(examples[0].payload) }, title);
    });
}

/** The form of the sockets of the schema. */
export function socketForm(chat, events) {
    const log = h("ol.frames", { "aria-live": "polite", "aria-label": "Frames" });
    const watched = new Watched(chat, log);
    const room = h("input", { inputmode: "numeric", placeholder: "notifications" });
    const since = h("input", { inputmode: "numeric", placeholder: "now" });
    const frame = h("input.wide", { value: '{"type":"ping"}', spellcheck: "false" });
    const example = h(
        "select",
        { "aria-label": "Example", onchange: () => (frame.value = example.value) },
        exampleOptions(events),
    );
    const connect = (event) => {
        event.preventDefault();
        const place = room.value.trim() || "notifications";
        const query = since.value.trim() ? `?since=${since.value.trim()}` : "";
        watched.open(`/ws/chat/${encodeURIComponent(place)}/${query}`);
    };
    const send = (event) => {
        event.preventDefault();
        watched.send(frame.value);
    };
    return h(
        "div.socket",
        h("h3", "Watch a socket"),
        h(
            "form",
            { onsubmit: connect },
            h("label", "Room", room),
            h("label", "Since", since),
            h("button", "Connect"),
            h("button", { type: "button", onclick: () => watched.close() }, "Close"),
        ),
        h(
            "form",
            { onsubmit: send },
            h("label", "Frame", frame),
            example,
            h("button", "Send frame"),
        ),
        log,
    );
}
