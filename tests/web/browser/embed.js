// The chat elsewhere: <confab-chat> in other pages, and in a folder of a site.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { AGAIN, account, loggedInUser, newUser, openWindow, world } from "../support/browser.js";
import { PASSWORD } from "../support/clients.js";
import { freePort, startFolder, startSite } from "../support/other-sites.js";
import { visitSite } from "../support/site-page.js";
import { pause, until } from "../support/until.js";
import "./setup.js";

test("the element shows one room to a logged-in user, in the page's colours", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    await person.post(room, "Rye is out, sorry.");
    await person.visit("/embed.html");
    await person.page
        .locator("confab-chat")
        .evaluate((element, id) => element.setAttribute("room", id), room);
    await person.sees("Rye is out, sorry.");
    await person.say("And rolls?");
    await person.sees("And rolls?");
    assert.equal(await person.page.getByRole("navigation").count(), 0);
    const colour = await person
        .button("Send")
        .evaluate((button) =>
            getComputedStyle(button.closest(".confab")).getPropertyValue("--accent"),
        );
    assert.match(colour, /#8a3d12/);
    await person.picture("embed");
});

test("the element is also one file, which asks for no other", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    await person.post(room, "Rye is out, sorry.");
    await person.page.route("**/embed.html", async (route) => {
        const response = await route.fetch(AGAIN);
        const text = await response.text();
        const body = text.replace("confab-chat.js", "confab-chat.min.js");
        await route.fulfill({ response, body });
    });
    await person.visit("/embed.html");
    await person.page
        .locator("confab-chat")
        .evaluate((element, id) => element.setAttribute("room", id), room);
    await person.sees("Rye is out, sorry.");
    await person.button("Details").click();
    await person.page.getByText("1 member").first().waitFor();
    const files = await person.page.evaluate(() =>
        performance
            .getEntriesByType("resource")
            .map(({ name }) => new URL(name).pathname)
            .filter((path) => /\.(js|css)$/.test(path)),
    );
    assert.deepEqual(files.sort(), ["/confab-chat.min.js", "/embed.css"]);
});

test("the element shows the login, and reports a room that it cannot show", async () => {
    const [owner, other] = [await account(), await openWindow()];
    const room = await owner.room("Private");
    await other.visit("/embed.html");
    await other.button("Log in").waitFor();
    await other.register();
    await other.visit("/embed.html");
    await other.page
        .locator("confab-chat")
        .evaluate((element, id) => element.setAttribute("room", id), room);
    await other.page.getByText("This room does not exist, or you are not a member.").waitFor();
});

test("a revoked token is reported, and a new one gives access again", async () => {
    const person = await account();
    const room = await person.room("Counter");
    const guest = await openWindow();
    await guest.visit("/embed.html");
    const give = (token) =>
        guest.page
            .locator("confab-chat")
            .evaluate(
                (element, values) =>
                    Object.entries(values).forEach(([name, value]) =>
                        element.setAttribute(name, value),
                    ),
                { room, token },
            );
    await give(person.token);
    await guest.field.waitFor();
    await fetch(`${world.system.url}/api/auth/token/`, {
        method: "DELETE",
        headers: { Authorization: `Token ${person.token}` },
    });
    await guest.page.getByText("You are not logged in").waitFor();
    person.token = null;
    const { token } = await person.api("POST", "auth/token/", {
        username: person.name,
        password: PASSWORD,
    });
    await give(token);
    await guest.field.waitFor();
});

async function longCounter(person) {
    const room = await person.room("Counter");
    await person.lines(room, 120);
    return room;
}

for (const [name, style] of [
    ["height: auto", "confab-chat { height: auto }"],
    ["100% in an auto parent", "confab-chat { height: 100% }"],
    ["display: inline", "confab-chat { display: inline; height: auto }"],
    ["* { all: unset }", "* { all: unset } head, style, script { display: none }"],
    ["a maximum", "confab-chat { height: auto; max-height: 320px }"],
    ["an inline block", "confab-chat { display: inline-block; height: auto }"],
]) {
    test(`the element does not grow with its messages: ${name}`, async () => {
        const person = await newUser();
        const room = await longCounter(person);
        const requests = [];
        person.page.on("request", (request) => {
            if (request.url().includes("/messages/")) {
                requests.push(request.url());
            }
        });
        await visitSite(
            person,
            `<main><confab-chat room="${room}" token="${person.token}"></confab-chat></main>`,
            { head: `<style>${style}</style>` },
        );
        await person.sees("Line 119");
        await pause(1500);
        const height = await person.page.evaluate(() => {
            const { shadowRoot } = document.querySelector("confab-chat");
            return shadowRoot.querySelector(".frame").getBoundingClientRect().height;
        });
        assert.ok(height > 200 && height <= 600, `${height} px`);
        assert.ok(requests.length <= 4, `${requests.length} requests`);
        await person.say("Within reach");
        await person.sees("Within reach");
    });
}

test("a page's text styles and its size of a rem do not reach into the element", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    await person.post(room, "Rye is out");
    const inherited = `letter-spacing: 5px; text-transform: uppercase; text-indent: 40px;
        text-shadow: 1px 1px red; line-height: 3; word-spacing: 9px; font-variant: small-caps;
        white-space: pre; text-align: right; cursor: wait`;
    const element = `<confab-chat room="${room}" token="${person.token}"></confab-chat>`;
    const styles = async (head) => {
        await visitSite(person, element, { head });
        await person.sees("Rye is out");
        return person.page.locator(".items .text").evaluate((node) => {
            const style = getComputedStyle(node);
            const names = [
                ...["letterSpacing", "textTransform", "textIndent", "textShadow", "lineHeight"],
                ...["wordSpacing", "fontVariant", "textAlign", "cursor", "fontSize", "padding"],
                ...["width", "fontFamily", "color"],
            ];
            return names.map((name) => `${name}: ${style[name]}`);
        });
    };
    const plain = await styles("");
    const wild = await styles(
        `<style>html { font-size: 62.5% } body, confab-chat { ${inherited} }</style>`,
    );
    assert.deepEqual(wild, plain);
    assert.ok(plain.includes("fontSize: 15px"), String(plain));
});

for (const [name, headers] of [
    [
        "a policy without style-src",
        (url) => ({
            "Content-Security-Policy":
                `default-src 'none'; script-src ${url}; ` +
                `connect-src ${url} ${url.replace("http", "ws")}`,
        }),
    ],
    ["COEP require-corp", () => ({ "Cross-Origin-Embedder-Policy": "require-corp" })],
]) {
    test(`the element has its styles under ${name}`, async () => {
        const person = await newUser();
        const room = await person.room("Counter");
        await person.post(room, "Rye is out");
        const element = `<confab-chat room="${room}" token="${person.token}"></confab-chat>`;
        await visitSite(person, element, { headers: headers(world.system.url) });
        await person.sees("Rye is out");
        const size = await person.page
            .locator(".items .text")
            .evaluate((node) => getComputedStyle(node).fontSize);
        assert.equal(size, "15px");
    });
}

test("styles that fail are reported, and requested again", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    await person.post(room, "Rye is out");
    let fails = true;
    await person.page.route("**/chat.css", (route) => (fails ? route.abort() : route.continue()));
    await visitSite(person, `<confab-chat room="${room}" token="${person.token}"></confab-chat>`);
    await person.page.getByText(/cannot be reached\. Trying again/).waitFor();
    fails = false;
    await person.sees("Rye is out");
});

test("an element that a build tool serves has all its styles from the chat", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    await person.post(room, "Rye is out");
    const asked = [];
    const folder = new URL("../../../web/", import.meta.url);
    const files = readdirSync(folder, { recursive: true }).filter((name) =>
        /\.(js|css)$/.test(name),
    );
    const paths = Object.fromEntries(
        files.map((name) => [
            `/assets/${name}`,
            (request, response) => {
                asked.push(name);
                response.writeHead(200, { "Content-Type": "text/javascript", Connection: "close" });
                response.end(readFileSync(new URL(name, folder)));
            },
        ]),
    );
    // The first styles may come after those that the chat adds.
    const added = person.page.waitForResponse("**/chat/files/files.css");
    await person.page.route("**/chat/base.css", async (route) => {
        await (await added).finished();
        await route.continue();
    });
    const { url } = world.system;
    const attributes = `server="${url}" room="${room}" token="${person.token}"`;
    await visitSite(person, `<confab-chat ${attributes}></confab-chat>`, {
        paths,
        script: "/assets/confab-chat.js",
    });
    await person.sees("Rye is out");
    await person.button("Emoji").click();
    await person.dialog().waitFor();
    const styled = await person.page.evaluate(() => {
        const { adoptedStyleSheets } = document.querySelector("confab-chat").shadowRoot;
        const rules = adoptedStyleSheets.flatMap(({ cssRules }) => [...cssRules]);
        const text = rules.map(({ cssText }) => cssText).join("");
        return [".items", ".attachments", ".emoji-groups"].filter((name) => text.includes(name));
    });
    assert.deepEqual(styled, [".items", ".attachments", ".emoji-groups"]);
    assert.ok(asked.includes("confab-chat.js"));
    assert.ok(!asked.some((name) => name.endsWith(".css")), String(asked));
});

test("a login in the element on another site lasts until the log-out", async () => {
    const person = await account();
    const { room_id: room } = await person.api("POST", "chat/rooms/", { name: "Counter" });
    const guest = await openWindow();
    const element = `<confab-chat room="${room}"></confab-chat>`;
    const url = await visitSite(guest, element);
    await guest.page.getByLabel("Username").fill(person.name);
    await guest.page.getByLabel("Password").fill(PASSWORD);
    await guest.button("Log in").click();
    await guest.field.waitFor();
    await guest.page.goto(url);
    await guest.field.waitFor();
    await guest.button("Log out").click();
    await guest.button("Log in").waitFor();
    await guest.page.goto(url);
    await guest.button("Log in").waitFor();
});

test("a click on a quote does not scroll the page around the element", async () => {
    const person = await newUser();
    const room = await longCounter(person);
    const { results } = await person.api("GET", `chat/rooms/${room}/messages/?limit=100`);
    await person.post(room, "A reply", { reply_to_id: results[60].message_id });
    await visitSite(
        person,
        `<p style="height: 900px">Above</p>
        <confab-chat room="${room}" token="${person.token}"></confab-chat>
        <p style="height: 900px">Below</p>`,
    );
    await person.sees("A reply");
    const quote = person.message("A reply").getByRole("button", { name: /^In reply to/ });
    await quote.scrollIntoViewIfNeeded();
    const before = await person.page.evaluate(() => window.scrollY);
    await quote.evaluate((node) => node.click());
    await person.page.locator(".message.flash").waitFor();
    await pause(300);
    assert.equal(await person.page.evaluate(() => window.scrollY), before);
    assert.ok(before > 0);
});

test("the script from two addresses, properties, and events", async () => {
    const [person, other] = [await newUser(), await account()];
    const room = await person.room("Counter", other);
    await visitSite(person, "<confab-chat hidden></confab-chat>", {
        head: `<script type="module" src="${world.system.url}/confab-chat.js?again"></script>`,
    });
    await person.page.evaluate(
        ({ id, token }) => {
            window.emitted = [];
            ["unread", "message", "error"].forEach((name) =>
                document.addEventListener(`confab-${name}`, ({ detail }) =>
                    window.emitted.push([name, detail.count ?? detail.message.content ?? "error"]),
                ),
            );
            const element = document.querySelector("confab-chat");
            Object.assign(element, { room: id, token, hidden: false });
        },
        { id: room, token: person.token },
    );
    await person.field.waitFor();
    const element = person.page.locator("confab-chat");
    assert.deepEqual(await element.evaluate((node) => [node.room, typeof node.token]), [
        room,
        "string",
    ]);
    await person.page.evaluate(() => {
        document.hasFocus = () => false;
    });
    await other.post(room, "Anybody here?");
    await person.sees("Anybody here?");
    const emitted = () => person.page.evaluate(() => window.emitted);
    await until(async () => (await emitted()).length === 2);
    assert.deepEqual(await emitted(), [
        ["message", "Anybody here?"],
        ["unread", 1],
    ]);
    for (const wrong of ["banana", "-1", "1.5", ""]) {
        await element.evaluate((node, value) => node.setAttribute("room", value), wrong);
        await person.page.getByText(`room="${wrong}" is not the number of a room.`).waitFor();
    }
    assert.equal((await emitted()).at(-1)[0], "error");
    // All rooms, of the same user.
    await element.evaluate((node) => {
        node.room = null;
    });
    await person.page.locator(".room", { hasText: "Counter" }).waitFor();
});

test("an element that is removed and added again leaves no socket behind", async () => {
    const person = await newUser();
    const room = await person.room("Counter");
    const open = new Set();
    person.page.on("websocket", (socket) => {
        open.add(socket);
        socket.on("close", () => open.delete(socket));
    });
    await visitSite(person, `<confab-chat room="${room}" token="${person.token}"></confab-chat>`);
    await person.field.waitFor();
    for (let i = 0; i < 5; i += 1) {
        await person.page.evaluate(() => {
            const element = document.querySelector("confab-chat");
            // What the chat does before the next frame is not done for one that is gone.
            element.shadowRoot.querySelector(".scroller").dispatchEvent(new Event("scroll"));
            element.remove();
            document.body.append(element);
        });
        await person.field.waitFor();
    }
    await until(() => open.size === 1);
});

test("a page of an origin that is not allowed says what to do", async () => {
    const guest = await openWindow();
    const port = await freePort();
    await visitSite(guest, "<confab-chat></confab-chat>", { port });
    await guest.page.getByText(`does not allow pages of http://127.0.0.1:${port}.`).waitFor();
    await guest.page.getByText("allowed_origins").waitFor();
    // The browser reports the refusal as well.
    guest.faults.splice(0);
});

test("a page in PHP logs its user in and shows the chat", async () => {
    const owner = await loggedInUser();
    const site = await startSite({ port: world.sitePort, chat: world.system.url });
    try {
        const guest = await openWindow();
        await guest.page.goto(site.url);
        const name = `guest${process.pid}`;
        await guest.page.getByLabel("Your name").fill(name);
        await guest.button("Log in").click();
        await guest.say("Hello from the shop");
        const [room] = (await owner.api("GET", "chat/rooms/?key=lobby")).results;
        await owner.api("POST", `chat/rooms/${room.room_id}/join/`);
        await owner.enter(room.room_id);
        await owner.sees("Hello from the shop");
        await owner.message("Hello from the shop").getByText(name).waitFor();
        await owner.say("Welcome");
        await guest.sees("Welcome");
        await guest.picture("php");
        // The same user again, now with an account.
        await guest.context.clearCookies();
        await guest.page.goto(site.url);
        await guest.page.getByLabel("Your name").fill(name);
        await guest.button("Log in").click();
        await guest.sees("Hello from the shop");
    } finally {
        await site.stop();
    }
});

test("the smallest chat of the documents runs under the policy of the chat's site", async () => {
    const [person, other] = [await newUser(), await account()];
    const room = await person.room("Kitchen", other);
    await other.post(room, "Already here");
    const text = await readFile(new URL("../../../docs/clients.md", import.meta.url), "utf8");
    const block = (kind) =>
        [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].find(
            ([, name, code]) => name === kind && /small-chat|new Confab\(\)/.test(code),
        )[2];
    const { headers } = await fetch(`${world.system.url}/index.html`);
    const policy = headers.get("Content-Security-Policy").replace(/frame-ancestors[^;]*;/, "");
    const site = await startFolder({
        port: await freePort(),
        chat: world.system.url,
        path: "/chat/",
        files: {
            "small.html": block("html").replace(
                "<!doctype html>",
                `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">`,
            ),
            "small-chat.js": block("js")
                .replace("/confab.js", "/chat/confab.js")
                .replace('"alice", "alice-demo"', `"${person.name}", "${PASSWORD}"`),
        },
    });
    try {
        await person.page.goto(`${site.url.replace("/chat/", "/")}small.html`);
        await person.page.locator("li", { hasText: "Already here" }).waitFor();
        await person.page.locator("input").fill("From the small chat");
        await person.button("Send").click();
        await person.page.locator("li", { hasText: "From the small chat" }).waitFor();
        await other.post(room, "Welcome");
        await person.page.locator("li", { hasText: "Welcome" }).waitFor();
    } finally {
        await site.stop();
    }
});

test("in a folder of a site, page, element and library request only that folder", async () => {
    const [owner, guest] = [await account(), await openWindow()];
    const room = await owner.room("Attic");
    const site = await startFolder({
        port: await freePort(),
        chat: world.system.url,
        path: "/~me/chat/",
    });
    try {
        const asked = [];
        guest.page.on("request", (request) => asked.push(request.url()));
        guest.page.on("websocket", (socket) => asked.push(socket.url().replace(/^ws/, "http")));
        await guest.page.goto(site.url);
        await guest.page.getByLabel("Name").fill(owner.name);
        await guest.page.getByLabel("Password").fill(PASSWORD);
        await guest.button("Log in").click();
        await guest.page.getByRole("navigation").getByRole("button", { name: /Attic/ }).click();
        await guest.say("From below the roof");
        await guest.sees("From below the roof");
        await guest.page.goto(`${site.url}embed.html`);
        await guest.page
            .locator("confab-chat")
            .evaluate((element, id) => element.setAttribute("room", id), room);
        await guest.sees("From below the roof");
        const { user, url } = await guest.page.evaluate(async (module) => {
            const { Confab } = await import(module);
            const confab = new Confab();
            return { user: await confab.me(), url: confab.url };
        }, `${site.url}confab.js`);
        assert.equal(user.username, owner.name);
        assert.equal(`${url}/`, site.url);
        assert.ok(asked.some((one) => one.startsWith(`${site.url}ws/chat/`)));
        assert.deepEqual(
            asked.filter((one) => !one.startsWith(site.url)),
            [],
        );
    } finally {
        await site.stop();
    }
});
