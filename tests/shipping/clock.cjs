// Preloaded into services/shipping-node by its tests: the clock is ahead by as many milliseconds as the file says.
"use strict";

const { readFileSync } = require("node:fs");

const now = Date.now;
Date.now = () => now() + Number(readFileSync(process.env.CLOCK_FILE, "utf8"));
