// examples/wordpress/ in Debian's WordPress, on a shared host: Apache, plain CGI, no Redis, no
// daemon but the pushd of one test. The README is followed word by word.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import WebSocket from "ws";

import { openWindow, world } from "./support/browser.js";
import { freePort } from "./support/other-sites.js";
import {
    asOwner,
    chatApi,
    forgetLogin,
    installPlugin,
    isAdmin,
    loginOf,
    PASSWORD,
    useApplication,
    visitorOf,
    withoutChat,
} from "./support/php-application.js";
import { pause, until } from "./support/until.js";

const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';

const A_MINUTE = 60000;

const application = useApplication("wordpress");
const users = {};

/** Runs PHP in WordPress; resolves to its output. */
const php = (code) => {
    const host = new URL(world.system.url).host;
    const CODE = `$_SERVER += ['HTTP_HOST' => '${host}', 'REQUEST_URI' => '/'];
        require 'public_html/wp-load.php'; ${code}`;
    return asOwner('php -r "$CODE"', { env: { CODE } });
};

async function makeUser(name, role, display) {
    users[name] = Number(
        await php(`echo wp_insert_user(['user_login' => '${name}', 'user_pass' => '${PASSWORD}',
            'user_email' => '${name}@example.org', 'role' => '${role}',
            'display_name' => '${display}']);`),
    );
}

/** A window whose user is logged in to WordPress. */
async function visitor(name) {
    const person = await visitorOf(name, async (page) => {
        await page.goto(`${world.system.url}/wp-login.php?redirect_to=/`);
        await page.getByLabel("Username or Email Address").fill(name);
        await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
        await page.getByRole("button", { name: "Log In" }).click();
        await page.locator("#wpadminbar").waitFor();
    });
    await person.page.route("https://secure.gravatar.com/**", (route) =>
        route.fulfill({ contentType: "image/svg+xml", body: PICTURE }),
    );
    return person;
}

const confabSettings = (admin) => admin.visit("/wp-admin/options-general.php?page=confab");

test("the README leads to a chat in a post", async () => {
    const { readme } = application;
    const { secret, key } = await installPlugin(readme, "plugin");
    const admin = await visitor("admin");
    await admin.visit("/wp-admin/");
    const menu = admin.page.locator("#adminmenu");
    await menu
        .getByRole("link", { name: readme.named("Plugins") })
        .first()
        .click();
    readme.named("Activate");
    await admin.page.getByRole("link", { name: "Activate Confab" }).click();
    await menu.getByRole("link", { name: readme.named("Settings"), exact: true }).click();
    await menu.getByRole("link", { name: readme.named("Confab"), exact: true }).click();
    const field = (name) => admin.page.getByLabel(readme.named(name), { exact: true });
    await field("Address of the chat").fill(`${world.system.url}/chat/`);
    await field("Secret").fill(secret);
    await field("API key").fill(key);
    await admin.button(readme.named("Save Changes")).click();
    await admin.page.getByText("Settings saved.").waitFor();
    await admin.button(readme.named("Test the settings")).click();
    const checks = admin.page.locator(".confab-check");
    await checks.nth(3).waitFor();
    assert.deepEqual(await checks.evaluateAll((all) => all.map((one) => one.className)), [
        ...Array.from({ length: 4 }, () => "notice inline confab-check notice-success"),
    ]);

    await admin.visit("/wp-admin/post.php?post=1&action=edit");
    await admin.page.getByRole("button", { name: /^Close( dialog)?$/ }).click();
    await admin.button("Toggle block inserter").click();
    await admin.page.getByPlaceholder("Search").fill("confab");
    await admin.page.getByRole("option", { name: readme.named("Confab chat") }).click();
    await admin.button(readme.named("Update")).click();
    await admin.page.getByText("Post updated.").first().waitFor();
    await admin.visit("/?p=1");
    await admin.say("The chat is open.");
    await admin.sees("The chat is open.");
    await admin.picture("wordpress");
    // A wrong value is refused, and what is stored is never shown.
    await confabSettings(admin);
    assert.equal(await field("Secret").inputValue(), "");
    await field("API key").fill("ck_1");
    await admin.button("Save Changes").click();
    await admin.page.getByText("An API key is ck_ and 40 hexadecimal digits.").waitFor();
    await admin.button("Test the settings").click();
    await admin.page.getByText("Changes of users reach the chat.").waitFor();
});

test("users are in the room under their own names and pictures, editors as admins", async () => {
    await makeUser("ann", "subscriber", "Ann of Green Gables");
    await makeUser("ed", "editor", "Ed & Co");
    const [ann, ed] = [await visitor("ann"), await visitor("ed")];
    await ann.visit("/?p=1");
    await ann.page.locator("header").getByRole("heading", { name: "Hello world!" }).waitFor();
    await ann.say("Is this the post?");
    await ed.visit("/?p=1");
    const message = ed.message("Is this the post?");
    await message.locator(".sender", { hasText: "Ann of Green Gables" }).waitFor();
    await message.locator(".avatar.pictured img").waitFor();
    await ed.say("It is.");
    await ann.message("It is.").locator(".sender", { hasText: "Ed & Co" }).waitFor();
    assert.deepEqual([await isAdmin(ann), await isAdmin(ed)], [false, true]);
    await ed.picture("wordpress-post");
});

test("strangers get a link to the login, and no token", async () => {
    const stranger = await openWindow();
    await stranger.visit("/?p=1");
    const link = stranger.page.getByRole("link", { name: "Log in to chat" });
    assert.match(await link.getAttribute("href"), /wp-login\.php\?redirect_to=/);
    assert.equal(await stranger.page.locator("confab-chat").count(), 0);
    const status = (path) => stranger.page.evaluate(async (url) => (await fetch(url)).status, path);
    assert.equal(await status("/wp-admin/admin-ajax.php?action=confab_token&room=post-1"), 401);

    const ann = await visitor("ann");
    await ann.visit("/?p=1");
    const url = await ann.page.locator("confab-chat").getAttribute("token-url");
    const asAnn = (path) => ann.page.evaluate(async (to) => (await fetch(to)).status, path);
    assert.equal(await asAnn(url), 200);
    // Only rooms that an author has put somewhere, and whose post the user may read.
    assert.equal(await asAnn(url.replace("post-1", "post-2")), 403);
    assert.equal(await asAnn(url.replace("post-1", "room-staff")), 403);
    for (const [name, closed, open] of [
        ["post_status", "private", "publish"],
        ["post_status", "draft", "publish"],
        ["post_status", "trash", "publish"],
        ["post_password", "word", ""],
    ]) {
        await php(`wp_update_post(['ID' => 1, '${name}' => '${closed}']);`);
        assert.equal(await asAnn(url), 403, closed);
        await php(`wp_update_post(['ID' => 1, '${name}' => '${open}']);`);
        assert.equal(await asAnn(url), 200, open);
    }
});

test("the shortcode shows a room of its own, and the bubble", async () => {
    const content = `[confab room="lobby" name="The \\'Lobby\\'" mode="bubble" readonly]`;
    const id = Number(
        await php(`echo wp_insert_post(['post_title' => 'Talk', 'post_status' => 'publish',
            'post_content' => '${content}']);`),
    );
    const ann = await visitor("ann");
    await ann.visit(`/?p=${id}`);
    await ann.button("Open the chat").click();
    await ann.page.locator("header").getByRole("heading", { name: "The 'Lobby'" }).waitFor();
    const chat = ann.page.locator("confab-chat");
    assert.equal(await chat.getAttribute("room-key"), "room-lobby");
    assert.equal(await ann.field.count(), 0);
});

test("a new name is everywhere, and a logout of the site ends the login of the chat", async () => {
    const [ann, ed] = [await visitor("ann"), await visitor("ed")];
    await ann.visit("/?p=1");
    await ed.visit("/?p=1");
    const { token, user } = await loginOf(ann);
    await ann.visit("/wp-admin/profile.php");
    await ann.page.getByLabel("Nickname (required)").fill("Anne with an e");
    await ann.page.keyboard.press("Tab");
    await ann.page.getByLabel("Display name publicly as").selectOption("Anne with an e");
    await ann.button("Update Profile").click();
    await ann.page.getByText("Profile updated.").waitFor();
    const editor = (await loginOf(ed)).token;
    const shown = await chatApi(editor, `chat/users/?ids=${user.user_id}`);
    assert.equal(shown.body.results[0].display_name, "Anne with an e");
    assert.equal((await chatApi(token, "auth/me/")).status, 200);
    await ann.visit("/?p=1");
    await ann.page.locator("#wp-admin-bar-logout a").evaluate((link) => link.click());
    await ann.page.getByText("You are now logged out.").waitFor();
    forgetLogin("ann");
    assert.equal((await chatApi(token, "auth/me/")).status, 401);
});

test("a user who loses the role is out of the chat, and its socket closes", async () => {
    const [ann, admin] = [await visitor("ann"), await visitor("admin")];
    await ann.visit("/?p=1");
    await ann.field.waitFor();
    const { token } = await loginOf(ann);
    const port = await freePort();
    const env = {
        CONFAB_PUSH_LISTEN: `127.0.0.1:${port}`,
        CONFAB_METRICS_LISTEN: `127.0.0.1:${await freePort()}`,
    };
    await asOwner(".confab/bin/pushd --ensure", { env });
    try {
        const address = `ws://127.0.0.1:${port}/ws/chat/notifications/`;
        const socket = await until(async () => {
            const opened = new WebSocket(address, ["confab", `token.${token}`]);
            return new Promise((resolve) => {
                opened.on("message", () => resolve(opened));
                opened.on("error", () => resolve(null));
            });
        });
        const closed = new Promise((resolve) => {
            socket.on("close", resolve);
        });
        await admin.visit(`/wp-admin/user-edit.php?user_id=${users.ann}`);
        await admin.page.getByLabel("Role").selectOption({ label: "— No role for this site —" });
        await admin.button("Update User").click();
        await admin.page.getByText("User updated.").waitFor();
        assert.equal(await Promise.race([closed, pause(A_MINUTE)]), 4401);
    } finally {
        await asOwner('kill "$(cat .confab/pushd.lock)"');
    }
    // The page polls.
    await ann.page.getByText("You are not logged in").first().waitFor({ timeout: A_MINUTE });
    assert.equal((await chatApi(token, "auth/me/")).status, 401);

    await admin.page.getByLabel("Role").selectOption("subscriber");
    await admin.button("Update User").click();
    await admin.page.getByText("User updated.").waitFor();
    await ann.visit("/?p=1");
    await ann.say("I am back.");
    await ann.sees("I am back.");
});

test("what the chat missed is sent again later; a deleted user is disabled", async () => {
    const ann = await visitor("ann");
    await ann.visit("/?p=1");
    const { token } = await loginOf(ann);
    const admin = await visitor("admin");
    await withoutChat(async () => {
        await php(`require ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user(${users.ann});`);
        await confabSettings(admin);
        await admin.page.getByText("changes of users could not be sent to the chat").waitFor();
    });
    assert.equal((await chatApi(token, "auth/me/")).status, 200);
    // WP-Cron does this within a minute.
    assert.equal(await php(`echo wp_next_scheduled('confab_retry') <= time() + 60;`), "1");
    await php(`do_action('confab_retry');`);
    assert.equal((await chatApi(token, "auth/me/")).status, 401);
    await confabSettings(admin);
    assert.equal(await admin.page.getByText("could not be sent").count(), 0);
});

/** The site becomes a network, with one site. */
async function network() {
    const at = new URL(world.system.url).host;
    const file = join(world.system.home, "public_html/wp-config.php");
    await php(`require ABSPATH . 'wp-admin/includes/upgrade.php';
        require ABSPATH . 'wp-admin/includes/network.php';
        foreach ($wpdb->tables('ms_global') as $table => $name) { $wpdb->$table = $name; }
        install_network();
        $made = populate_network(1, '${at}', 'admin@example.org', 'Network', '/', false);
        if (is_wp_error($made) && 'no_wildcard_dns' !== $made->get_error_code()) { exit(1); }`);
    const constants = `<?php
        define('MULTISITE', true); define('SUBDOMAIN_INSTALL', false);
        define('DOMAIN_CURRENT_SITE', '${at}'); define('PATH_CURRENT_SITE', '/');
        define('SITE_ID_CURRENT_SITE', 1); define('BLOG_ID_CURRENT_SITE', 1);`;
    await writeFile(file, (await readFile(file, "utf8")).replace("<?php", constants));
}

test("on a network the chat of each site is notified of changes elsewhere", async () => {
    await network();
    const settings = await php(`echo json_encode(get_option('confab_settings'));`);
    const second = Number(
        await php(`require ABSPATH . 'wp-admin/includes/plugin.php';
            $id = wp_insert_site(['domain' => get_network()->domain, 'path' => '/second/',
                'user_id' => 1, 'title' => 'Second']);
            activate_plugin('confab/confab.php', '', true);
            update_blog_option($id, 'confab_settings', json_decode('${settings}', true));
            add_user_to_blog($id, ${users.ed}, 'subscriber');
            echo is_wp_error($id) ? $id->get_error_message() : $id;`),
    );
    assert.ok(second > 1);
    const login = async () => {
        const jwt = await php(`switch_to_blog(${second});
            echo Confab_Token::make(get_userdata(${users.ed}));`);
        const { status, body } = await chatApi(null, "auth/jwt/", { jwt });
        return status === 200 ? body.token : status;
    };
    const status = async (token) => (await chatApi(token, "auth/me/")).status;
    for (const change of [
        `do_action('wp_logout', ${users.ed});`,
        `require ABSPATH . 'wp-admin/includes/user.php';
            wp_update_user(['ID' => ${users.ed}, 'user_pass' => 'another word']);`,
        `remove_user_from_blog(${users.ed}, ${second});`,
    ]) {
        const token = await login();
        assert.equal(await status(token), 200);
        await php(change);
        assert.equal(await status(token), 401, change);
    }
    assert.equal(await login(), 403);
});

test("deleting the plugin leaves nothing", async () => {
    await php(`require ABSPATH . 'wp-admin/includes/plugin.php'; require ABSPATH .
        'wp-admin/includes/file.php'; deactivate_plugins('confab/confab.php');
        uninstall_plugin('confab/confab.php');`);
    const left = await php(`foreach (get_sites() as $site) {
            $options = $wpdb->get_blog_prefix($site->blog_id) . 'options';
            echo $wpdb->get_var("SELECT COUNT(*) FROM $options
                WHERE option_name LIKE '%confab%'"), ' ';
        }
        echo $wpdb->get_var("SELECT COUNT(*) FROM $wpdb->usermeta
            WHERE meta_key LIKE '%confab%'");`);
    assert.equal(left, "0 0 0");
});
