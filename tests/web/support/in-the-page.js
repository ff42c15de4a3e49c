// What users do in the page where tests have no API beside it: signing up and in, and meeting.

import { PASSWORD } from "./clients.js";

/** Logs `person.name` in; `button`: the one of the form that is shown. */
export async function signIn(person, button = "Log in") {
    await person.page.getByLabel("Username").fill(person.name);
    await person.page.getByLabel("Password").fill(PASSWORD);
    await person.button(button).click();
    await person.page.getByText("No rooms yet").waitFor();
}

/** Creates the account `person.name`. */
export async function signUp(person) {
    await person.button("Create an account").click();
    await signIn(person, "Create account");
}

/** The first creates a room and invites the second, who opens it. */
export async function meet(anne, ben) {
    await anne.add("New room");
    await anne.page.getByLabel("Name").fill("Kitchen");
    await anne.button("Create room").click();
    await anne.button("Details").click();
    await anne.button("Invite people").click();
    await anne.page.getByLabel("Find a person by name").fill(ben.name);
    await anne.button(`Invite ${ben.name}`).click();
    await anne.dialog().getByText("Invited").waitFor();
    await anne.button("Close", anne.dialog()).click();
    await ben.page.locator(".room", { hasText: "Kitchen" }).click();
}
