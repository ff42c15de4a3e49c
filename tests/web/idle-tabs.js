// node tests/web/idle-tabs.js [MINUTES [TABS]]: what a silent chat costs a shared host. For each
// request to the API Apache starts a program (plain CGI); besides it only MariaDB runs. That many
// tabs (200), two of them in Chromium, the others of the client library with its own times, are
// idle for MINUTES (10): no program may be started. Then a message is posted: each tab must have it
// within 2 s of its next request, on a machine that has nothing else to do.

import assert from "node:assert/strict";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { setDefaultAutoSelectFamily } from "node:net";

import { PACE } from "../../web/confab/pace.js";
import { openWindow, world } from "./support/browser.js";
import {
    anonymousClient,
    freshName,
    PASSWORD,
    record,
    roomOf,
    userClient,
} from "./support/clients.js";
import { startSharedHost } from "./support/python-host.js";
import { pause, until } from "./support/until.js";

const [minutes = 10, tabs = 200] = process.argv.slice(2).map(Number);
const USERS = 20;
const WINDOWS = 2;
/** After this time without a program the tabs are idle. */
const SETTLED = 20000;

setDefaultAutoSelectFamily(false);

/** Has each start of the program written to a file, and returns a function that counts them. */
async function countStarts({ home }) {
    const program = `${home}/public_html/chat/chat`;
    const file = `${home}/starts`;
    await rename(`${program}.cgi`, `${program}.program`);
    await writeFile(file, "");
    // Apache runs programs as another user.
    await chmod(file, 0o666);
    await writeFile(
        `${program}.cgi`,
        `#!/bin/sh\necho "$REQUEST_METHOD $REQUEST_URI" >>${file}\nexec ${program}.program\n`,
    );
    await chmod(`${program}.cgi`, 0o755);
    return async () => (await readFile(file, "utf8")).split("\n").slice(0, -1);
}

/** A client of the library as the page has one: the list of rooms and an open room. */
async function openTab(person, room) {
    const bells = [];
    const seen = async (url, options) => {
        if (url.includes("/bell/")) {
            bells.push(performance.now());
        }
        return fetch(url, options);
    };
    const client = anonymousClient(world.system, {
        token: person.token,
        pace: PACE,
        fetch: Object.assign(seen, { asked: [] }),
    });
    await client.me();
    client.openNotifications();
    const received = record(client.openRoom(room));
    const tab = { received, bells, receivedAt: null };
    received.channel.on("event", () => {
        tab.receivedAt ??= performance.now();
    });
    return tab;
}

async function openPage(room) {
    const person = await openWindow();
    await person.visit("/");
    await person.page.getByRole("button", { name: "Create an account" }).click();
    const name = freshName();
    await person.page.getByLabel("Username").fill(name);
    await person.page.getByLabel("Password").fill(PASSWORD);
    await person.page.getByRole("button", { name: "Create account" }).click();
    await person.page.getByText("No rooms yet").waitFor();
    await room.invite(name);
    await person.page.locator(".room", { hasText: "Kitchen" }).click();
    return person;
}

/** Waits until no program was started for a while. */
async function settle(starts) {
    for (let before = -1, now = 0; now !== before; now = (await starts()).length) {
        before = now;
        await pause(SETTLED);
    }
}

async function run() {
    const starts = await countStarts(world.system);
    const people = [];
    for (let number = 0; number < USERS; number += 1) {
        people.push(await userClient(world.system, { WebSocket: null }));
    }
    const [alice, ...others] = people;
    const room = await roomOf(alice, ...others);
    const listening = [];
    for (let number = 0; number < tabs - WINDOWS; number += 1) {
        listening.push(await openTab(people[number % USERS], room));
    }
    const invite = async (name) => {
        const { results } = await alice.users({ search: name });
        await alice.invite(room, results[0].user_id);
    };
    const pages = [];
    for (let number = 0; number < WINDOWS; number += 1) {
        pages.push(await openPage({ invite }));
    }
    await until(() => listening.every(({ received }) => received.channel.state === "polling"), 600);
    await settle(starts);

    const before = (await starts()).length;
    const read = () => listening.reduce((sum, { bells }) => sum + bells.length, 0);
    const readBefore = read();
    console.log(`${tabs} tabs are idle; ${before} programs until now`);
    await pause(minutes * 60000);
    const during = (await starts()).slice(before);
    console.log(`${minutes} min: ${during.length} programs, ${read() - readBefore} bells read`);

    listening.forEach((tab) => {
        tab.receivedAt = null;
    });
    await alice.postMessage(room, { content: "wake up" });
    // Bells that are read from now on have the new number, and some that were read just before.
    const postedAt = performance.now();
    await until(() => listening.every(({ receivedAt }) => receivedAt), 120, "all tabs receive it");
    await Promise.all(pages.map(({ page }) => page.getByText("wake up").first().waitFor()));
    const delays = listening
        .map(({ bells, receivedAt }) => {
            const asked = bells.filter((at) => at > postedAt && at < receivedAt);
            return receivedAt - (asked[0] ?? postedAt);
        })
        .sort((one, other) => one - other);
    const seconds = (part) => (delays[Math.floor((delays.length - 1) * part)] / 1000).toFixed(2);
    console.log(`received after the next bell: median ${seconds(0.5)} s, longest ${seconds(1)} s`);
    await settle(starts);
    const after = (await starts()).slice(before + during.length);
    console.log(`${after.length} programs for the message`);
    assert.deepEqual(during, []);
    assert.ok(delays.at(-1) < 2000);
    // One for the message, one for each tab, and those of the pages, which mark it as read.
    assert.ok(after.length <= 1 + tabs + 6 * WINDOWS, after.join("\n"));
}

await world.open(() => startSharedHost("cgi"));
let failure = null;
try {
    await run();
    await world.closeWindows();
} catch (error) {
    failure = error;
    console.error(error);
}
await world.close();
process.exit(failure ? 1 : 0);
