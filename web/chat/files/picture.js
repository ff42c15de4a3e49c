// Making a picture ready to be sent: not larger than screens need, without what cameras write into
// it (place, time, device), and with a thumbnail. The server decodes no pictures.

import { isAudio, isSvg, isVideo, renamed } from "./kinds.js";

/** The longest side (px) of what is sent, and of a thumbnail; the most bytes of that. */
const LARGEST = 2048;
const THUMBNAIL = 320;
const THUMBNAIL_BYTES = 48 * 1024;
/** A picture of more pixels is not decoded here. */
const MOST_PIXELS = 120e6;
/** The first bytes of a file that are read to find the size of the picture. */
const HEAD = 256 * 1024;
/** A lossless picture of more bytes is sent as WebP. */
const LARGE_PNG = 3e6;

const QUALITY = 0.9;
const THUMBNAIL_QUALITIES = [0.8, 0.6, 0.4, 0.2];

/** How each type is written again; those not listed become JPEG. */
const WRITTEN = {
    "image/png": "image/png",
    "image/webp": "image/webp",
    "image/avif": "image/webp",
    "image/gif": "image/png",
    "image/bmp": "image/png",
};
const EXTENSIONS = { "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp" };

// ---- heads of pictures ----

const ascii = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

function png(bytes, view) {
    const size = { width: view.getUint32(16), height: view.getUint32(20) };
    // The chunk acTL, which comes before the picture itself, makes it move.
    for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
        const name = ascii(bytes, at + 4, 4);
        if (name === "acTL" || name === "IDAT") {
            return { ...size, moves: name === "acTL" };
        }
    }
    return { ...size, moves: false };
}

/** The size is in a frame header (SOF), after other segments. */
function jpeg(bytes, view) {
    for (let at = 2; at + 9 <= bytes.length; at += 2 + view.getUint16(at + 2)) {
        const marker = bytes[at + 1];
        const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
        if (bytes[at] !== 0xff) {
            return null;
        }
        if (isFrame) {
            return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), moves: false };
        }
    }
    return null;
}

function webp(bytes, view) {
    const uint24 = (at) => view.getUint16(at, true) + bytes[at + 2] * 0x10000;
    switch (ascii(bytes, 12, 4)) {
        case "VP8X":
            return {
                width: uint24(24) + 1,
                height: uint24(27) + 1,
                moves: (bytes[20] & 2) !== 0,
            };
        case "VP8L": {
            const bits = view.getUint32(21, true);
            const [width, height] = [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
            return { width, height, moves: false };
        }
        case "VP8 ":
            return {
                width: view.getUint16(26, true) & 0x3fff,
                height: view.getUint16(28, true) & 0x3fff,
                moves: false,
            };
        default:
            return null;
    }
}

/**
 * What the first bytes of a picture contain: { width, height, moves }, `moves` being whether it may
 * have several frames; null if that is not known.
 */
export function pictureHead(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 32) {
        return null;
    }
    try {
        if (ascii(bytes, 1, 3) === "PNG") {
            return png(bytes, view);
        }
        if (ascii(bytes, 0, 3) === "GIF") {
            const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
            return { width, height, moves: true };
        }
        if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 4) === "WEBP") {
            return webp(bytes, view);
        }
        if (ascii(bytes, 4, 4) === "ftyp") {
            return ascii(bytes, 8, 4) === "avis" ? { width: 0, height: 0, moves: true } : null;
        }
        return bytes[0] === 0xff && bytes[1] === 0xd8 ? jpeg(bytes, view) : null;
    } catch {
        return null; // it ends in the middle of its head
    }
}

// ---- drawing ----

/** The size that fits into a square of this side. */
export function fitted({ width, height }, side) {
    const scale = Math.min(1, side / Math.max(width, height));
    const most = (length) => Math.max(1, Math.round(length * scale));
    return { width: most(width), height: most(height) };
}

function drawn(picture, { width, height }) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    return canvas;
}

const written = (canvas, type, quality) =>
    new Promise((resolve) => {
        canvas.toBlob(resolve, type, quality);
    });

/** JPEG has no transparency: what is transparent becomes white. */
function opaque(canvas) {
    const context = canvas.getContext("2d");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    return canvas;
}

/** As WebP, or where the browser cannot write that, as JPEG. */
export async function thumbnailOf(picture) {
    const canvas = drawn(picture, fitted(picture, THUMBNAIL));
    for (const type of ["image/webp", "image/jpeg"]) {
        for (const quality of THUMBNAIL_QUALITIES) {
            const from = type === "image/jpeg" ? opaque(canvas) : canvas;
            const blob = await written(from, type, quality);
            if (blob?.type !== type) {
                break;
            }
            if (blob.size <= THUMBNAIL_BYTES) {
                return blob;
            }
        }
    }
    return null;
}

async function smallerOf(file, picture) {
    const canvas = drawn(picture, fitted(picture, LARGEST));
    const type = WRITTEN[file.type] ?? "image/jpeg";
    let blob = await written(type === "image/jpeg" ? opaque(canvas) : canvas, type, QUALITY);
    if (type === "image/png" && blob?.size > Math.max(LARGE_PNG, file.size)) {
        const webpBlob = await written(canvas, "image/webp", QUALITY);
        blob = webpBlob?.type === "image/webp" ? webpBlob : blob;
    }
    return blob && { blob, width: canvas.width, height: canvas.height };
}

/**
 * What is sent of a file that may be a picture: { blob, details } for Confab.upload(). What the
 * browser cannot decode is sent as it is, and so is a picture that moves, but with a thumbnail.
 */
export async function prepared(file) {
    const asItIs = { blob: file, details: { name: file.name, media_type: file.type } };
    const kind = { media_type: file.type };
    if (isVideo(kind) || isAudio(kind)) {
        const { playableDetails } = await import("./playable.js");
        return { blob: file, details: { ...asItIs.details, ...(await playableDetails(file)) } };
    }
    if (!file.type.startsWith("image/") || isSvg(file)) {
        return asItIs;
    }
    const head = pictureHead(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()));
    if (head && head.width * head.height > MOST_PIXELS) {
        const { width, height } = head;
        return { ...asItIs, details: { ...asItIs.details, width, height } };
    }
    let picture;
    try {
        picture = await createImageBitmap(file);
    } catch {
        return asItIs;
    }
    try {
        const thumbnail = await thumbnailOf(picture);
        if (head?.moves) {
            const { width, height } = picture;
            return { blob: file, details: { ...asItIs.details, width, height, thumbnail } };
        }
        const made = await smallerOf(file, picture);
        if (!made) {
            return asItIs;
        }
        const { blob, width, height } = made;
        const isSame = blob.type === file.type;
        const name = isSame ? file.name : renamed(file.name, EXTENSIONS[blob.type] ?? "");
        return { blob, details: { name, media_type: blob.type, width, height, thumbnail } };
    } finally {
        picture.close();
    }
}
