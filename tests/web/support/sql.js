// Statements for the database of the instance, for rows that would take long to make by the API.

import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";

import { world } from "./browser.js";

const run = promisify(execFile);

export function sql(statement) {
    return run("mariadb", [
        "--no-defaults",
        `--socket=${world.system.state}/sock/db.sock`,
        `--user=${userInfo().username}`,
        "confab",
        "-e",
        statement,
    ]);
}
