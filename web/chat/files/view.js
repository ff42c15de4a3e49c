// The files of a message: pictures in place, everything else as a card. Loaded with the first
// message that has files. The page takes them from their addresses, which its cookie opens; where
// there is only a token, each address is signed for a few minutes. Strangers in an open room need
// nothing.

import { button } from "../ui/controls.js";
import { fill, h } from "../ui/dom.js";
import { isPicture } from "../ui/format.js";
import { icon } from "../ui/icons.js";
import { addStyles } from "../ui/styles.js";
import { t } from "../words.js";
import {
    fileErrorText,
    isAudio,
    isShownVideo,
    isVideo,
    kindText,
    lengthText,
    shortName,
    shownName,
    sizeText,
} from "./kinds.js";

/** The box (px) of a picture that is alone in its message. */
const MOST_WIDTH = 320;
const MOST_HEIGHT = 280;
const LEAST = 48;
/** A picture without a size has this one. */
const UNKNOWN = { width: 240, height: 180 };
/** A picture of more bytes is shown by its thumbnail. */
const SMALL = 200_000;
/** A signed address is asked for again when it is this close (ms) to its end. */
const LINK_LEFT_MS = 30_000;
/** How far (px) below the view a picture is loaded. */
const AHEAD = "600px";
/** The most previews of sent pictures that are kept. */
const MOST_PREVIEWS = 40;

export { fileErrorText };

export const stylesReady = (root) => addStyles(root, "files/files.css");

// ---- where the bytes are ----

const links = new WeakMap();

/** A signed address, remembered until shortly before its end. */
async function linkTo(confab, file) {
    if (!links.has(confab)) {
        links.set(confab, new Map());
    }
    const known = links.get(confab);
    const { url, until } = (await known.get(file.file_id)) ?? {};
    if (url && until > Date.now() + LINK_LEFT_MS) {
        return url;
    }
    const asked = confab
        .fileLink(file.file_id)
        .then((link) => ({ url: link.url, until: Date.parse(link.expires_at) }));
    known.set(file.file_id, asked);
    asked.catch(() => known.delete(file.file_id));
    return (await asked).url;
}

/** The address of a file or its thumbnail for an element: a text, or a promise of one. */
export function addressOf(confab, file, { thumbnail = false } = {}) {
    if (confab.auth !== "token") {
        return confab.fileUrl(file, { thumbnail });
    }
    return linkTo(confab, file).then((url) =>
        thumbnail ? confab.fileUrl(file, { thumbnail }) + new URL(url).search : url,
    );
}

/** Why a file cannot be shown, in words; null if it can. */
export async function whyNot(confab, file) {
    try {
        // Strangers get no links.
        await (confab.auth === "none" ? confab.features() : confab.fileLink(file.file_id));
        return null;
    } catch (error) {
        if (error.status === 404 && !error.foreign) {
            return error.code === "scanning"
                ? t("Being checked for viruses…")
                : t("This file is no longer there.");
        }
        return fileErrorText(error);
    }
}

/**
 * Downloads a file, and writes into `problem` why it cannot be. The button is not disabled, so that
 * it keeps the focus.
 */
export async function save(confab, file, problem) {
    if (!problem.isBusy) {
        problem.isBusy = true;
        problem.textContent = (await download(confab, file)) ?? "";
        problem.isBusy = false;
    }
}

/** Resolves to null, or to why the file cannot be downloaded. */
async function download(confab, file) {
    const problem = await whyNot(confab, file);
    if (problem) {
        return problem;
    }
    const isOwn = confab.auth === "cookie";
    let href = confab.fileUrl(file);
    if (!isOwn) {
        try {
            href = URL.createObjectURL(await confab.fileBlob(file));
        } catch (error) {
            return fileErrorText(error);
        }
    }
    h("a", { href, download: file.name }).click();
    if (!isOwn) {
        setTimeout(() => URL.revokeObjectURL(href), 60_000);
    }
    return null;
}

// ---- loading pictures ----

let watcher = null;

/** Calls `load` once the element is about to come into view. */
function whenNear(element, load) {
    watcher ??= new IntersectionObserver(
        (entries) =>
            entries
                .filter(({ isIntersecting }) => isIntersecting)
                .forEach(({ target }) => {
                    watcher.unobserve(target);
                    target.load();
                }),
        { rootMargin: AHEAD, scrollMargin: AHEAD },
    );
    element.load = load;
    watcher.observe(element);
}

/** The previews of pictures that were sent from here, by the ids of their files. */
const previews = new Map();

function keepPreview(id, bitmap) {
    previews.set(id, bitmap);
    if (previews.size > MOST_PREVIEWS) {
        previews.delete(previews.keys().next().value);
    }
}

const bitmaps = new WeakMap();

/** Draws the thumbnail of an upload as soon as it is decoded. */
export function preview(upload) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const draw = (bitmap) => {
        Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
    };
    const known = bitmaps.get(upload);
    if (known instanceof ImageBitmap) {
        draw(known);
    } else {
        const made = known ?? createImageBitmap(upload.thumbnail);
        bitmaps.set(upload, made);
        made.then(
            (bitmap) => {
                bitmaps.set(upload, bitmap);
                draw(bitmap);
            },
            () => {},
        );
    }
    upload.done.then(
        ({ file_id: id }) => {
            const bitmap = bitmaps.get(upload);
            if (bitmap instanceof ImageBitmap) {
                keepPreview(id, bitmap);
            }
        },
        () => {},
    );
    return canvas;
}

function knownPreview(file) {
    const bitmap = previews.get(file.file_id);
    if (!bitmap) {
        return null;
    }
    const canvas = h("canvas", {
        "aria-hidden": "true",
        width: bitmap.width,
        height: bitmap.height,
    });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    return canvas;
}

// ---- pictures ----

/** The size (px) at which a picture that is alone is shown. */
function boxOf({ width, height }) {
    if (!width || !height) {
        return UNKNOWN;
    }
    const scale = Math.min(1, MOST_WIDTH / width, MOST_HEIGHT / height);
    const side = (length) => Math.max(LEAST, Math.round(length * scale));
    return { width: side(width), height: side(height) };
}

/** Gives an element its place before the picture in it is there. */
function sized(element, { width, height }) {
    element.style.setProperty("--width", `${width}px`);
    element.style.setProperty("--ratio", `${width} / ${height}`);
    return element;
}

const movesByItself = ({ media_type: type }) => type === "image/gif";

/** A picture as a button that opens the viewer. */
function picture(file, { confab, open }) {
    const alt = t("Picture {name}", { name: shownName(file) });
    const isThumbnail = file.has_thumbnail && (file.size > SMALL || movesByItself(file));
    const box = boxOf(file);
    const element = sized(h("button.picture", { type: "button", title: shownName(file) }), box);
    element.file = file;
    const show = () => {
        const image = h("img", { alt, ...box, decoding: "async" });
        const place = [
            image,
            movesByItself(file) && h("span.moving", { "aria-hidden": "true" }, "GIF"),
        ];
        element.classList.remove("failed");
        image.addEventListener("load", () => element.querySelector("canvas")?.remove());
        image.addEventListener("error", () =>
            confab.auth === "none" && !image.src.startsWith("blob:")
                ? byBytes(image).catch(failed)
                : failed(),
        );
        fill(element, knownPreview(file), place);
        whenNear(element, async () => {
            try {
                image.src = await addressOf(confab, file, { thumbnail: isThumbnail });
            } catch {
                failed();
            }
        });
    };
    // The browser may have sent an old cookie, with which an open room is not read.
    const byBytes = async (image) => {
        const url = URL.createObjectURL(await confab.fileBlob(file, { thumbnail: isThumbnail }));
        image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
        image.src = url;
    };
    const failed = async () => {
        const problem = (await whyNot(confab, file)) ?? t("This picture cannot be shown.");
        element.classList.add("failed");
        fill(element, h("span.why", icon("warning"), `${alt}. ${problem}`));
    };
    element.addEventListener("click", () =>
        element.classList.contains("failed") ? show() : open(element),
    );
    show();
    return element;
}

/** A video as a button with a picture of it; the viewer plays it. */
function video(file, { confab, open }) {
    const name = shownName(file);
    const length = lengthText(file);
    const element = sized(
        h("button.picture.plays", {
            type: "button",
            title: name,
            "aria-label": [t("Play {name}", { name }), length].filter(Boolean).join(", "),
            onclick: () => open(element),
        }),
        boxOf(file),
    );
    const image = file.has_thumbnail && h("img", { alt: "", decoding: "async" });
    element.file = file;
    fill(
        element,
        knownPreview(file),
        image,
        h("span.start", icon("play")),
        length && h("span.moving", { "aria-hidden": "true" }, length),
    );
    if (image) {
        // Without a picture it is a dark box, which plays all the same.
        image.addEventListener("error", () => image.remove());
        whenNear(element, async () => {
            try {
                image.src = await addressOf(confab, file, { thumbnail: true });
            } catch {
                image.remove();
            }
        });
    }
    return element;
}

function gallery(files, context) {
    const isGrid = files.length > 1;
    return h(
        isGrid ? "div.pictures.grid" : "div.pictures",
        isGrid && { role: "group", "aria-label": t("Pictures") },
        files.map((file) => (isPicture(file) ? picture(file, context) : video(file, context))),
    );
}

// ---- cards ----

/** The parts of a card: an icon, the name, and a line below. */
function cardParts(file, under, name = "file") {
    return [
        icon(name),
        h(
            "span.about-file",
            h("span.name", { dir: "auto", title: shownName(file) }, shortName(file)),
            h("span.under", under),
        ),
    ];
}

/** "PDF, 1.2 MB", or "MP3, 3:05, 2.9 MB". */
export const factsOf = (file) =>
    [kindText(file), lengthText(file), sizeText(file.size)].filter((one) => one !== "").join(", ");

const stateText = ({ state }) =>
    ({
        scanning: t("Being checked for viruses…"),
        removed: t("Removed: something harmful was found in it."),
    })[state];

function card(file, { confab, open }) {
    if (file.state) {
        const sign = file.state === "removed" ? "warning" : "clock";
        return h("div.file-card.stopped", cardParts(file, stateText(file), sign));
    }
    const problem = h("span.wrong", { role: "alert" });
    const plays = isVideo(file) || isAudio(file);
    const main = h(
        "button.file-card",
        {
            type: "button",
            onclick: () => (plays ? open(main) : save(confab, file, problem)),
        },
        h("span.unseen", plays ? t("Play") : t("Download"), " "),
        cardParts(file, factsOf(file), plays ? "play" : "file"),
        !plays && icon("download"),
    );
    main.file = file;
    main.classList.toggle("plays", plays);
    return h("div.file", main, problem);
}

// ---- a message ----

/** All that the viewer can show, in the order of the messages. */
function openViewer(people, opener) {
    const { root, confab } = people;
    const all = [...root.querySelectorAll(".items .files :is(.picture, .plays)")];
    import("./viewer.js").then(
        ({ openViewer: open }) =>
            open(root, {
                confab,
                people,
                items: all.map((element) => ({
                    file: element.file,
                    message: element.closest(".item").message,
                    element,
                })),
                at: all.indexOf(opener),
            }),
        () => {
            const text = t("A part of this page could not be loaded.");
            opener.after(h("p.wrong", { role: "alert" }, text));
        },
    );
}

/** The element of the files of a message. */
export function filesNode(files, people) {
    const { confab } = people;
    const context = { confab, open: (opener) => openViewer(people, opener) };
    const isShown = (file) => (isPicture(file) || isShownVideo(file)) && !file.state;
    const pictures = files.filter(isShown);
    return h(
        "div.files",
        pictures.length > 0 && gallery(pictures, context),
        files.filter((file) => !isShown(file)).map((file) => card(file, context)),
    );
}

// ---- files that are being sent ----

/** Shows how far an upload is, and keeps it up to date. */
export function progressOf(upload, name) {
    const bar = h("progress", { max: upload.size, "aria-label": t("Sending {name}", { name }) });
    let wasShown = false;
    const draw = () => {
        // Something else has taken its place.
        if (wasShown && !bar.isConnected) {
            stop.forEach((end) => end());
        }
        wasShown ||= bar.isConnected;
        bar.value = upload.offset;
        bar.hidden = upload.state !== "sending";
    };
    const stop = [upload.on("progress", draw), upload.on("change", draw)];
    draw();
    return bar;
}

function pendingPicture(upload) {
    const name = shownName(upload);
    const label = t("Picture {name}", { name });
    const element = h("div.picture", { role: "img", "aria-label": label });
    element.append(...(upload.thumbnail ? [preview(upload)] : []));
    element.append(progressOf(upload, name));
    return sized(element, boxOf(upload));
}

/** The files of a message that is being sent, at the places and sizes of the final ones. */
export function pendingNode(uploads) {
    const isShown = (one) => (isPicture(one) && one.thumbnail) || isShownVideo(one);
    const pictures = uploads.filter(isShown);
    const others = uploads.filter((one) => !isShown(one));
    return h(
        "div.files",
        pictures.length > 0 &&
            h(
                pictures.length > 1 ? "div.pictures.grid" : "div.pictures",
                pictures.map(pendingPicture),
            ),
        others.map((upload) =>
            h(
                "div.file-card",
                cardParts(upload, factsOf(upload)),
                progressOf(upload, shownName(upload)),
            ),
        ),
    );
}

/** A button under something that failed. */
export const againButton = (act) => button(t("Try again"), act, "link");
