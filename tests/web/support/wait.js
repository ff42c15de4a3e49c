/** Waiting for a condition instead of sleeping; requests that wait for nobody. */

/** A header for fetch: no connection is used again, since the web server may be closing an idle
 *  one at this very moment. */
export const ONCE = { Connection: "close" };

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until condition() is (or resolves to) something true, and returns that. */
export async function until(condition, seconds = 20, what = condition.toString()) {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
        const result = await condition();
        if (result) {
            return result;
        }
        if (performance.now() > deadline) {
            throw new Error(`this did not come true within ${seconds} s: ${what}`);
        }
        await pause(10);
    }
}
