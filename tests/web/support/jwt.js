// Signed tokens (JWT) of a site, and the file of its keys.

import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The secret of that file. */
export const SECRET = "a-secret-of-the-site-of-32-bytes-and-more";

const encoded = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");

/** A token with these claims, which is valid for five minutes. */
export function sign(claims) {
    const iat = Math.floor(Date.now() / 1000);
    const head = `${encoded({ alg: "HS256", typ: "JWT", kid: "site" })}.`;
    const text = head + encoded({ iat, exp: iat + 300, ...claims });
    return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
}

/** Writes a file of keys; it is removed when the process ends. Returns its path. */
export function keysFile() {
    const folder = mkdtempSync(join(tmpdir(), "confab-keys-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "jwt_keys");
    writeFileSync(path, `site HS256 ${SECRET}\n`, { mode: 0o600 });
    return path;
}
