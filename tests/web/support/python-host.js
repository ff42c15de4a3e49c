// Web servers that the Python modules of tests/api start: a shared host, with an application in PHP
// or without, or a site with confab at a path.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const API_TESTS = join(dirname(fileURLToPath(import.meta.url)), "../../api");

/** Starts a shared host as tests/api does; `kind`: "fcgid" or "cgi". */
export const startSharedHost = (kind) => start("support.serve_shared_host", kind);

/** Starts a site with confab at /chat; `kind`: "apache", "nginx" or "lighttpd". */
export const startPath = (kind) => start("support.serve_path", kind);

/**
 * Starts "wordpress" or "mediawiki" on a shared host that has confab in the folder chat; `home` is
 * the home folder of its owner.
 */
export const startPhpApplication = (kind) => start("support.serve_php_application", kind);

async function start(module, kind) {
    // In its own session an interrupt does not reach it; it ends when its input is closed.
    const host = spawn("/usr/bin/python3", ["-B", "-m", module, kind], {
        cwd: API_TESTS,
        stdio: ["pipe", "pipe", "inherit"],
        detached: true,
    });
    const ended = once(host, "exit");
    const [line] = await Promise.race([
        once(createInterface(host.stdout), "line"),
        ended.then(([status]) => {
            throw new Error(`${module}: ${status}`);
        }),
    ]);
    const [url, home] = line.split(" ");
    return {
        url,
        home,
        async close() {
            host.stdin.end();
            const [status] = await ended;
            if (status !== 0) {
                throw new Error(`${module} ended with ${status}`);
            }
        },
    };
}
