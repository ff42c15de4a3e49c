// Tests that take minutes: left out of `make test`.

import "./library/pushd-kills.js";
