// The element on a site with users of its own: they are logged in by the site's signed token.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AGAIN, openWindow, world } from "../support/browser.js";
import { freshName } from "../support/clients.js";
import { Instance } from "../support/instance.js";
import { sign } from "../support/jwt.js";
import { visitSite } from "../support/site-page.js";
import { pause, until } from "../support/until.js";
import "./setup.js";

const TOKEN_URL = "/chat-token.php";

/**
 * A site whose page has this element, and whose token-url answers for `site.user`: claims, or null
 * without a login. `site.asked` counts the requests.
 */
async function siteOf(person, html, user, more = {}) {
    const site = { user, asked: 0, cookies: [], ...more };
    const paths = {
        [TOKEN_URL]: (request, response) => {
            site.asked += 1;
            site.cookies.push(request.headers.cookie ?? "");
            if (site.answer) {
                site.answer(response);
                return;
            }
            response.writeHead(site.user ? 200 : 401, { Connection: "close" });
            response.end(site.user ? sign(site.user) : "");
        },
    };
    site.url = await visitSite(person, html, { paths });
    return site;
}

const keyed = (key, more = "") =>
    `<confab-chat room-key="${key}" token-url="${TOKEN_URL}" ${more}></confab-chat>`;

/** Claims of a visitor, in a room for this key. */
const visitor = (key, name) => ({
    sub: freshName(),
    name,
    rooms: [{ key, name: "Algebra", role: "member" }],
});

/** Logs in as a user of the site, beside the element; returns the token. */
async function tokenOf(claims) {
    const answer = await fetch(`${world.system.url}/api/auth/jwt/`, {
        method: "POST",
        body: JSON.stringify({ jwt: sign(claims) }),
        headers: { "Content-Type": "application/json", Connection: "close" },
    });
    assert.equal(answer.status, 200);
    return (await answer.json()).token;
}

async function endSessions(token) {
    const answer = await fetch(`${world.system.url}/api/auth/sessions/`, {
        method: "DELETE",
        headers: { Authorization: `Token ${token}`, Connection: "close" },
    });
    assert.equal(answer.status, 204);
}

test("each visitor is in the room of the page, under the own name", async () => {
    const key = `course-${freshName()}`;
    const [ann, ben] = [await openWindow(), await openWindow()];
    const site = await siteOf(ann, keyed(key), visitor(key, "Ann of Green Gables"));
    await ann.page.locator("header").getByRole("heading", { name: "Algebra" }).waitFor();
    await ann.say("Is this the lecture?");
    await ann.sees("Is this the lecture?");
    assert.equal(site.asked, 1);
    // The second visitor of the same page.
    await ann.page.evaluate(() => {
        window.emitted = [];
        ["unread", "message", "error"].forEach((name) =>
            document.addEventListener(`confab-${name}`, (event) =>
                window.emitted.push([name, event.detail.message?.content ?? event.detail.count]),
            ),
        );
        document.hasFocus = () => false;
    });
    site.user = visitor(key, "Ben");
    await ben.page.goto(site.url);
    await ben
        .message("Is this the lecture?")
        .locator(".sender", { hasText: "Ann of Green Gables" })
        .waitFor();
    await ben.say("It is.");
    await ann.message("It is.").locator(".sender", { hasText: "Ben" }).waitFor();
    await until(async () => (await ann.page.evaluate(() => window.emitted.length)) === 2);
    assert.deepEqual(await ann.page.evaluate(() => window.emitted), [
        ["message", "It is."],
        ["unread", 1],
    ]);
    // The element offers no logout.
    assert.equal(await ann.page.getByRole("button", { name: "Log out" }).count(), 0);
    await ann.picture("site-user");
});

test("a login that has ended is renewed, and what is written then is sent", async () => {
    const key = `course-${freshName()}`;
    const person = await openWindow();
    const site = await siteOf(person, keyed(key), visitor(key, "Ann"));
    await person.say("First");
    await person.sees("First");
    const confab = await tokenOf(site.user);
    await endSessions(confab);
    await until(() => site.asked === 2);
    await person.say("Second");
    await person.sees("Second");
    // Without a request, too: the socket is closed, and comes back as the user.
    await endSessions(confab);
    await until(() => site.asked === 3);
    await person.sees("Second");
    assert.equal(await person.page.getByText("You are not logged in").count(), 0);
    assert.equal(await person.page.locator(".outbox .message").count(), 0);
});

test("a token that is about to end is replaced before", async () => {
    const key = `course-${freshName()}`;
    const person = await openWindow();
    // The chat says that it ends soon.
    let times = 0;
    await person.page.route("**/api/auth/jwt/", async (route) => {
        const answer = await route.fetch(AGAIN);
        const body = await answer.json();
        times += 1;
        const expires_at = new Date(Date.now() + (times === 1 ? 1500 : 3600000)).toISOString();
        await route.fulfill({ response: answer, json: { ...body, expires_at } });
    });
    const site = await siteOf(person, keyed(key), visitor(key, "Ann"));
    await person.field.waitFor();
    await until(() => site.asked === 2);
    await pause(500);
    assert.equal(site.asked, 2);
    await person.say("Still here");
    await person.sees("Still here");
});

test("a token may be in the page, or in JSON, and is fetched with the site's cookies", async () => {
    const key = `course-${freshName()}`;
    const user = visitor(key, "Ann");
    const person = await openWindow();
    await person.context.addCookies([
        { name: "site", value: "mine", url: `http://127.0.0.1:${world.sitePort}/` },
    ]);
    const html = `<confab-chat room-key="${key}" jwt="${sign(user)}"></confab-chat>`;
    const site = await siteOf(person, html, user, {
        answer: (response) => {
            response.writeHead(200, { "Content-Type": "application/json", Connection: "close" });
            response.end(JSON.stringify({ jwt: sign(user) }));
        },
    });
    await person.field.waitFor();
    assert.equal(site.asked, 0);
    await person.page.locator("confab-chat").evaluate((node, url) => {
        node.jwt = null;
        node.tokenUrl = url;
    }, TOKEN_URL);
    await until(() => site.asked === 1);
    await person.field.waitFor();
    assert.match(site.cookies[0], /site=mine/);
});

test("a visitor without a login at the site sees that, and can try again after it", async () => {
    const key = `course-${freshName()}`;
    const person = await openWindow();
    const site = await siteOf(person, keyed(key), null);
    await person.page.getByText("You are not logged in at this site.").waitFor();
    site.user = visitor(key, "Ann");
    await person.button("Try again").click();
    await person.field.waitFor();
    // A page in place of a token, as where the site sends strangers to its login.
    const codes = person.page.evaluate(
        () =>
            new Promise((resolve) => {
                document.addEventListener("confab-error", ({ detail }) => resolve(detail.code));
                const element = document.querySelector("confab-chat");
                element.tokenUrl = "/";
            }),
    );
    assert.equal(await codes, "no_site_token");
    await person.page.getByText("This site gave no valid token for the chat.").waitFor();
});

test("a token that the chat refuses is reported with its code", async () => {
    const key = `course-${freshName()}`;
    const person = await openWindow();
    const expired = { ...visitor(key, "Ann"), iat: 1000, exp: 1100 };
    await visitSite(person, "<main></main>");
    const code = await person.page.evaluate(
        (jwt) =>
            new Promise((resolve) => {
                document.addEventListener("confab-error", ({ detail }) => resolve(detail.code));
                const element = document.createElement("confab-chat");
                element.jwt = jwt;
                document.querySelector("main").append(element);
            }),
        sign(expired),
    );
    assert.equal(code, "expired");
    await person.page.getByText(/expired/).waitFor();
});

test("when the site logs in another user, the chat is that user's", async () => {
    const key = `course-${freshName()}`;
    const person = await openWindow();
    const site = await siteOf(person, keyed(key), visitor(key, "Ann"));
    await person.say("By Ann");
    await person.sees("By Ann");
    await person.field.fill("A draft of Ann's");
    const token = await tokenOf(site.user);
    site.user = visitor(key, "Ben");
    await endSessions(token);
    await until(async () => (await person.field.inputValue()) === "");
    await person.say("By Ben");
    await person.message("By Ben").locator(".sender", { hasText: "Ben" }).waitFor();
    await person.message("By Ann").locator(".sender", { hasText: "Ann" }).waitFor();
});

test("room-key may change at any time, and is checked", async () => {
    const [first, second] = [`course-${freshName()}`, `course-${freshName()}`];
    const user = {
        ...visitor(first, "Ann"),
        rooms: [
            { key: first, name: "Algebra" },
            { key: second, name: "Geometry" },
        ],
    };
    const person = await openWindow();
    await siteOf(person, keyed(first), user);
    const heading = (name) =>
        person.page.locator("header").getByRole("heading", { name }).waitFor();
    await heading("Algebra");
    const set = (key) =>
        person.page.locator("confab-chat").evaluate((node, value) => {
            node.roomKey = value;
        }, key);
    await set(second);
    await heading("Geometry");
    await set("no-such-room");
    await person.page
        .getByText("This room does not exist, or you are not a member.")
        .first()
        .waitFor();
    await set("two words");
    await person.page.getByText('room-key="two words" is not the key of a room.').waitFor();
    await set(null);
    await person.page.locator(".room", { hasText: "Geometry" }).waitFor();
});

test("where users log in at the site, the page leads there", async () => {
    const system = await Instance.start({
        CONFAB_PASSWORD_LOGIN: "off",
        CONFAB_LOGIN_URL: "https://www.example.org/login",
    });
    try {
        const { page } = await openWindow();
        await page.goto(system.url);
        const link = page.getByRole("link", { name: "Log in at www.example.org" });
        await link.waitFor();
        assert.equal(await link.getAttribute("href"), "https://www.example.org/login");
        assert.equal(await page.locator("input").count(), 0);
    } finally {
        await system.close();
    }
});
