// Waiting for a condition instead of a time.

/** Headers for fetch without keep-alive: the web server may just be closing an idle connection. */
export const ONCE = { Connection: "close" };

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until condition() is, or resolves to, a true value, and returns that. */
export async function until(condition, seconds = 30, what = condition.toString()) {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
        const result = await condition();
        if (result) {
            return result;
        }
        if (performance.now() > deadline) {
            throw new Error(`not true within ${seconds} s: ${what}`);
        }
        await pause(10);
    }
}
