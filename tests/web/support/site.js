/** A site in PHP, examples/php, behind a lighttpd of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { until } from "./wait.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../../examples/php");

/** A port of this machine that nobody listens on. */
export async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** Starts the site for one room of a chat; `stop()` ends it. */
export async function startSite({ port, chat, room }) {
    const env = { ...process.env, PWD: FOLDER, PORT: String(port), CHAT_URL: chat,
        CHAT_ROOM: String(room), CHAT_SECRET: "a secret of the site's" };
    env.PATH = `${env.PATH}:/usr/sbin`;
    const server = spawn("lighttpd", ["-D", "-f", join(FOLDER, "lighttpd.conf")],
        { cwd: FOLDER, env, stdio: ["ignore", "ignore", "inherit"] });
    const url = `http://127.0.0.1:${port}/`;
    await until(async () => {
        try {
            return (await fetch(url)).ok;
        } catch {
            return false;
        }
    }, 20, "a site that answers");
    return { url, async stop() {
        server.kill("SIGTERM");
        await once(server, "exit");
    } };
}
