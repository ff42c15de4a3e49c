// axe-core: what is wrong with the accessibility of a page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

/** The violations that axe-core finds in the current page. */
export async function faults({ page }) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(
        (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
        RULES,
    );
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
}
