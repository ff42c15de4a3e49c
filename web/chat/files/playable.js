// Properties of a video or a sound, read before it is sent: its size, its length, and a picture
// of it. The server decodes neither.

import { isVideo } from "./kinds.js";
import { thumbnailOf } from "./picture.js";

/** A browser that has not read the beginning by then (ms) sends the file without. */
const MOST_MS = 8000;
/** The picture is taken here (s), since many videos begin with a black one. */
const PICTURE_AT = 1;

/** Waits for an event of the element; rejects when it cannot be played. */
const eventOf = (medium, name) =>
    new Promise((resolve, reject) => {
        medium.addEventListener(name, resolve, { once: true });
        medium.addEventListener("error", reject, { once: true });
        setTimeout(reject, MOST_MS);
    });

/** The picture of a video, as a thumbnail; null if there is none. */
async function pictureOf(video) {
    const moved = eventOf(video, "seeked");
    const middle = Number.isFinite(video.duration) ? video.duration / 2 : 0;
    video.currentTime = Math.min(PICTURE_AT, middle);
    await moved;
    const picture = await createImageBitmap(video);
    try {
        return await thumbnailOf(picture);
    } finally {
        picture.close();
    }
}

/** { width, height, duration, thumbnail } of a file, as far as the browser can tell. */
export async function playableDetails(file) {
    const isVideoFile = isVideo({ media_type: file.type });
    const medium = document.createElement(isVideoFile ? "video" : "audio");
    const address = URL.createObjectURL(file);
    const details = {};
    try {
        const loaded = eventOf(medium, isVideoFile ? "loadeddata" : "loadedmetadata");
        Object.assign(medium, { muted: true, preload: "auto", src: address });
        await loaded;
        // A recording of a browser does not contain its length.
        if (Number.isFinite(medium.duration)) {
            details.duration = medium.duration;
        }
        if (isVideoFile && medium.videoWidth > 0) {
            Object.assign(details, { width: medium.videoWidth, height: medium.videoHeight });
            details.thumbnail = await pictureOf(medium);
        }
    } catch {
        // It is sent with what is known.
    } finally {
        medium.removeAttribute("src");
        medium.load();
        URL.revokeObjectURL(address);
    }
    return details;
}
