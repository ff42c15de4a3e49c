// The parts of the settings in which users get their data, and delete their account.

import { button, form, submitButton, textField } from "../ui/controls.js";
import { cancelButton, openDialog, tryTo } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { fullTime } from "../ui/format.js";
import { t } from "../words.js";

/** How often (ms) the server is asked whether the archive is ready. */
const POLL_MS = 3000;

/** Starts a download: the address is valid for some minutes, so it is read when it is needed. */
async function download(confab) {
    const { url } = await confab.exportState();
    if (url) {
        const { href } = new URL(url, new URL(confab.url, location.href));
        h("a", { href, download: true }).click();
    }
    return Boolean(url);
}

/** The nodes of the part with the archive of the user's data. */
export function exportPart(confab) {
    const state = h("p", { role: "status" });
    const problem = h("p.wrong", { role: "alert" });
    const buttons = h("div.buttons");
    let timer = 0;

    const attempt = (step) => tryTo(step, problem);

    const request = () => attempt(async () => draw(await confab.requestExport()));
    const get = () =>
        attempt(async () => {
            if (!(await download(confab))) {
                await read();
            }
        });

    const draw = ({ state: name, expires_at: end }) => {
        const texts = {
            waiting: () => t("The archive is being made. This may take a while."),
            ready: () => t("The archive can be downloaded until {time}.", { time: fullTime(end) }),
            failed: () => t("The archive could not be made."),
        };
        const text = texts[name]?.() ?? "";
        if (state.textContent !== text) {
            state.textContent = text;
        }
        fill(
            buttons,
            name !== "waiting" && button(t("Make an archive"), request),
            name === "ready" && button(t("Download"), get, "main"),
        );
        clearTimeout(timer);
        if (name === "waiting") {
            // Until the settings are closed.
            timer = setTimeout(() => state.isConnected && attempt(read), POLL_MS);
        }
    };

    const read = async () => draw(await confab.exportState());

    attempt(read);
    const text = t("An archive with your messages, files and settings.");
    return [h("p", text), state, problem, buttons];
}

function messagesChoice() {
    const choice = (value, checked, text, hint) =>
        h(
            "label.choice",
            h("input", { type: "radio", name: "messages", value, checked }),
            h("b", text),
            h("span", hint),
        );
    return h(
        "fieldset.choices",
        h("legend", t("Your messages")),
        choice("keep", true, t("Keep them"), t("They stay, without your name.")),
        choice("erase", false, t("Delete them"), t("They are deleted for everyone, with files.")),
    );
}

/** `erase(erasure)` deletes the account, and returns a promise. */
function askToErase(root, erase) {
    const password = textField("password", t("Current password"), {
        type: "password",
        autocomplete: "current-password",
    });
    const messages = messagesChoice();
    openDialog(root, t("Delete your account?"), (close) => [
        h("p", t("This cannot be undone. You leave all rooms and are logged out everywhere.")),
        form({
            fields: [password],
            others: [messages, password.element],
            buttons: [cancelButton(close), submitButton(t("Delete my account"), "danger")],
            submit: () =>
                erase({
                    password: password.input.value,
                    messages: messages.querySelector(":checked").value,
                }),
        }),
    ]).classList.add("narrow");
}

/** The nodes of the part about the end of the account. */
export function erasePart(root, erase) {
    const ask = button(t("Delete my account"), () => askToErase(root, erase), "warns");
    return [
        h("p", t("Your name, profile and settings are deleted; your messages if you want.")),
        h("div.buttons", ask),
    ];
}
