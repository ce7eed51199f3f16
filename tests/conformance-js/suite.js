// The stock JavaScript SDK against a sidecar: tests/conformance starts this beside the sidecars of its apps and reports each case.
"use strict";

const { after, before } = require("node:test");
const world = require("./world");

before(world.start);
after(world.stop);

require("./state");
require("./pubsub");
require("./blocks");
require("./invocation");
require("./actors");
require("./grpc-app");
