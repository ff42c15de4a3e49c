/** Waiting for a condition instead of sleeping. */

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until condition() is (or resolves to) something true, and returns that. */
export async function until(condition, seconds = 20, what = condition.toString()) {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
        const result = await condition();
        if (result)
            return result;
        if (performance.now() > deadline)
            throw new Error(`this did not come true within ${seconds} s: ${what}`);
        await pause(10);
    }
}
