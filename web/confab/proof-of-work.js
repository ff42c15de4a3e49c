/**
 * A proof of work: the challenge, a colon and a number, such that the SHA-256 of the whole begins
 * with a number of zero bits. SHA-256 (FIPS 180-4) is written out: that of the browser is missing
 * in pages without https, and slow for short texts.
 */

/** Hashes between two pauses, so that the page stays usable: some 10 ms. */
const SLICE = 4000;

const PRIMES = [2];
for (let n = 3; PRIMES.length < 64; n += 2) {
    if (PRIMES.every((prime) => n % prime !== 0)) {
        PRIMES.push(n);
    }
}
// The first 32 bits of the fractional part of a number.
const fraction = (number) => ((number % 1) * 2 ** 32) | 0;
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUND = PRIMES.map((prime) => fraction(Math.cbrt(prime)));

const turn = (word, by) => (word >>> by) | (word << (32 - by));

/** A text of ASCII as words of 32 bits, padded to whole blocks (section 5.1.1). */
function padded(text) {
    const words = new Int32Array(16 * Math.ceil((text.length + 9) / 64));
    for (let i = 0; i < text.length; i += 1) {
        words[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i % 4));
    }
    words[text.length >> 2] |= 0x80 << (24 - 8 * (text.length % 4));
    words[words.length - 1] = 8 * text.length;
    return words;
}

// The schedule of a block, used again for the next: a new one takes nearly as long as the hash.
const w = new Int32Array(64);

/** The state after one more block (section 6.2.2). */
function compress(state, block) {
    w.set(block);
    for (let i = 16; i < 64; i += 1) {
        const [x, y] = [w[i - 15], w[i - 2]];
        const mixed =
            (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
        w[i] = w[i - 16] + w[i - 7] + mixed;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
        const high = (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g));
        const first = (h + high + ROUND[i] + w[i]) | 0;
        const low = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + low) | 0];
    }
    return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) | 0);
}

/** The SHA-256 of a text of ASCII, as eight words of 32 bits. */
export function sha256(text) {
    const words = padded(text);
    let state = START;
    for (let i = 0; i < words.length; i += 16) {
        state = compress(state, words.subarray(i, i + 16));
    }
    return state;
}

/** The proof for a challenge, with at most 32 zero bits. */
export async function prove(challenge, bits) {
    for (let number = 0; ; number += 1) {
        const proof = `${challenge}:${number}`;
        if (Math.clz32(sha256(proof)[0]) >= bits) {
            return proof;
        }
        if (number % SLICE === SLICE - 1) {
            await new Promise((resume) => {
                setTimeout(resume);
            });
        }
    }
}
