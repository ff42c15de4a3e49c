// Registration, login, logout, passwords.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults } from "../support/axe.js";
import { account, loggedInUser, openWindow, world } from "../support/browser.js";
import { freshName, PASSWORD } from "../support/clients.js";
import { Instance } from "../support/instance.js";
import { slow } from "../support/slow.js";
import { sql } from "../support/sql.js";
import { until } from "../support/until.js";
import "./setup.js";

test("registering leads to a chat without rooms", async () => {
    const person = await openWindow();
    const { page } = person;
    await person.visit();
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("Username").fill(freshName());
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("No rooms yet").waitFor();
});

slow("an invalid name is reported at its field", async () => {
    const person = await openWindow();
    await person.visit();
    await person.button("Create an account").click();
    await person.page.getByLabel("Username").fill("x y");
    await person.page.getByLabel("Password").fill("short");
    await person.button("Create account").click();
    const field = person.page.getByLabel("Username");
    await person.page.locator(".field:has(input[name=username]) .wrong:not(:empty)").waitFor();
    await person.page.locator(".field:has(input[name=password]) .wrong:not(:empty)").waitFor();
    await field.and(person.page.locator("[aria-invalid=true]")).waitFor();
});

slow("where registration is closed no account is offered", async () => {
    const system = await Instance.start({ CONFAB_REGISTRATION: "closed" });
    try {
        const { page } = await openWindow();
        await page.goto(system.url);
        await page.getByText("New here?").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Log in" }).waitFor();
        assert.equal(await page.getByText("Create an account").count(), 0);
    } finally {
        await system.close();
    }
});

test("a wrong password is refused, the right one logs in, log out logs out", async () => {
    const someoneElse = await account();
    const person = await openWindow();
    await person.visit();
    await person.page.getByLabel("Username").fill(someoneElse.name);
    await person.page.getByLabel("Password").fill("wrong password");
    await person.button("Log in").click();
    await person.page.getByText("Unable to log in with provided credentials.").waitFor();
    await person.page.getByLabel("Password").fill(PASSWORD);
    await person.button("Log in").click();
    await person.page.getByRole("heading", { name: "Chat", exact: true }).waitFor();
    await person.chooseOwn("Log out");
    await person.page.getByRole("heading", { name: "Log in" }).waitFor();
});

slow("changing the password elsewhere ends the session in this window", async () => {
    const person = await loggedInUser();
    await person.page.getByText("Online").waitFor();
    const login = { username: person.name, password: PASSWORD };
    const elsewhere = await account();
    elsewhere.token = (await elsewhere.api("POST", "auth/token/", login)).token;
    await elsewhere.api("POST", "auth/password/", {
        old_password: PASSWORD,
        new_password: "another password",
    });
    await person.page.getByText("You were logged out.").waitFor();
});

/** Logs out, logs in under a name, and opens the room. */
async function comeBackAs(person, name) {
    await person.chooseOwn("Log out");
    await person.page.getByLabel("Username").fill(name);
    await person.page.getByLabel("Password").fill(PASSWORD);
    await person.button("Log in").click();
    await person.page.locator(".room", { hasText: "Kitchen" }).click();
    await person.field.waitFor();
}

slow("a draft is kept for its author, and not shown to the next user", async () => {
    const [anne, ben] = [await loggedInUser(), await account()];
    await anne.enter(await anne.room("Kitchen", ben));
    await anne.field.fill("Not for everybody");
    await comeBackAs(anne, anne.name);
    assert.equal(await anne.field.inputValue(), "Not for everybody");
    await comeBackAs(anne, ben.name);
    assert.equal(await anne.field.inputValue(), "");
});

slow("two tabs, two users: the first never posts as the second", async () => {
    const [anne, ben] = [await loggedInUser(), await account()];
    const room = await anne.room("Kitchen", ben);
    await anne.enter(room);
    await anne.settles();
    const second = await anne.context.newPage();
    await second.goto(`${world.system.url}/`);
    await second.getByRole("button", { name: /^Your account/ }).click();
    await second.getByRole("menuitem", { name: "Log out" }).click();
    await second.getByLabel("Username").fill(ben.name);
    await second.getByLabel("Password").fill(PASSWORD);
    await second.getByRole("button", { name: "Log in" }).click();
    await second.locator(".room", { hasText: "Kitchen" }).waitFor();
    // The end of the session has reached the first tab; a login without a logout does not.
    await anne.page.getByText("You were logged out.").waitFor();
    await anne.page.reload();
    await anne.field.waitFor();
    // Any request, not only the message, would notice the other user.
    await anne.settles();
    await anne.api("POST", "auth/login/", { username: anne.name, password: PASSWORD });
    await anne.say("Written by Ben's tab");
    await anne.page.getByText("Another user has logged in in this browser").waitFor();
    await anne.picture("another-user");
    const { count } = await ben.api("GET", `chat/rooms/${room}/messages/`);
    assert.equal(count, 0);
    await anne.button("Continue as that user").click();
    await anne.field.waitFor();
    await anne.say("Written by Anne");
    await anne.sees("Written by Anne");
    await anne.message("Written by Anne").getByText(anne.name).first().waitFor();
});

const [CONFIRM, RESET] = [1, 2];

/** A token as in a mail to a user: a new API token of the user, which is then only that. */
async function mailed(person, kind, email) {
    const login = { username: person.name, password: PASSWORD };
    const { token } = await person.api("POST", "auth/token/", login);
    await sql(`
        INSERT INTO account_mail (user_id, kind, email, created_at, tries, token_hash, expires_at)
            SELECT user_id, ${kind}, "${email}", NOW(6), 1, token_hash, NOW(6) + INTERVAL 9 MINUTE
            FROM token WHERE user_id = ${person.id} ORDER BY token_id DESC LIMIT 1`);
    return token;
}

slow("links in mails confirm an address and set a new password", async () => {
    const anne = await loggedInUser();
    const { page } = anne;
    await anne.settles();
    // In the open page only what follows "#" changes.
    const confirm = await mailed(anne, CONFIRM, "anne@example.org");
    await anne.visit(`/#email=${confirm}`);
    await page.getByText("Your e-mail address is confirmed.").waitFor();
    assert.equal(page.url(), `${world.system.url}/`);
    const address = await anne.api("GET", "auth/email/");
    assert.deepEqual(address, { email: "anne@example.org", is_confirmed: true });
    await anne.button("Continue").click();
    await anne.chooseOwn("Log out");
    await anne.button("Forgot your password?").click();
    await page.getByLabel("Your e-mail address").fill("anne@example.org");
    assert.deepEqual(await faults(anne), []);
    await anne.button("Send the mail").click();
    await page.getByLabel("Code in the mail").fill("0".repeat(40));
    await page.getByLabel("New password").fill("another horse");
    await anne.button("Change password").click();
    await page.locator(".field:has(input[name=token]) .wrong:not(:empty)").waitFor();
    await page.goto("about:blank");
    await anne.visit(`/#reset=${await mailed(anne, RESET, "anne@example.org")}`);
    await page.getByLabel("New password").fill("another horse");
    assert.equal(page.url(), `${world.system.url}/`);
    await anne.button("Change password").click();
    await page.getByText("Your password has been changed.").waitFor();
    await anne.button("Continue").click();
    await page.getByLabel("Username").fill(anne.name);
    await page.getByLabel("Password").fill("another horse");
    await anne.button("Log in").click();
    await page.getByText("No rooms yet").waitFor();
});

slow("the settings have the address, the data and the end of the account", async () => {
    const [anne, ben] = [await loggedInUser(), await account()];
    const { page } = anne;
    const room = await ben.room("Kitchen", anne);
    await anne.post(room, "Soon gone");
    await anne.chooseOwn("Settings");
    await anne.button("Add an address").click();
    const email = page.locator("section", { hasText: "E-mail" });
    await email.getByLabel("New e-mail address").fill("ann@example.org");
    await email.getByLabel("Current password").fill(PASSWORD);
    await anne.button("Send a mail to confirm it").click();
    await page.getByText("A mail is on its way to ann@example.org.").waitFor();
    await page.getByLabel("Code in the mail").fill(await mailed(anne, CONFIRM, "ann@example.org"));
    await anne.button("Confirm").click();
    await email.getByText("ann@example.org", { exact: true }).waitFor();
    await anne.button("Remove the address").click();
    await anne.button("Add an address").waitFor();
    await anne.button("Make an archive").click();
    const began = page.waitForEvent("download");
    await anne.button("Download").click();
    assert.match((await began).suggestedFilename(), /\.tar$/u);
    await anne.button("Delete my account").click();
    const dialog = anne.dialog().last();
    await dialog.getByText("Delete them").click();
    await anne.button("Delete my account", dialog).click();
    await dialog.locator(".field .wrong:not(:empty)").waitFor();
    await dialog.getByLabel("Current password").fill(PASSWORD);
    assert.deepEqual(await faults(anne), []);
    await anne.button("Delete my account", dialog).click();
    await page.getByText("Your account has been deleted.").waitFor();
    await until(async () => {
        const { results } = await ben.api("GET", `chat/rooms/${room}/messages/`);
        return results.every((message) => message.is_deleted);
    });
});
