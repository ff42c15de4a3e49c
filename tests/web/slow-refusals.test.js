// What the page says where the server refuses something, for each code that a user can meet, in
// each language: in place, in words, and with what was typed still there.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { errorWords, LANGUAGES, t, tn } from "../../web/chat/words.js";
import { world } from "./support/browser.js";
import { freshName, PASSWORD } from "./support/clients.js";
import { Instance } from "./support/instance.js";
import {
    ROOMS,
    banned,
    change,
    failed,
    field,
    inManyRooms,
    invite,
    isLive,
    joinByLink,
    joinRoom,
    link,
    logIn,
    pair,
    refuses,
    removed,
    roomOf,
    stranger,
    totp,
    typesMeanwhile,
    useLocale,
    user,
    windowOf,
    write,
    writeTo,
    wrong,
    wrongAt,
} from "./support/refusals.js";
import { sql } from "./support/sql.js";
import { until } from "./support/until.js";

const WORDS = join(dirname(fileURLToPath(import.meta.url)), "support/words.txt");
const LOCALES = { en: "en-GB", de: "de-DE" };
/** The most members of a room. */
const MEMBERS = 3;

before(() =>
    world.open(() =>
        Instance.start({
            CONFAB_RATE_LIMITS: "on",
            CONFAB_RATE_REGISTRATIONS: "100000",
            CONFAB_RATE_LOGINS: "100000",
            CONFAB_RATE_LOGINS_ADDRESS: "100000",
            CONFAB_RATE_GUESTS: "100000",
            CONFAB_RATE_INVITATIONS: "1",
            CONFAB_RATE_ROOMS: String(ROOMS - 1),
            CONFAB_MAX_ROOMS_USER: String(ROOMS),
            CONFAB_MAX_MEMBERS: String(MEMBERS),
            CONFAB_DIRECT_FROM: "shared_room",
            CONFAB_INVITE_FROM: "shared_room",
            CONFAB_POST_MIN_AGE: "60",
            CONFAB_FILTER_FILE: WORDS,
            CONFAB_GUESTS: "on",
        }),
    ),
);
afterEach(() => world.closeWindows());
after(() => world.close());

/**
 * `english` are the words for the code in English, or `text()` those of a notice in the language.
 * `see()` leads to the refusal, and resolves to the `place` where the page shows it; `kept()`
 * checks that what was typed is there.
 */
const REFUSALS = [
    {
        code: "not_allowed",
        words: "direct_from: a direct message to a stranger",
        english: "The user does not accept this from you.",
        see: async () => {
            const [alice, bob] = [await user(), await user()];
            return writeTo(alice, bob);
        },
    },
    {
        code: "not_allowed",
        words: "a message to a user who has blocked this one",
        english: "The user does not accept this from you.",
        see: async () => {
            const people = await pair();
            const { alice } = people;
            const bob = await windowOf(people.bob);
            const direct = await bob.api("POST", "chat/rooms/direct/", { user_id: alice.id });
            await alice.api("POST", "chat/blocks/", { user_id: bob.id });
            await bob.enter(direct.room_id);
            await write(bob, "Hello");
            return { place: failed(bob, "Hello") };
        },
    },
    {
        code: "not_allowed",
        words: "invite_from: an invitation of a stranger",
        english: "The user does not accept this from you.",
        see: async () => {
            const [alice, bob] = [await user(), await user()];
            return invite(alice, await roomOf(alice), bob);
        },
    },
    {
        code: "throttled",
        words: "rate_invitations",
        text: () => often(60),
        see: async () => {
            const [alice, bob, carol] = [await user(), await user(), await user()];
            await roomOf(alice, bob, carol);
            const room = await roomOf(alice);
            await alice.api("POST", `chat/rooms/${room}/invite/`, { user_id: bob.id });
            return invite(alice, room, carol);
        },
    },
    {
        code: "throttled",
        words: "rate_rooms",
        text: () => often(24 * 60),
        see: async () => {
            const alice = await windowOf(await user());
            for (let made = 0; made < ROOMS - 1; made += 1) {
                await roomOf(alice);
            }
            await alice.visit();
            await alice.choose(new RegExp(`^${t("New")}$`, "u"), t("New room"));
            const name = alice.dialog().locator("[name=name]");
            await name.fill("One more");
            await alice.button(t("Create room"), alice.dialog()).click();
            const kept = async () => assert.equal(await name.inputValue(), "One more");
            return { place: wrong(alice.dialog()), kept };
        },
    },
    {
        code: "too_many_rooms",
        words: "max_rooms_user: joining",
        english: "You are in too many rooms.",
        see: async () => {
            const { bob, room } = await inManyRooms();
            return joinRoom(bob, room);
        },
    },
    {
        code: "user_too_many_rooms",
        words: "max_rooms_user: an invitation",
        english: "The user is in too many rooms.",
        see: async () => {
            const { alice, bob, room } = await inManyRooms();
            return invite(alice, room, bob);
        },
    },
    {
        code: "too_many_members",
        words: "max_members",
        english: "The room has too many members.",
        see: async () => {
            const people = [await user(), await user(), await user(), await user()];
            const room = await roomOf(...people.slice(0, MEMBERS));
            return joinRoom(people.at(-1), room);
        },
    },
    {
        code: "too_new",
        words: "post_min_age",
        text: () => t("Your account is new. You can write here from {time} on."),
        see: async () => {
            const { bob, room } = await pair({ isOld: false });
            return refuses(bob, room);
        },
    },
    {
        code: "filtered",
        words: "a word that filter_file refuses",
        english: "The text has a word that is not allowed here.",
        see: async () => {
            const people = await pair();
            const bob = await windowOf(people.bob);
            await bob.enter(people.room);
            await write(bob, "A refusedword");
            const kept = async () => {
                await bob.button(t("Edit"), failed(bob, "A refusedword")).click();
                await failed(bob, "A refusedword").waitFor({ state: "detached" });
                assert.equal(await field(bob).inputValue(), "A refusedword");
                await write(bob, "A word");
                await bob.sees("A word");
            };
            return { place: failed(bob, "A refusedword"), kept };
        },
    },
    {
        code: "filtered",
        words: "an edit with such a word",
        english: "The text has a word that is not allowed here.",
        see: async () => {
            const people = await pair();
            const bob = await windowOf(people.bob);
            await bob.post(people.room, "A word");
            await bob.enter(people.room);
            await bob.message("A word").hover();
            await bob.button(t("Edit")).click();
            await write(bob, "A refusedword");
            const kept = async () => assert.equal(await field(bob).inputValue(), "A refusedword");
            return { place: bob.page.locator(".composer .problem"), kept };
        },
    },
    {
        code: "slow_mode",
        words: "slow mode",
        text: () =>
            withNumber(
                tn(
                    99,
                    "Slow mode: {count} second until your next message.",
                    "Slow mode: {count} seconds until your next message.",
                ),
            ),
        see: async () => {
            const people = await pair();
            await change(people, { slow_seconds: 600 });
            const bob = await windowOf(people.bob);
            await bob.enter(people.room);
            await write(bob, "First");
            await bob.sees("First");
            await bob.page.getByRole("timer").waitFor();
            await write(bob, "Second");
            const kept = async () => assert.equal(await field(bob).inputValue(), "Second");
            return { place: bob.page.getByRole("timer"), kept };
        },
    },
    {
        code: "slow_mode",
        words: "slow mode that another device has used up",
        text: () => t("Slow mode: it is sent as soon as you may write again"),
        see: async () => {
            const people = await pair();
            const { room } = people;
            await change(people, { slow_seconds: 600 });
            const bob = await windowOf(people.bob);
            await bob.enter(room);
            await isLive(bob);
            // This window is not sent the message, like one that has lost its connection.
            await sql(`INSERT INTO slow_post VALUES (${room}, ${bob.id}, NOW(6))`);
            await write(bob, "Second");
            const state = bob.page.locator(".message", { hasText: "Second" }).locator(".state");
            const kept = async () => {
                await bob.button(t("Edit"), state).click();
                assert.equal(await field(bob).inputValue(), "Second");
            };
            return { place: state, kept };
        },
    },
    {
        code: "archived",
        words: "an archived room",
        text: () => t("This room is archived and read-only."),
        see: async () => typesMeanwhile(await pair(), { is_archived: true }),
    },
    {
        code: "read_only",
        words: "post_policy",
        text: () => t("Only moderators can write in this room."),
        see: async () => typesMeanwhile(await pair(), { post_policy: "moderators" }),
    },
    {
        code: "read_only",
        words: "a reader",
        text: () => t("You can only read in this room."),
        see: async () => {
            const { alice, bob: reader, room } = await pair();
            const role = { role: "reader" };
            await alice.api("PATCH", `chat/rooms/${room}/members/${reader.id}/`, role);
            const bob = await windowOf(reader);
            await bob.enter(room);
            return { place: bob.page.locator(".refused") };
        },
    },
    {
        code: "silenced",
        words: "a silence",
        text: () => t("A moderator has silenced you until {time}."),
        see: async () => {
            const { alice, bob, room } = await pair();
            const silence = { user_id: bob.id, minutes: 60 };
            await alice.api("POST", `chat/rooms/${room}/silence/`, silence);
            return refuses(bob, room);
        },
    },
    {
        code: "members_hidden",
        words: "hidden members",
        text: () => t("Only moderators see the members"),
        see: async () => {
            const people = await pair();
            await change(people, { members_visible: false });
            const bob = await windowOf(people.bob);
            await bob.enter(people.room);
            await bob.button(t("Details")).click();
            // A name cannot be completed either, which is not an error.
            await field(bob).pressSequentially("@a");
            return { place: bob.page.locator(".details") };
        },
    },
    {
        code: "banned",
        words: "an invite link to a room from which the user is banned",
        text: () => t("You are banned from this room."),
        see: async () => {
            const people = await banned();
            return joinByLink(people.bob, await link(people));
        },
    },
    {
        code: "banned",
        words: "the address of a room from which the user is banned",
        text: () => t("You are banned from “{room}”."),
        see: async () => {
            const people = await banned();
            const bob = await windowOf(people.bob);
            await bob.visit(`/#/${people.room}`);
            return { place: bob.page.locator(".conversation") };
        },
    },
    {
        code: "banned",
        words: "inviting such a user",
        english: "The user is banned from this room.",
        see: async () => {
            const { alice, bob, room } = await banned();
            return invite(alice, room, bob);
        },
    },
    {
        code: "recently_removed",
        words: "inviting a user who was removed",
        english:
            "The user left or was removed less than an hour ago; another admin can invite the " +
            "user, or the user can join.",
        see: async () => {
            const { alice, bob, room } = await removed();
            return invite(alice, room, bob);
        },
    },
    {
        code: "removed",
        words: "a link that is older than a removal",
        english: "You were removed from the room since the link was made.",
        see: async () => {
            const { bob, older } = await removed();
            return joinByLink(bob, older);
        },
    },
    {
        code: "link_used_up",
        words: "a link that is used up",
        english: "The link is used up.",
        see: async () => {
            const people = await pair();
            const once = await link(people, { max_uses: 1 });
            const [carol, dave] = [await user(), await windowOf(await user())];
            await carol.api("POST", "chat/links/use/", { link: once });
            await dave.visit(`/join/#${once}`);
            return { place: dave.page.getByRole("alert") };
        },
    },
    {
        code: "link_expired",
        words: "a link that has expired",
        english: "The link has expired.",
        see: async () => {
            const people = await pair();
            const old = await link(people, { expires_at: "2099-01-01T00:00:00Z" });
            await sql(`UPDATE invite_link SET expires_at = NOW(6) - INTERVAL 1 DAY
                       WHERE room_id = ${people.room}`);
            const carol = await windowOf(await user());
            await carol.visit(`/join/#${old}`);
            return { place: carol.page.getByRole("alert") };
        },
    },
    {
        code: "no_guests",
        words: "a guest, in a room without guests",
        english: "The room takes no guests.",
        see: async () => {
            const path = `/join/#${await link(await pair())}`;
            const guest = await stranger();
            await guest.visit(path);
            const name = guest.page.locator("[name=display_name]");
            await name.fill("Gus");
            await guest.button(t("Enter as a guest")).click();
            const kept = async () => assert.equal(await name.inputValue(), "Gus");
            return { place: wrong(guest.page.locator(".card")), kept };
        },
    },
    {
        code: "role_too_high",
        words: "silencing an admin",
        english: "The user's role is not lower.",
        see: async () => {
            const { alice, bob: moderator, room } = await pair();
            const role = { role: "moderator" };
            await alice.api("PATCH", `chat/rooms/${room}/members/${moderator.id}/`, role);
            await alice.post(room, "I am the admin");
            const bob = await windowOf(moderator);
            await bob.enter(room);
            await bob.message("I am the admin").hover();
            await bob.button(t("Moderate the sender")).click();
            await bob.button(t("Silence"), bob.dialog()).click();
            return { place: wrong(bob.dialog()) };
        },
    },
    {
        code: "banned",
        words: "the login of a user who is banned from the site",
        text: () => t("You are banned from this site until {time}."),
        see: async () => {
            const [alice, bob, elsewhere] = [await user(), await user(), await stranger()];
            await world.system.confabctl("user", "moderator", alice.name, "on");
            const ban = { user_id: bob.id, until: "2099-01-01T00:00:00Z" };
            await alice.api("POST", "site/bans/", ban);
            await elsewhere.visit();
            await logIn(elsewhere, bob.name);
            const name = elsewhere.page.locator("[name=username]");
            const kept = async () => assert.equal(await name.inputValue(), bob.name);
            return { place: wrong(elsewhere.page.locator(".card")), kept };
        },
    },
    {
        code: "too_common",
        words: "a common password of a new account",
        english: "This password is too common.",
        see: async () => {
            const person = await stranger();
            await person.visit();
            await person.button(t("Create an account")).click();
            const [name, { page }] = [freshName(), person];
            await page.locator("[name=username]").fill(name);
            await page.locator("[name=password]").fill("password1");
            await person.button(t("Create account")).click();
            const kept = async () =>
                assert.equal(await page.locator("[name=username]").inputValue(), name);
            return { place: wrongAt(page, "password"), kept };
        },
    },
    {
        code: "too_common",
        words: "a change of the password to a common one",
        english: "This password is too common.",
        see: async () => {
            const person = await windowOf(await user());
            await person.visit();
            await person.choose(t("Your account"), t("Settings"));
            const dialog = person.dialog();
            await dialog.locator("[name=old_password]").fill(PASSWORD);
            await dialog.locator("[name=new_password]").fill(person.name);
            await person.button(t("Change password"), dialog).click();
            return { place: wrongAt(dialog, "new_password") };
        },
    },
    {
        code: "code_required",
        words: "two-factor login",
        english: "Enter the code of your authenticator app as well.",
        see: async () => {
            const [bob, elsewhere] = [await user(), await stranger()];
            const { secret } = await bob.api("POST", "auth/totp/");
            await bob.api("POST", "auth/totp/confirm/", { code: totp(secret) });
            await elsewhere.visit();
            await logIn(elsewhere, bob.name);
            const kept = async () => {
                const { page } = elsewhere;
                assert.equal(await page.locator("[name=username]").inputValue(), bob.name);
                await until(() => page.locator("[name=code]:focus").count());
            };
            return { place: wrong(elsewhere.page.locator(".card")), kept };
        },
    },
];

/** How the page says that something can be done again after about this number of minutes. */
function often(minutes) {
    return withNumber(
        minutes < 120
            ? tn(
                  99,
                  "This was done too often. Try again in {count} minute.",
                  "This was done too often. Try again in {count} minutes.",
              )
            : tn(
                  99,
                  "This was done too often. Try again in {count} hour.",
                  "This was done too often. Try again in {count} hours.",
              ),
    );
}

const withNumber = (text) => text.replace("99", "{count}");

/** A regular expression for a text with values that are not known. */
function patternOf(text) {
    const parts = text.split(/\{\w+\}/u);
    return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&")).join(".+"));
}

for (const tag of Object.keys(LANGUAGES)) {
    for (const { code, words, english, text, see } of REFUSALS) {
        test(`${tag}: ${words} (${code})`, async () => {
            await useLocale(LOCALES[tag]);
            const { place, kept = () => {} } = await see();
            const said = text?.() ?? (tag === "en" ? english : errorWords(code));
            assert.ok(said);
            await place
                .filter({ hasText: patternOf(said) })
                .first()
                .waitFor();
            await kept();
        });
    }
}
