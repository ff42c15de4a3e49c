// Other sites than the chat's own, each with a lighttpd.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { SECRET } from "./jwt.js";
import { until } from "./until.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../../examples/php");

/** A free port. */
export async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** Starts examples/php, a site in PHP, for a chat; `stop()` ends it. */
export function startSite({ port, chat }) {
    return serve(FOLDER, join(FOLDER, "lighttpd.conf"), `http://127.0.0.1:${port}/`, {
        PORT: String(port),
        CHAT_URL: chat,
        CHAT_SECRET: SECRET,
    });
}

/** Starts a site with the chat in the folder `path` ("/team/"), and `files` of its own, by name. */
export async function startFolder({ port, chat, path, files = {} }) {
    const home = await mkdtemp(join(tmpdir(), "confab-folder-"));
    for (const [name, text] of Object.entries(files)) {
        await writeFile(join(home, name), text);
    }
    const { hostname, port: chatPort } = new URL(chat);
    await writeFile(
        join(home, "lighttpd.conf"),
        `
        server.modules = ("mod_proxy")
        server.document-root = "${home}"
        server.upload-dirs = ("${home}")
        server.bind = "127.0.0.1"
        mimetype.assign = (".html" => "text/html", ".js" => "text/javascript")
        server.port = ${port}
        server.feature-flags = ("server.h2proto" => "disable")
        $HTTP["url"] =^ "${path}" {
            proxy.server = ("" => (("host" => "${hostname}", "port" => ${chatPort})))
            proxy.header = ("map-urlpath" => ("${path}" => "/"), "upgrade" => "enable")
        }`,
    );
    const site = await serve(home, join(home, "lighttpd.conf"), `http://127.0.0.1:${port}${path}`);
    return {
        url: site.url,
        async stop() {
            await site.stop();
            await rm(home, { recursive: true });
        },
    };
}

async function serve(folder, configuration, url, variables = {}) {
    const env = { ...process.env, PWD: folder, ...variables };
    env.PATH = `${env.PATH}:/usr/sbin`;
    const server = spawn("lighttpd", ["-D", "-f", configuration], {
        cwd: folder,
        env,
        stdio: ["ignore", "ignore", "inherit"],
    });
    await until(
        async () => {
            try {
                return (await fetch(url)).ok;
            } catch {
                return false;
            }
        },
        20,
        "a site that answers",
    );
    return {
        url,
        async stop() {
            server.kill("SIGTERM");
            await once(server, "exit");
        },
    };
}
