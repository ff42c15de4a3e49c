// A page of another site with the chat in it, served from this process.

import { createServer } from "node:http";

import { world } from "./browser.js";

/**
 * Opens a page of another site with this content; `head` is added to its head. The site's address
 * is an allowed origin unless `port` is another. `paths` has handlers of the site's own paths, by
 * path; `script` is the address of the element's script. The site ends with the window.
 */
export async function visitSite(
    person,
    body,
    {
        head = "",
        headers = {},
        port = world.sitePort,
        paths = {},
        script = `${world.system.url}/confab-chat.js`,
    } = {},
) {
    const page =
        `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title>${head}` +
        `<script type="module" src="${script}"></script></head>` +
        `<body>${body}</body></html>`;
    person.site?.close();
    person.site = createServer((request, response) => {
        const { pathname } = new URL(request.url, "http://site");
        if (paths[pathname]) {
            paths[pathname](request, response);
            return;
        }
        response.writeHead(200, { "Content-Type": "text/html", Connection: "close", ...headers });
        response.end(page);
    });
    await new Promise((done) => person.site.listen(port, "127.0.0.1", done));
    person.page.once("close", () => person.site.close());
    const url = `http://127.0.0.1:${port}/`;
    await person.page.goto(url);
    return url;
}
