// Requests that fail: what was asked for is shown in its place once the server answers again, and
// nothing that was there is thrown away.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AGAIN, account, loggedInUser, newUser, world } from "../support/browser.js";
import { slow } from "../support/slow.js";
import { until } from "../support/until.js";
import "./setup.js";

/** Answers requests for `pattern` with 503, or another status, until the function is called. */
async function failing(person, pattern, status = 503) {
    await person.page.route(pattern, (route) =>
        route.request().method() === "GET"
            ? route.fulfill({ status, json: { detail: "Out of order." } })
            : route.continue(),
    );
    return () => person.page.unroute(pattern);
}

/**
 * A user with two rooms that have a message each; the first one is open. `prepare(person)` is
 * called before the page is: that asks at once what the server has.
 */
async function twoRooms(prepare = () => {}) {
    const person = await newUser();
    await prepare(person);
    const [first, second] = [await person.room("Kitchen"), await person.room("Garden")];
    await person.post(first, "In the kitchen");
    await person.post(second, "In the garden");
    await person.enter(first);
    await person.sees("In the kitchen");
    await person.page.getByText("Online", { exact: true }).waitFor();
    const garden = person.page.locator("button.room", { hasText: "Garden" });
    return { person, first, second, garden };
}

slow("messages that could not be loaded are loaded later, by itself", async () => {
    const { person, second, garden } = await twoRooms();
    const works = await failing(person, "**/messages/?*");
    await garden.click();
    const failure = person.page.locator(".failure");
    await failure.getByText("The messages could not be loaded. Out of order.").waitFor();
    await person.post(second, "Said meanwhile");
    await works();
    await person.sees("In the garden");
    await person.sees("Said meanwhile");
    await failure.waitFor({ state: "hidden" });
});

slow("messages that could not be loaded are loaded by Try again", async () => {
    const { person, garden } = await twoRooms();
    const works = await failing(person, "**/messages/?*", 400);
    await garden.click();
    const again = person.button("Try again", person.page.locator(".failure"));
    await again.waitFor();
    await works();
    await again.click();
    await person.sees("In the garden");
});

slow("a firewall that refuses a request for messages does not offer a Join", async () => {
    const { person, garden } = await twoRooms();
    await person.page.route("**/messages/?*", (route) =>
        route.fulfill({ status: 403, contentType: "text/html", body: "<p>Forbidden</p>" }),
    );
    await garden.click();
    const again = person.button("Try again", person.page.locator(".failure"));
    await again.waitFor();
    await person.page.unroute("**/messages/?*");
    await again.click();
    await person.sees("In the garden");
});

slow("older messages that could not be loaded are loaded later", async () => {
    const person = await loggedInUser();
    const room = await person.room("Kitchen");
    await person.lines(room, 80);
    const works = await failing(person, "**/messages/?before=*");
    await person.enter(room);
    await person.page.locator(".scroller").evaluate((scroller) => {
        scroller.scrollTop = 0;
    });
    await person.page.locator(".failure:visible").waitFor();
    await person.sees("Line 79");
    await works();
    await person.message("Line 29").first().waitFor();
    await person.page.locator(".failure").waitFor({ state: "hidden" });
});

slow("offline, another room is opened later, and the open one stays until then", async () => {
    const { person, first, second, garden } = await twoRooms();
    await person.context.setOffline(true);
    await garden.click();
    await person.page.locator(".notice", { hasText: "“Garden” cannot be opened yet." }).waitFor();
    assert.ok(await person.message("In the kitchen").isVisible());
    assert.ok(person.page.url().endsWith(`#/${first}`));
    await person.context.setOffline(false);
    await person.sees("In the garden");
    assert.ok(person.page.url().endsWith(`#/${second}`));
    assert.equal(await person.page.locator(".notice").count(), 0);
});

slow("a room that cannot be opened yet can be given up", async () => {
    const { person, first, second, garden } = await twoRooms();
    const works = await failing(person, `**/rooms/${second}/`);
    await garden.click();
    const notice = person.page.locator(".notice", { hasText: "Out of order." });
    await person.button("Close this message", notice).click();
    await works();
    await person.page.locator("button.room[aria-current=true]", { hasText: "Kitchen" }).waitFor();
    assert.ok(person.page.url().endsWith(`#/${first}`));
    await garden.click();
    await person.sees("In the garden");
});

slow("a link to a room survives a failure", async () => {
    const { person, second } = await twoRooms();
    const works = await failing(person, `**/rooms/${second}/`);
    await person.visit("/embed.html");
    await person.visit(`/#/${second}`);
    await person.page.getByRole("heading", { name: "This room cannot be shown" }).waitFor();
    assert.ok(person.page.url().endsWith(`#/${second}`));
    await works();
    await person.sees("In the garden");
});

slow("Back from a link to no room leads to where the user was", async () => {
    const { person, first } = await twoRooms();
    await person.page.evaluate(() => {
        location.hash = "#/999999";
    });
    await person.page.getByText("This room does not exist, or you are not a member.").waitFor();
    await until(() => person.page.url().endsWith(`#/${first}`));

    await person.visit("/embed.html");
    await person.visit("/#/999999");
    await person.page.getByText("This room does not exist, or you are not a member.").waitFor();
    await person.page.goBack();
    assert.ok(person.page.url().endsWith("/embed.html"));
});

slow("Back does not lead to a room that was deleted", async () => {
    const { person, first, garden } = await twoRooms();
    await garden.click();
    await person.sees("In the garden");
    await person.page.goBack();
    await person.sees("In the kitchen");
    await person.api("DELETE", `chat/rooms/${first}/`);
    await person.page.getByRole("heading", { name: "Choose a room" }).waitFor();
    assert.ok(!person.page.url().includes("#"));
});

test("the rooms are shown once the server answers again", async () => {
    const person = await newUser();
    await person.room("Kitchen");
    const works = await failing(person, "**/rooms/?*");
    await person.visit();
    await person.page.getByText("The rooms could not be loaded. Out of order.").waitFor();
    await works();
    await person.page.locator("button.room", { hasText: "Kitchen" }).waitFor();
});

slow("the page starts by itself once the server answers", async () => {
    const person = await newUser();
    const works = await failing(person, "**/auth/me/");
    await person.visit();
    await person.page.getByRole("heading", { name: "The chat cannot be reached" }).waitFor();
    await person.page.getByText("Out of order.").waitFor();
    await works();
    await person.page.getByText("No rooms yet").waitFor();
});

test("a message that is limited says so, and is sent later", async () => {
    const { person } = await twoRooms();
    await person.page.route("**/messages/", (route) =>
        route.request().method() === "POST"
            ? route.fulfill({
                  status: 429,
                  headers: { "Retry-After": "1" },
                  json: { detail: "Request was throttled." },
              })
            : route.continue(),
    );
    await person.say("Fast");
    await person.page.getByText("Waiting to send: too many at once").waitFor();
    await person.page.unroute("**/messages/");
    await person.sees("Fast");
});

slow("a public room by link offers to join it, in the page and in the element", async () => {
    const owner = await account();
    const { room_id: room } = await owner.api("POST", "chat/rooms/", {
        name: "Market",
        is_private: false,
    });
    await owner.post(room, "Fresh fish");
    for (const path of [`/#/${room}`, "/embed.html"]) {
        const guest = await loggedInUser({ path });
        if (path === "/embed.html") {
            await guest.page
                .locator("confab-chat")
                .evaluate((element, id) => element.setAttribute("room", id), room);
        }
        await guest.page.getByRole("heading", { name: "Market" }).waitFor();
        await guest.button("Join room").click();
        await guest.sees("Fresh fish");
        await guest.say("How much?");
        await owner.api("POST", `chat/rooms/${room}/remove_member/`, { user_id: guest.id });
        if (path === "/embed.html") {
            await guest.button("Join room").waitFor();
        } else {
            await guest.page.getByText("No rooms yet").waitFor();
        }
        assert.deepEqual(
            (await guest.page.locator(".notice").allTextContents()).filter((text) =>
                text.includes("permission"),
            ),
            [],
        );
    }
});

slow("the last member learns that the room goes with them", async () => {
    const { person, first } = await twoRooms();
    await person.button("Details").click();
    await person.button("Leave room").click();
    await person
        .dialog()
        .getByText("You are its last member: the room and its messages will be deleted.")
        .waitFor();
    await person.button("Leave room", person.dialog()).click();
    await until(async () => {
        const answer = await fetch(`${world.system.url}/api/chat/rooms/${first}/`, {
            headers: { Authorization: `Token ${person.token}` },
        });
        return answer.status === 404;
    });
});

slow("a user who may be online in another room is not called offline", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const other = await bob.room("Elsewhere");
    await bob.enter(other);
    const direct = await alice.api("POST", "chat/rooms/direct/", { user_id: bob.id });
    await alice.enter(direct.room_id);
    await alice.page.getByText("Direct message", { exact: true }).waitFor();
    await alice.button("Details").click();
    await alice.page.locator(".person", { hasText: bob.name }).waitFor();
    assert.equal(
        await alice.page.locator(".conversation, .details").getByText("offline").count(),
        0,
    );
    await bob.enter(direct.room_id);
    await alice.page.locator(".conversation .under", { hasText: "Online" }).waitFor();
});

slow("what is switched off is not offered; files are refused with a word", async () => {
    const { person } = await twoRooms(async ({ page }) => {
        await page.route("**/api/", async (route) => {
            const answer = await route.fetch(AGAIN);
            const { features, ...rest } = await answer.json();
            const off = ["files", "reactions", "search"];
            const others = features.filter((name) => !off.includes(name));
            await route.fulfill({ response: answer, json: { ...rest, features: others } });
        });
    });
    await person.page.locator(".composer .unknown").waitFor({ state: "detached" });
    await person.field.fill("Half a thought");
    const give = (kind) =>
        person.page.locator(".scroller").evaluate((target, type) => {
            const data = new DataTransfer();
            data.items.add(new File(["x"], "plan.pdf"));
            const options = { bubbles: true, cancelable: true };
            const event =
                type === "paste"
                    ? new ClipboardEvent(type, { ...options, clipboardData: data })
                    : new DragEvent(type, { ...options, dataTransfer: data });
            return target.dispatchEvent(event);
        }, kind);
    for (const kind of ["dragover", "drop", "paste"]) {
        assert.equal(await give(kind), false, kind);
        if (kind !== "dragover") {
            await person.page.getByText("Files cannot be sent in this chat, only text.").waitFor();
            await person.field.press("End");
            await person.field.pressSequentially(".");
            await person.page.locator(".problem").first().waitFor({ state: "hidden" });
        }
    }
    assert.equal(await person.field.inputValue(), "Half a thought..");
    assert.equal(await person.button("Attach files").count(), 0);
    assert.equal(await person.button("Search messages").count(), 0);
    await person.page.locator(".items .message").last().hover();
    await person.button("Reply").waitFor();
    assert.equal(await person.button("React").count(), 0);
    await person.page.keyboard.press("Control+k");
    await person.page.getByRole("combobox").fill("zzz");
    await person.page.getByText("No room and no person with that name.").waitFor();
});
