// The dialog of a user's settings: profile, language, password, e-mail address, sessions, and the
// user's data.

import { emailPart } from "./account/email.js";
import { erasePart, exportPart } from "./account/own-data.js";
import { button, errorText, form, submitButton, textField } from "./ui/controls.js";
import { openDialog, rowButton } from "./ui/dialog.js";
import { fill, h } from "./ui/dom.js";
import { dayName, timeOfDay } from "./ui/format.js";
import { icon } from "./ui/icons.js";
import { secondFactor } from "./account/second-factor.js";
import { LANGUAGES, t } from "./words.js";

/** The largest page that the server gives. */
const MOST_SESSIONS = 200;

/** The language tag to store: a longer one of the same language, such as "de-AT", is kept. */
const isOf = (locale, language) => locale?.toLowerCase().split(/[-_]/u)[0] === language;

function languageField(locale) {
    const option = (value, text, selected) => h("option", { value, selected }, text);
    const input = h(
        "select",
        { id: "confab-locale", name: "locale" },
        option("", t("As the browser"), !locale),
        Object.entries(LANGUAGES).map(([tag, name]) => option(tag, name, isOf(locale, tag))),
    );
    const wrong = h("span.wrong");
    const label = h("label", { for: "confab-locale" }, t("Language"));
    return { name: "locale", input, wrong, element: h("div.field", label, input, wrong) };
}

function profileForm(confab, saved) {
    const { user } = confab;
    const name = textField("display_name", t("Display name"), {
        value: user.display_name ?? user.username,
        autocomplete: "name",
    });
    const picture = textField(
        "avatar_url",
        t("Address of your picture"),
        { type: "url", value: user.avatar_url, placeholder: "https://", autocomplete: "off" },
        t("Empty: your initials are shown."),
    );
    const language = languageField(user.locale);
    const done = h("span.done", { role: "status" });
    return form({
        fields: [name, picture, language],
        buttons: [done, submitButton(t("Save"))],
        submit: async () => {
            done.textContent = "";
            const tag = language.input.value;
            await confab.updateProfile({
                display_name: name.input.value.trim() || null,
                avatar_url: picture.input.value.trim() || null,
                locale: isOf(user.locale, tag) ? user.locale : tag || null,
            });
            done.textContent = t("Saved.");
            saved(user);
        },
    });
}

/** Saved as soon as it is changed. */
function sharing(confab) {
    const problem = h("p.wrong", { role: "alert" });
    const input = h("input", {
        type: "checkbox",
        checked: confab.user.share_read,
        onchange: async () => {
            input.disabled = true;
            problem.textContent = "";
            try {
                await confab.updateProfile({ share_read: input.checked });
            } catch (error) {
                input.checked = !input.checked;
                problem.textContent = errorText(error);
            }
            input.disabled = false;
        },
    });
    const label = h(
        "label.choice",
        input,
        h("b", t("Show others what you have read")),
        h("span", t("If it is off, you cannot see what others have read either.")),
    );
    return [label, problem];
}

function passwordForm(confab, changed) {
    const old = textField("old_password", t("Current password"), {
        type: "password",
        autocomplete: "current-password",
    });
    const fresh = textField(
        "new_password",
        t("New password"),
        { type: "password", autocomplete: "new-password" },
        t("At least 8 characters. Your other sessions will be logged out."),
    );
    return form({
        fields: [old, fresh],
        buttons: [submitButton(t("Change password"))],
        submit: async () => {
            await confab.changePassword(old.input.value, fresh.input.value);
            [old, fresh].forEach((field) => {
                field.input.value = "";
            });
            changed();
        },
    });
}

function sessionRow(confab, session, refresh) {
    const kind = session.kind === "token" ? t("App or embedded chat") : t("Browser");
    const used = session.last_used_at ?? session.created_at;
    const time = t("Last used: {time}", { time: `${dayName(used)}, ${timeOfDay(used)}` });
    const end = () => confab.endSession(session.session_id).then(refresh);
    return h(
        "li.person",
        h("span.round", icon(session.kind === "token" ? "chat" : "globe")),
        h("span.who", kind, h("span.under", time)),
        session.current
            ? h("span.badge", t("This one"))
            : rowButton(t("Log out"), t("Log out: {what}", { what: `${kind}, ${time}` }), end),
    );
}

function sessionsList(confab) {
    const list = h("ul.sessions", { "aria-label": t("Sessions") });
    const problem = h("p.wrong", { role: "alert" });
    const all = button(t("Log out everywhere else"), async () => {
        all.disabled = true;
        try {
            await confab.endOtherSessions();
            await refresh();
        } catch (error) {
            problem.textContent = errorText(error);
        }
        all.disabled = false;
    });
    const refresh = async () => {
        try {
            const { results: sessions } = await confab.sessions({ limit: MOST_SESSIONS });
            fill(
                list,
                sessions.map((session) => sessionRow(confab, session, refresh)),
            );
            problem.textContent = "";
            all.hidden = sessions.every(({ current }) => current);
        } catch (error) {
            problem.textContent = errorText(error);
        }
    };
    all.hidden = true;
    refresh();
    return { nodes: [list, problem, h("div.buttons", all)], refresh };
}

/** What the server has; if it does not say, passwords. */
async function featuresOf(confab) {
    try {
        const { features } = await confab.request("GET", "/api/");
        return features;
    } catch {
        return ["password_login"];
    }
}

/**
 * `hasPassword`: whether this user logs in here, by password if the server takes them. Calls
 * `on.saved(before)` after the profile was changed, and `on.passwordChanged()`. `on.erase(erasure)`
 * deletes the account and logs out, and returns a promise. `on.keepAccount` is null but for guests.
 */
export function openSettings(root, confab, { hasPassword, on }) {
    const sessions = sessionsList(confab);
    const passwordChanged = () => {
        sessions.refresh();
        on.passwordChanged();
    };
    const part = (title, ...content) => h("section.part", h("h3", title), ...content);
    // What depends on what the server has takes their places.
    const [password, erasure] = [h("div"), h("div")];
    featuresOf(confab).then((features) => {
        // Guests have none.
        if (hasPassword && !confab.user?.is_guest && features.includes("password_login")) {
            password.replaceWith(
                part(t("Password"), passwordForm(confab, passwordChanged)),
                part(t("Two-factor login"), ...secondFactor(confab)),
                ...(features.includes("mail") ? [part(t("E-mail"), ...emailPart(confab))] : []),
            );
            erasure.replaceWith(part(t("Delete your account"), ...erasePart(root, on.erase)));
        }
    });
    const dialog = openDialog(root, t("Settings"), () => [
        on.keepAccount &&
            part(
                t("You are a guest"),
                h("p", t("Guests who do not come back for a while are deleted.")),
                h("div.buttons", button(t("Keep this account"), on.keepAccount, "main")),
            ),
        part(t("Profile"), profileForm(confab, on.saved)),
        part(t("Privacy"), ...sharing(confab)),
        password,
        part(t("Sessions"), ...sessions.nodes),
        part(t("Your data"), ...exportPart(confab)),
        erasure,
    ]);
    dialog.classList.add("settings");
}
