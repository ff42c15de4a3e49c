// Users, rooms, and the steps in the page that lead to what the server refuses.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import { t, useLanguage } from "../../../web/chat/words.js";
import { account, openWindow } from "./browser.js";
import { PASSWORD } from "./clients.js";
import { sql } from "./sql.js";
import { until } from "./until.js";

/** The most rooms of a user. */
export const ROOMS = 4;

/** The locale of the windows, "de-DE". */
let locale;

export function useLocale(name) {
    locale = name;
    return useLanguage(name);
}

/** A window without a user. */
export const stranger = () => openWindow({ locale });

/** A new user without a window; "old" enough to write everywhere. */
export async function user({ isOld = true } = {}) {
    const made = await account();
    if (isOld) {
        await sql(
            `UPDATE user SET created_at = created_at - INTERVAL 1 DAY WHERE user_id = ${made.id}`,
        );
    }
    return made;
}

/** A window of a user. */
export async function windowOf(made) {
    const person = await stranger();
    await person.logIn(made);
    return person;
}

/** A public room of `owner`, which the others have joined. */
export async function roomOf(owner, ...others) {
    const room = await owner.api("POST", "chat/rooms/", { name: "Square", is_private: false });
    for (const other of others) {
        await other.api("POST", `chat/rooms/${room.room_id}/join/`);
    }
    return room.room_id;
}

/** Alice, Bob, and a public room of both, of which Alice is the admin. */
export async function pair(options) {
    const [alice, bob] = [await user(), await user(options)];
    return { alice, bob, room: await roomOf(alice, bob) };
}

export const change = ({ alice, room }, rules) => alice.api("PATCH", `chat/rooms/${room}/`, rules);

export const isLive = ({ page }) => page.getByText(t("Online"), { exact: true }).first().waitFor();

export const field = ({ page }) => page.locator("#confab-write");

export async function write(person, text) {
    await field(person).fill(text);
    await field(person).press("Enter");
}

/** The message of the page's own user that could not be sent. */
export const failed = ({ page }, text) => page.locator(".message.failed", { hasText: text });

export const wrong = (place) => place.locator(".wrong:not(:empty)");

/** The error at a field of the form that is shown. */
export const wrongAt = (place, name) =>
    place.locator(`.field:has([name=${name}]) .wrong:not(:empty)`);

/** Opens a dialog of the details of a room. */
export async function openDetails(person, room, action) {
    await person.enter(room);
    await person.button(t("Details")).click();
    await person.button(action).click();
}

/** Finds a user by name in the open dialog, and presses the button beside. */
async function choose(person, other, button) {
    const dialog = person.dialog();
    const search = dialog.getByRole("searchbox");
    await search.fill(other.name);
    // Until the others are gone, what is shown is that of the empty search.
    await until(async () => (await dialog.locator(".person").count()) === 1);
    await person.button(button, dialog).click();
    const kept = async () => assert.equal(await search.inputValue(), other.name);
    return { place: wrong(dialog), kept };
}

/** Tries to write to a user in the page. */
export async function writeTo(alice, other) {
    const person = await windowOf(alice);
    await person.visit();
    await person.choose(new RegExp(`^${t("New")}$`, "u"), t("New direct message"));
    return choose(person, other, t("Message {name}", { name: other.name }));
}

/** Tries to invite a user in the page. */
export async function invite(alice, room, other) {
    const person = await windowOf(alice);
    await openDetails(person, room, t("Invite people"));
    return choose(person, other, t("Invite {name}", { name: other.name }));
}

/** Opens a public room, and tries to join it in the page. */
export async function joinRoom(bob, room) {
    const person = await windowOf(bob);
    await person.visit(`/#/${room}`);
    await person.button(t("Join room")).click();
    return { place: person.page.locator(".conversation .wrong, .notice") };
}

/** Follows an invite link, and tries to join. */
export async function joinByLink(bob, link) {
    const person = await windowOf(bob);
    await person.visit(`/join/#${link}`);
    await person.button(t("Join room")).click();
    return { place: wrong(person.page.locator(".card")) };
}

export const link = async ({ alice, room }, more = {}) =>
    (await alice.api("POST", `chat/rooms/${room}/links/`, { role: "member", ...more })).link;

/** What is shown in place of the input, and the text that was refused below the messages. */
export const inPlaceOfInput = (person, text) => ({
    place: person.page.locator(".refused"),
    kept: () => failed(person, text).waitFor(),
});

/** Writes what is refused. */
export async function refuses(bob, room, text = "Hello") {
    const person = await windowOf(bob);
    await person.enter(room);
    await write(person, text);
    return inPlaceOfInput(person, text);
}

/** Writes what a rule of the room makes useless, and then sets the rule. */
export async function typesMeanwhile(people, rules) {
    const { room } = people;
    const bob = await windowOf(people.bob);
    await bob.enter(room);
    await isLive(bob);
    await field(bob).fill("Half a thought");
    await change(people, rules);
    return {
        place: bob.page.locator(".refused"),
        kept: async () => assert.equal(await field(bob).inputValue(), "Half a thought"),
    };
}

// ---- what leads to refusals ----

/** Bob is in as many rooms as he may be, and `room` is another one, of Alice. */
export async function inManyRooms() {
    const [alice, bob] = [await user(), await user()];
    for (let made = 0; made < ROOMS - 1; made += 1) {
        await roomOf(bob);
    }
    await roomOf(alice, bob);
    return { alice, bob, room: await roomOf(alice) };
}

/** Alice has banned Bob; both are in another room. */
export async function banned() {
    const people = await pair();
    await roomOf(people.alice, people.bob);
    await people.alice.api("POST", `chat/rooms/${people.room}/bans/`, { user_id: people.bob.id });
    return people;
}

/** Alice has removed Bob after she made the link `older`; both are in another room. */
export async function removed() {
    const people = await pair();
    await roomOf(people.alice, people.bob);
    const older = await link(people);
    const { alice, bob, room } = people;
    await alice.api("POST", `chat/rooms/${room}/remove_member/`, { user_id: bob.id });
    return { ...people, older };
}

/** The code of an authenticator app for this secret now (RFC 6238). */
export function totp(secret) {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = [...secret.replace(/=+$/u, "")]
        .map((one) => letters.indexOf(one).toString(2).padStart(5, "0"))
        .join("");
    const bytes = bits.match(/.{8}/gu).map((one) => Number.parseInt(one, 2));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
    const digest = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
    const at = digest.at(-1) & 15;
    return String((digest.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

export async function logIn(person, name, password = PASSWORD) {
    await person.page.locator("[name=username]").fill(name);
    await person.page.locator("[name=password]").fill(password);
    await person.button(t("Log in")).click();
}
