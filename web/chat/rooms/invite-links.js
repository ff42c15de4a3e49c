// The dialog with the invite links of a room, for its admins.

import { button, errorText, form, submitButton, textField } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { fullTime, visibleName } from "../ui/format.js";
import { t, tn } from "../words.js";

/** The most links that a room has are 100. */
const ALL = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

const roleName = (role) =>
    ({ reader: t("Reader"), moderator: t("Moderator"), admin: t("Admin") })[role] ?? t("Member");

/** A label with a select: [value, text] each. */
function selection(label, options) {
    const select = h(
        "select",
        options.map(([value, text]) => h("option", { value }, text)),
    );
    return { select, element: h("label.field", h("span", label), select) };
}

function newLinkForm(add) {
    const role = selection(
        t("Role in the room"),
        ["member", "reader", "moderator", "admin"].map((one) => [one, roleName(one)]),
    );
    const end = selection(t("Valid for"), [
        ["", t("No end")],
        ["1", tn(1, "{count} day", "{count} days")],
        ["7", tn(7, "{count} day", "{count} days")],
        ["30", tn(30, "{count} day", "{count} days")],
    ]);
    const uses = h("input", { type: "number", min: 1, max: 1000000 });
    return form({
        fields: [],
        others: [
            role.element,
            end.element,
            h("label.field", h("span", t("Maximum number of uses; empty: no limit")), uses),
        ],
        buttons: [submitButton(t("Make a link"))],
        submit: () => {
            const days = Number(end.select.value);
            return add({
                role: role.select.value,
                expires_at: days ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
                max_uses: uses.value === "" ? null : Number(uses.value),
            });
        },
    });
}

function usesText({ uses, max_uses: most, expires_at: end }) {
    const used =
        most === null
            ? tn(uses, "used once", "used {count} times")
            : t("used {uses} of {most} times", { uses, most });
    return end ? `${used}, ${t("until {time}", { time: fullTime(end) })}` : used;
}

class Links {
    constructor(root, confab, room) {
        Object.assign(this, { root, confab, room });
        this.list = h("ul.sessions.links", { "aria-label": t("Invite links") });
        this.status = h("p", { role: "status" });
        this.problem = h("p.wrong", { role: "alert" });
        this.load();
    }

    async load() {
        this.problem.textContent = "";
        try {
            const { results } = await this.confab.links(this.room.room_id, { limit: ALL });
            fill(
                this.list,
                results.map((one) => this.#row(one)),
            );
        } catch (error) {
            const again = button(t("Try again"), () => this.load(), "link");
            fill(this.problem, errorText(error), " ", again);
        }
    }

    #address({ link }) {
        return new URL(`${this.confab.url}/join/#${link}`, location.href).href;
    }

    #row(link) {
        const what = `${roleName(link.role)}, ${usesText(link)}`;
        const act = (text, label, onclick) => {
            const one = button(text, onclick);
            one.setAttribute("aria-label", label);
            return one;
        };
        return h(
            "li.person",
            h("span.who", what),
            h(
                "div.buttons",
                act(t("Copy the link"), t("Copy the link: {what}", { what }), () =>
                    this.#copy(this.#address(link)),
                ),
                act(t("Remove"), t("Remove the link: {what}", { what }), () => this.#remove(link)),
            ),
        );
    }

    async #remove({ link_id: id }) {
        this.problem.textContent = "";
        try {
            await this.confab.removeLink(this.room.room_id, id);
        } catch (error) {
            this.problem.textContent = errorText(error);
            return;
        }
        await this.load();
    }

    /** Shows the address where it cannot be copied. */
    async #copy(address) {
        this.status.textContent = "";
        try {
            await navigator.clipboard.writeText(address);
            this.status.textContent = t("The link has been copied.");
        } catch {
            const field = textField("link", t("Link"), { value: address, readonly: true });
            openDialog(this.root, t("Invite link"), () => field.element);
            field.input.select();
        }
    }

    async add(link) {
        await this.confab.addLink(this.room.room_id, link);
        await this.load();
    }
}

export function openInviteLinks(root, confab, room) {
    const title = t("Invite links to {room}", { room: visibleName(room.name) });
    openDialog(root, title, () => {
        const links = new Links(root, confab, room);
        return [
            h("p", t("Everyone with a link can join the room.")),
            links.list,
            links.status,
            links.problem,
            newLinkForm((link) => links.add(link)),
        ];
    });
}
