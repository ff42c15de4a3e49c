// Mentions, favourites and muted rooms.

import { account, loggedInUser, SIZES } from "../support/browser.js";
import { slow } from "../support/slow.js";
import "./setup.js";

slow("a member is chosen after an @, and sees the mention in a muted room", async () => {
    const [alice, bob] = [await loggedInUser(), await loggedInUser()];
    const room = await alice.room("Kitchen", bob);
    await bob.api("PATCH", `chat/rooms/${room}/me/`, { notify: "none", is_favorite: true });
    await alice.page.locator(".room", { hasText: "Kitchen" }).click();
    await alice.page.locator("#confab-write").pressSequentially(`Tea, @${bob.name.slice(0, 4)}`);
    await alice.page.getByRole("option", { name: bob.name }).first().waitFor();
    await alice.page.keyboard.press("Enter");
    await alice.page.keyboard.press("Enter");
    await alice.page.locator(".mention", { hasText: bob.name }).waitFor();
    // A member who joins later is offered, too.
    const carol = await account();
    await alice.api("POST", `chat/rooms/${room}/invite/`, { user_id: carol.id });
    await alice.page.getByText("3 members").waitFor();
    await alice.page.locator("#confab-write").pressSequentially(`@${carol.name}`);
    await alice.page.getByRole("option", { name: carol.name }).waitFor();
    await alice.field.fill("");
    const item = bob.page.locator(".room.quiet", { hasText: "Kitchen" });
    await item.locator(".count.at").waitFor();
    await item.click();
    await bob.page.locator(".message.for-me .mention.own").waitFor();
    await bob.page.getByRole("button", { name: "Room", exact: true }).click();
    await bob.page.getByRole("menuitem", { name: "Mark as unread" }).click();
    await item.locator(".count.at").waitFor();
    await bob.page.locator(".message.for-me").hover();
    await bob.button("Mark as read").waitFor();
    const menu = bob.page.locator(".menu:visible");
    await bob.button("Room").click();
    await menu.waitFor();
    await bob.page.setViewportSize(SIZES.wide);
    await menu.waitFor({ state: "hidden" });
    await bob.choose(/^Room$/, "Mark as read");
    await item.locator(".count.at").waitFor({ state: "detached" });
    await bob.choose(/^Room$/, "Remove from the favourites");
    await bob.choose(/^Room$/, "Mute");
    await bob.choose(/^Room$/, "Unmute");
    await bob.choose(/^Room$/, "Add to the favourites");
    await bob.choose(/^Room$/, "Hide");
    await item.waitFor({ state: "detached" });
});
