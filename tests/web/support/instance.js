// A private instance of all servers, started by scripts/instance.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { until } from "./until.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const run = promisify(execFile);

// No test waits for costly password hashes, or for pushd to close its sockets gradually.
const FAST = {
    CONFAB_DRAIN_TIME: "0",
    CONFAB_RATE_LIMITS: "off",
    CONFAB_PASSWORD_MEMORY: "8",
    CONFAB_PASSWORD_PASSES: "1",
    // A request that gives up on Redis does not publish its event at once, and tests keep both
    // processors busy.
    CONFAB_REDIS_TIMEOUT: "200",
};

const foreign = ([name]) =>
    !name.startsWith("CONFAB_") &&
    !["LISTEN", "CGI", "MAKEFLAGS", "ELSEWHERE", "MADE_PAGE"].includes(name);

const running = new Set();

// When interrupted, leave the stopping to a detached process.
for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
        for (const { state, env } of running) {
            spawn("sh", ["-c", 'scripts/instance stop >/dev/null; rm -rf "$STATE"'], {
                cwd: ROOT,
                env: { ...env, STATE: state },
                detached: true,
                stdio: "ignore",
            });
        }
        process.exit(130);
    });
}

export class Instance {
    /** Starts an instance; `env` has variables of scripts/instance and CONFAB_<KEY>. */
    static async start(env = {}) {
        const system = new Instance();
        // A short path, since the paths of Unix sockets are limited.
        system.state = await mkdtemp("/tmp/confab-");
        system.env = {
            ...Object.fromEntries(Object.entries(process.env).filter(foreign)),
            STATE: system.state,
            PORT: "0",
            DEMO: "0",
            SUPERVISE: "0",
            LEASH: String(process.pid), // if this process is killed, its servers are
            ...FAST,
            ...env,
        };
        running.add(system);
        try {
            await system.#prepare();
            await system.start();
        } catch (error) {
            await system.close();
            throw error;
        }
        return system;
    }

    /** Copies a database and takes the page from those of tests/api: see template.py there. */
    async #prepare() {
        const command = ["-B", "-m", "support.prepare", this.state];
        const done = await run("/usr/bin/python3", command, { cwd: join(ROOT, "tests/api") });
        this.env.MADE_PAGE = done.stdout.trim();
    }

    /** Starts the servers that are not running. */
    async start() {
        await this.#script("start");
        const [port] = (await this.#file("web")).split(/\s/);
        this.url = `http://127.0.0.1:${port}`;
    }

    async close() {
        await this.#script("stop");
        await rm(this.state, { recursive: true, force: true });
        running.delete(this);
    }

    /** Stops "database", "redis", "api", "push" or "web" until the next start(). */
    async end(server, signal = "SIGKILL") {
        const pid = Number.parseInt(await this.#file(`${server}.pid`), 10);
        process.kill(pid, signal);
        await until(async () => !(await isAlive(pid)), 60, `the end of ${server}`);
    }

    /** The URL of pushd itself, bypassing the web server. */
    async pushUrl() {
        return `ws://127.0.0.1:${await this.#port("push")}`;
    }

    /** The number of sockets that pushd has closed because they read too slowly. */
    async slowReaders() {
        const answer = await fetch(`http://127.0.0.1:${await this.#port("metrics")}/metrics`);
        const [, count] = (await answer.text()).match(/^confab_.*reason="slow"} ([0-9]+)$/m);
        return Number(count);
    }

    async #port(kind) {
        const ports = await this.#file("push.ports");
        return Number(ports.match(new RegExp(`${kind}=([0-9]+)`))[1]);
    }

    #file(name) {
        return readFile(join(this.state, "run", name), "utf8");
    }

    /** Runs confabctl. */
    async confabctl(...words) {
        const program = join(ROOT, process.env.BUILD ?? "build/release", "confabctl");
        await run(program, ["-c", join(this.state, "confab.conf"), ...words], { env: this.env });
    }

    async #script(verb) {
        await run(join(ROOT, "scripts/instance"), [verb], { env: this.env, cwd: ROOT });
    }
}

async function isAlive(pid) {
    try {
        const stat = await readFile(`/proc/${pid}/stat`, "utf8");
        return !/\) [ZX]/.test(stat);
    } catch {
        return false;
    }
}
