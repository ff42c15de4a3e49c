// The icons: outlines on a grid of 24 by 24, in the colour of the surrounding text.

const EYE =
    "M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z" +
    "M12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z";

const PIN = "M9 4h6l-1 6 3 3v1.500H7V13l3-3zM12 14.5V20";

const PATHS = {
    back: "M15 5l-7 7 7 7",
    bell: "M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5a2.2 2.2 0 0 0 4 0",
    bellOff: "M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5a2.2 2.2 0 0 0 4 0M4 4l16 16",
    chat:
        "M5.5 5h13A1.5 1.5 0 0 1 20 6.5v8" +
        "a1.5 1.5 0 0 1-1.5 1.5H12l-5 4v-4H5.5A1.5 1.5 0 0 1 4 14.5v-8A1.5 1.5 0 0 1 5.5 5z",
    check: "M5 12.5l4.5 4.5L19 7.5",
    clip: "M8 12.5l6-6a3 3 0 0 1 4.2 4.2l-8 8a4.5 4.5 0 0 1-6.4-6.4l7.5-7.5",
    clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.5l3 2",
    close: "M6 6l12 12M18 6L6 18",
    down: "M12 5v14M6 13l6 6 6-6",
    download: "M12 4v11M7 10.5l5 5 5-5M5 19.5h14",
    edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    exit: "M13 4H6v16h7M10 12h10M16.5 8.5L20 12l-3.5 3.5",
    eye: EYE,
    eyeOff: `${EYE}M4 4l16 16`,
    file: "M7 4h7l4 4v12H7zM14 4v4h4",
    flag: "M6 21V4h11l-2.500 4L17 12H6",
    forward: "M9 5l7 7-7 7",
    globe: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM4 12h16M12 4c3 3 3 13 0 16M12 4c-3 3-3 13 0 16",
    hash: "M9.5 4L8 20M16 4l-1.5 16M5 9h15M4 15h15",
    key: "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 12l8-8M16 7l3 3",
    link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
    lock: "M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    mail: "M4 6h16v12H4zM4 7l8 6 8-6",
    more: "M5 12.5v-1h1v1zM11.5 12.5v-1h1v1zM18 12.5v-1h1v1z",
    people:
        "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z" +
        "M2.5 19.5c.5-3.5 3-5.5 6.5-5.5s6 2 6.5 5.5M15.5 4.9a3.5 3.5 0 0 1 0 6.2" +
        "M18 14.5c2 .8 3.2 2.5 3.5 5",
    pin: PIN,
    pinOff: `${PIN}M4 4l16 16`,
    play: "M8 5.5l10 6.5-10 6.5z",
    plus: "M12 5v14M5 12h14",
    reply: "M9 6l-5 5 5 5M4 11h9a7 7 0 0 1 7 7",
    search: "M11 17a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM15.5 15.5L20 20",
    send: "M4.5 12L20 4.5 15 20l-3.5-6.5zM11.5 13.5L20 4.5",
    settings:
        "M4 7h8M18 7h2M4 17h2M12 17h8M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z" +
        "M9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    smile:
        "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z" +
        "M8.5 14c1 1.5 2.2 2 3.5 2s2.5-.5 3.5-2M9.5 9.5v.8M14.5 9.5v.8",
    star: "M12 4.5l2.3 4.8 5.2.7-3.8 3.7.9 5.2-4.6-2.5-4.6 2.5.9-5.2L4.5 10l5.2-.7z",
    trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.400L17 7M10.5 10.5v6M13.5 10.5v6",
    warning: "M12 4.5l8.5 15h-17zM12 10v4.5M12 17v.1",
};

const SVG = "http://www.w3.org/2000/svg";

/** Creates an icon. Screen readers skip it; the control around it has a label. */
export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
}
