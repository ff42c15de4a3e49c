// What tests do on the host of an application in PHP: shell commands of its owner, and the steps of
// a README.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";

import { openWindow, world } from "./browser.js";
import { startPhpApplication } from "./python-host.js";

const EXAMPLES = fileURLToPath(new URL("../../../examples/", import.meta.url));

/** The password of the administrator, and of all users that tests make. */
export const PASSWORD = "correct horse battery";

/** The timeout (ms) for anything to appear: each page starts PHP, and each request a program. */
const PATIENCE = 40000;

/** The README of a plugin: its blocks, and what it says in bold. */
export class Readme {
    static async of(plugin) {
        const readme = new Readme();
        readme.text = await readFile(join(EXAMPLES, plugin, "README.md"), "utf8");
        return readme;
    }

    /** The lines of the block that begins with ``` and this mark. */
    block(mark) {
        const [, found] = this.text.match(new RegExp(`^\`\`\`${mark}\n(.*?)^\`\`\``, "ms")) ?? [];
        if (found === undefined) {
            throw new Error(`the README has no block ${mark}`);
        }
        return found;
    }

    /** A name of the user interface, which has to be in the README. */
    named(name) {
        if (!this.text.includes(`**${name}**`)) {
            throw new Error(`the README does not name ${name}`);
        }
        return name;
    }
}

/**
 * Starts the application for all tests of a file, and closes their windows. Returns an object that
 * has the README of its plugin once they run.
 */
export function useApplication(kind) {
    const application = { readme: null };
    before(async () => {
        await world.open(() => startPhpApplication(kind));
        application.readme = await Readme.of(kind);
    });
    afterEach(() => world.closeWindows());
    after(() => world.close());
    return application;
}

/**
 * Runs a shell script as the owner of the host, in the home folder, or in the folder from which
 * confab was installed; resolves to its output.
 */
export async function asOwner(script, { folder = world.system.home, env = {} } = {}) {
    const { uid, gid } = await stat(world.system.home);
    const shell = spawn("sh", ["-ec", script], {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: world.system.home, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        ...(process.getuid() === 0 ? { uid, gid } : {}),
    });
    const ended = once(shell, "close");
    const [output, errors] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
    const [status] = await ended;
    if (status !== 0) {
        throw new Error(`${script}: ${status}\n${output}${errors}`);
    }
    return output;
}

/** Where "make shared-install" has put what the owner of the host has unpacked. */
export const unpacked = () => join(world.system.home, "..", "shared");

/** Does something while the chat cannot be reached. */
export async function withoutChat(work) {
    const program = join(world.system.home, "public_html", "chat", "chat.cgi");
    await rename(program, `${program}.away`);
    try {
        await work();
    } finally {
        await rename(`${program}.away`, program);
    }
}

/** Runs the blocks of the README that make a secret and a key, and copy the plugin. */
export async function installPlugin(readme, copy) {
    const printed = await asOwner(readme.block("sh shared"));
    await asOwner(readme.block(`sh ${copy}`), { folder: unpacked() });
    const [, secret] = printed.match(/^Secret: +(\S+)$/m);
    const [, key] = printed.match(/^API key: +(\S+)$/m);
    return { secret, key };
}

const logins = new Map();

/** A window of a user of the site, whom `logIn(page)` logs in if no window has before. */
export async function visitorOf(name, logIn) {
    const person = await openWindow({
        viewport: { width: 1280, height: 1000 },
        storageState: logins.get(name),
    });
    person.context.setDefaultTimeout(PATIENCE);
    if (!logins.has(name)) {
        await logIn(person.page);
        logins.set(name, await person.context.storageState());
    }
    return person;
}

/** After a logout: the next window logs in again. */
export const forgetLogin = (name) => logins.delete(name);

/** Fetches a token as the element in this page does, and logs in to the chat by it. */
export async function loginOf(person) {
    const token = await person.page.evaluate(async () => {
        const element = document.querySelector("confab-chat");
        const answer = await fetch(element.getAttribute("token-url"));
        return (await answer.json()).jwt;
    });
    const answer = await fetch(`${world.system.url}/chat/api/auth/jwt/`, {
        method: "POST",
        body: JSON.stringify({ jwt: token }),
        headers: { "Content-Type": "application/json", Connection: "close" },
    });
    if (!answer.ok) {
        throw new Error(`${answer.status} ${await answer.text()}`);
    }
    return answer.json();
}

/**
 * Makes a request to the chat, with a token or null, and with fields as a POST; resolves to
 * { status, body }.
 */
export async function chatApi(token, path, fields = null) {
    const answer = await fetch(`${world.system.url}/chat/api/${path}`, {
        method: fields ? "POST" : "GET",
        headers: {
            Connection: "close",
            ...(token ? { Authorization: `Token ${token}` } : {}),
            ...(fields ? { "Content-Type": "application/json" } : {}),
        },
        body: fields ? JSON.stringify(fields) : undefined,
    });
    return { status: answer.status, body: await answer.json() };
}

/** Whether this user is an admin of the room of the page. */
export async function isAdmin(person) {
    const { token } = await loginOf(person);
    const key = await person.page.locator("confab-chat").getAttribute("room-key");
    const { body } = await chatApi(token, `chat/rooms/?key=${key}`);
    return body.results[0].is_admin;
}
