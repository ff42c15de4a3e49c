// The dialog that shows a picture, a video or a sound large, and leads to the next one by the arrow
// keys. Loaded when the first one is opened.

import { iconButton } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { fullTime, isPicture } from "../ui/format.js";
import { t } from "../words.js";
import { isShownVideo, isVideo, shownName } from "./kinds.js";
import { addressOf, factsOf, save, whyNot } from "./view.js";

/** The element that shows a file; its address may come later. */
function mediumOf(file, alt) {
    if (isPicture(file)) {
        const { width, height } = file;
        return h("img", { alt, width, height });
    }
    const kind = isVideo(file) ? "video" : "audio";
    const medium = h(kind, { controls: true, preload: "metadata", "aria-label": alt });
    if (isShownVideo(file)) {
        // Its place before it is loaded.
        medium.style.setProperty("--width", `${file.width}px`);
        medium.style.setProperty("--ratio", String(file.width / file.height));
        medium.classList.add("sized");
    }
    return medium;
}

/** `items` are { file, message, element }, `at` is the index of the first one shown. */
export function openViewer(root, { confab, people, items, at }) {
    const stage = h("div.stage");
    const about = h("span.facts");
    const problem = h("p.wrong", { role: "alert" });
    const place = h("span", { role: "status" });
    let current = at;
    const previous = iconButton("back", t("Previous"), () => show(current - 1));
    const next = iconButton("forward", t("Next"), () => show(current + 1));
    const keep = iconButton("download", t("Download"), () =>
        save(confab, items[current].file, problem),
    );
    const dialog = openDialog(root, "", () => [
        stage,
        problem,
        h("div.controls", previous, h("span.below-picture", about, place), next, keep),
    ]);
    dialog.classList.add("viewer");
    const title = dialog.querySelector("h2");
    title.dir = "auto";

    const failed = async (medium, file) => {
        const text = (await whyNot(confab, file)) ?? t("This picture cannot be shown.");
        if (medium.isConnected) {
            medium.remove();
            problem.textContent = text;
        }
    };

    const show = async (to) => {
        if (to < 0 || to >= items.length) {
            return;
        }
        current = to;
        const { file, message } = items[to];
        const name = shownName(file);
        const sender = people.name(message.sender_id, message.sender_username);
        const alt = isPicture(file)
            ? t("Picture {name} from {sender}", { name, sender })
            : t("{name} from {sender}", { name, sender });
        title.textContent = name;
        about.textContent = `${sender}, ${fullTime(message.created_at)}, ${factsOf(file)}`;
        place.textContent =
            items.length > 1 ? t("{at} of {count}", { at: to + 1, count: items.length }) : "";
        problem.textContent = "";
        // A button that has the focus keeps it.
        previous.setAttribute("aria-disabled", String(to === 0));
        next.setAttribute("aria-disabled", String(to === items.length - 1));
        previous.hidden = next.hidden = items.length === 1;
        const medium = mediumOf(file, alt);
        fill(stage, medium);
        medium.addEventListener("error", () => failed(medium, file));
        try {
            const address = await addressOf(confab, file);
            if (medium.isConnected) {
                medium.src = address;
            }
        } catch {
            failed(medium, file);
        }
    };

    dialog.addEventListener("keydown", (event) => {
        const isPlayer = event.target.matches?.("video, audio");
        if (isPlayer || event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        const isFlipped = getComputedStyle(dialog).direction === "rtl" ? -1 : 1;
        const to = {
            ArrowLeft: current - isFlipped,
            ArrowRight: current + isFlipped,
            Home: 0,
            End: items.length - 1,
        }[event.key];
        if (to !== undefined) {
            event.preventDefault();
            show(to);
        }
    });
    // Beside the picture a click closes the viewer.
    stage.addEventListener("click", (event) => event.target === stage && dialog.close());
    dialog.addEventListener("close", () => {
        stage.replaceChildren();
        items[current].element.focus();
    });
    show(at);
}
