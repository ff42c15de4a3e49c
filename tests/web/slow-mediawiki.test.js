// examples/mediawiki/ in Debian's MediaWiki, on a shared host: Apache, plain CGI, no Redis, no
// daemon. The README is followed word by word.

import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { openWindow, world } from "./support/browser.js";
import {
    asOwner,
    chatApi,
    installPlugin,
    isAdmin,
    loginOf,
    PASSWORD,
    useApplication,
    visitorOf,
    withoutChat,
} from "./support/php-application.js";
import { until } from "./support/until.js";

const PAGE = "/wiki/index.php/Tea";

const application = useApplication("mediawiki");

/** Runs a maintenance script of MediaWiki. */
const maintain = (command) =>
    asOwner(`php public_html/wiki/maintenance/${command}`, {
        env: { MW_INSTALL_PATH: join(world.system.home, "public_html", "wiki") },
    });

/** A window whose user is logged in to the wiki. */
const visitor = (name) =>
    visitorOf(name, async (page) => {
        await page.goto(`${world.system.url}/wiki/index.php/Special:UserLogin`);
        await page.getByLabel("Username").fill(name);
        await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
        await page.getByRole("button", { name: "Log in", exact: true }).click();
        await page.locator("#pt-userpage").first().waitFor({ state: "attached" });
    });

/** Waits for what is sent after an answer. */
const ends = (token) => until(async () => (await chatApi(token, "auth/me/")).status === 401);

test("the README leads to a chat in a page", async () => {
    const { readme } = application;
    const { secret, key } = await installPlugin(readme, "extension");
    const settings = readme
        .block("php settings")
        .replace("https://www.example.org", world.system.url)
        .replace("'SECRET'", `'${secret}'`)
        .replace("'API KEY'", `'${key}'`);
    await appendFile(join(world.system.home, "public_html/wiki/LocalSettings.php"), settings);
    const admin = await visitor("Admin");
    await admin.visit("/wiki/index.php/Special:Version");
    await admin.page.locator("#mw-version-ext-parserhook-Confab").waitFor();
    readme.named("Confab");
    await admin.visit(`${PAGE}?action=edit`);
    await admin.page.locator("#wpTextbox1").fill(readme.block("text tag"));
    await admin.page.locator("#wpSave").click();
    await admin.page.locator("header").getByRole("heading", { name: "Tea" }).waitFor();
    await admin.say("The chat is open.");
    await admin.sees("The chat is open.");
    await admin.picture("mediawiki");
});

test("users are in the room under their own names, sysops as admins", async () => {
    await maintain(`createAndPromote.php Ann '${PASSWORD}'`);
    const [ann, admin] = [await visitor("Ann"), await visitor("Admin")];
    await ann.visit("/wiki/index.php/Special:Preferences");
    // A script makes the form again, and enables the button after a change.
    const name = ann.page.locator("input[name=wprealname]");
    await until(async () => {
        await name.fill("");
        await name.fill("Ann of Green Gables");
        await name.blur();
        return ann.button("Save").isEnabled();
    });
    await ann.button("Save").click();
    await ann.page.getByText("Your preferences have been saved.").waitFor();
    await ann.visit(PAGE);
    await ann.say("Is this the page?");
    await admin.visit(PAGE);
    await admin
        .message("Is this the page?")
        .locator(".sender", { hasText: "Ann of Green Gables" })
        .waitFor();
    assert.deepEqual([await isAdmin(ann), await isAdmin(admin)], [false, true]);
});

test("strangers get a link to the login, and no token", async () => {
    const stranger = await openWindow();
    await stranger.visit(PAGE);
    const link = stranger.page.getByRole("link", { name: "Log in to chat" });
    assert.match(await link.getAttribute("href"), /Special:UserLogin&returnto=Tea/);
    const ann = await visitor("Ann");
    await ann.visit(PAGE);
    const url = await ann.page.locator("confab-chat").getAttribute("token-url");
    const status = (person, path) =>
        person.page.evaluate(async (to) => (await fetch(to)).status, path);
    assert.equal(await status(stranger, url), 401);
    assert.equal(await status(ann, url), 200);
    assert.equal(await status(ann, url.replace(/page-\d+/, "page-1")), 403);
    assert.equal(await status(ann, url.replace(/page-\d+/, "room-staff")), 403);
});

test("a page can show a room of its own, and the bubble", async () => {
    const ann = await visitor("Ann");
    await ann.visit("/wiki/index.php/Talk_to_us?action=edit");
    await ann.page
        .locator("#wpTextbox1")
        .fill(
            '<chat room="lobby" name="The \'Lobby\'" mode="bubble" readonly/> <chat room="a b"/>',
        );
    await ann.page.locator("#wpSave").click();
    await ann.button("Open the chat").click();
    await ann.page.locator("header").getByRole("heading", { name: "The 'Lobby'" }).waitFor();
    assert.equal(await ann.field.count(), 0);
    await ann.page.getByText("a b is not a name for a room.").waitFor();
});

test("a blocked user is out of the chat until the block ends", async () => {
    const [ann, admin] = [await visitor("Ann"), await visitor("Admin")];
    await ann.visit(PAGE);
    await ann.field.waitFor();
    const { token } = await loginOf(ann);
    await admin.visit("/wiki/index.php/Special:Block/Ann?wpExpiry=infinite");
    await admin.page.locator(".mw-htmlform-submit button").click();
    await admin.page.getByText("has been blocked").first().waitFor();
    await ends(token);
    await ann.page.getByText("You are not logged in").first().waitFor();
    // Without the hook, as where a block expires.
    await maintain(`sql.php --query "DELETE FROM ipblocks"`);
    await ann.visit(PAGE);
    await ann.say("I am back.");
    await ann.sees("I am back.");
});

test("what the chat has missed is sent again later", async () => {
    const [ann, admin] = [await visitor("Ann"), await visitor("Admin")];
    await ann.visit(PAGE);
    const { token } = await loginOf(ann);
    await withoutChat(async () => {
        await ann.visit("/wiki/index.php/Special:UserLogout");
        await ann.button("Submit").click();
        await ann.page.getByText("You are now logged out.").waitFor();
    });
    assert.equal((await chatApi(token, "auth/me/")).status, 200);
    await maintain(`sql.php --query "DELETE FROM objectcache WHERE keyname LIKE '%confab%'"`);
    await admin.visit(PAGE);
    await ends(token);
});
