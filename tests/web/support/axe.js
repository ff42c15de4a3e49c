// axe-core: what is wrong with the accessibility of a page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

const isLoaded = () => "axe" in globalThis;

/** The violations that axe-core finds in the current page. */
export function faults(person) {
    return found(person, { type: "tag", values: RULES });
}

/** Those in both colour schemes; only contrast depends on these. The page is light afterwards. */
export async function faultsInBoth(person) {
    const light = await faults(person);
    await person.page.emulateMedia({ colorScheme: "dark" });
    const dark = await found(person, { type: "rule", values: ["color-contrast"] });
    await person.page.emulateMedia({ colorScheme: "light" });
    return [...light, ...dark];
}

async function found({ page }, runOnly) {
    if (!(await page.evaluate(isLoaded))) {
        await page.evaluate(AXE);
    }
    const { violations } = await page.evaluate(
        // Only violations are read, and not where in the page they are.
        (options) => globalThis.axe.run(document, options),
        { runOnly, resultTypes: ["violations"], selectors: false },
    );
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
}
