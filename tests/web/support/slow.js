// Tests that take long.

import { test } from "node:test";

/** slow(name, run): a test that `make test` leaves out, and `make test-all` runs. */
export const slow = process.env.FAST ? () => {} : test;
