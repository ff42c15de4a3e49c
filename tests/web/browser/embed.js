// The chat elsewhere: <confab-chat> in other pages, and in a folder of a site.

import assert from "node:assert/strict";
import { test } from "node:test";

import { loggedInUser, openWindow, world } from "../support/browser.js";
import { PASSWORD } from "../support/clients.js";
import { freePort, startFolder, startSite } from "../support/other-sites.js";
import "./setup.js";

test("the element shows one room to a logged-in user, in the page's colours", async () => {
    const person = await loggedInUser();
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

test("the element shows the login, and reports a room that it cannot show", async () => {
    const [owner, other] = [await loggedInUser(), await openWindow()];
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
    const person = await loggedInUser();
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
    const { token } = await person.api("POST", "auth/token/", {
        username: person.name,
        password: PASSWORD,
    });
    await give(token);
    await guest.field.waitFor();
});

test("a page in PHP logs its user in and shows the chat", async () => {
    const owner = await loggedInUser();
    const { room_id: room } = await owner.api("POST", "chat/rooms/", {
        name: "Shop",
        is_private: false,
    });
    await owner.enter(room);
    const site = await startSite({ port: world.sitePort, chat: world.system.url, room });
    try {
        const guest = await openWindow();
        await guest.page.goto(site.url);
        const name = `guest${process.pid}`;
        await guest.page.getByLabel("Your name").fill(name);
        await guest.button("Log in").click();
        await guest.say("Hello from the shop");
        await owner.sees("Hello from the shop");
        await owner.message("Hello from the shop").getByText(`site-${name}`).waitFor();
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

test("in a folder of a site, page, element and library request only that folder", async () => {
    const [owner, guest] = [await loggedInUser(), await openWindow()];
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
