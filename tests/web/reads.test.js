// How often the page asks who has read a message, while it polls: each request may start a program.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Reads } from "../../web/chat/conversation/reads.js";

/** The Reads of a page, with its timers; `answer()` is that of the server. */
function pageWithReads(t, answer = () => []) {
    const page = { requests: 0, isPolling: true, newest: 1, due: null };
    t.mock.method(globalThis, "setTimeout", (run, ms) => {
        page.due = { run, ms };
        return page.due;
    });
    t.mock.method(globalThis, "clearTimeout", (timer) => {
        page.due = page.due === timer ? null : page.due;
    });
    const request = async () => {
        page.requests += 1;
        return answer();
    };
    page.reads = new Reads(
        request,
        () => page.draw(),
        () => page.isPolling,
    );
    page.draw = () => page.reads.of(page.newest);
    page.drawn = () => {
        page.draw();
        return new Promise(setImmediate);
    };
    page.connect = () => {
        page.isPolling = true;
        page.reads.connected();
        return page.drawn();
    };
    /** Lets all timers end, and resolves to their lengths (s). */
    page.wait = async () => {
        const pauses = [];
        while (page.due && pauses.length < 10) {
            const { run, ms } = page.due;
            page.due = null;
            pauses.push(ms / 1000);
            run();
            await new Promise(setImmediate);
        }
        return pauses;
    };
    return page;
}

test("each own message costs three requests, and the first one more", async (t) => {
    const page = pageWithReads(t);
    await page.drawn();
    assert.deepEqual(await page.wait(), [3, 15, 60]);
    assert.equal(page.requests, 4);
    await page.drawn();
    page.newest = 2;
    await page.drawn();
    assert.equal(page.requests, 4);
    assert.deepEqual(await page.wait(), [3, 15, 60]);
    assert.equal(page.requests, 7);
});

test("they begin when the page polls after it was drawn, and again after a failure", async (t) => {
    let isUp = false;
    const page = pageWithReads(t, () => (isUp ? [] : Promise.reject(new TypeError("down"))));
    page.isPolling = false;
    await page.drawn();
    assert.deepEqual(await page.wait(), []);
    for (let i = 0; i < 2; i += 1) {
        isUp = true;
        const before = page.requests;
        await page.connect();
        assert.deepEqual(await page.wait(), [3, 15, 60]);
        assert.equal(page.requests, before + 4);
        // A poll fails, and the chain that has begun with a message ends.
        isUp = false;
        page.newest += 1;
        await page.drawn();
        page.isPolling = false;
        assert.deepEqual(await page.wait(), [3]);
    }
});

test("none follow when the server refuses, until the next connection", async (t) => {
    const page = pageWithReads(t, () => Promise.reject({ status: 403 }));
    await page.drawn();
    page.newest = 2;
    await page.drawn();
    assert.deepEqual(await page.wait(), []);
    assert.equal(page.requests, 1);
    await page.connect();
    assert.deepEqual(await page.wait(), []);
    assert.equal(page.requests, 2);
});

test("none follow after the room was left, and none where notices come", async (t) => {
    const page = pageWithReads(t);
    await page.drawn();
    page.reads.close();
    page.newest = 2;
    await page.drawn();
    assert.deepEqual(await page.wait(), []);
    assert.equal(page.requests, 1);
    const live = pageWithReads(t);
    live.isPolling = false;
    await live.drawn();
    assert.deepEqual(await live.wait(), []);
    assert.equal(live.requests, 1);
});
