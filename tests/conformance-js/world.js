// The apps of the suite, both in this process: `js` speaks HTTP to its sidecar, `js-grpc` speaks gRPC; and clients of the first.
"use strict";

const { AbstractActor, CommunicationProtocolEnum, DaprClient, DaprPubSubStatusEnum, DaprServer, HttpMethod, LogLevel } = require("@dapr/dapr");

const { HTTP, GRPC } = CommunicationProtocolEnum;
const { RETRY, DROP, SUCCESS } = DaprPubSubStatusEnum;
const host = "127.0.0.1";
const env = (name) => process.env[name] ?? fail(name);
const quiet = () => undefined;
const logger = { level: LogLevel.Error, service: { error: quiet, warn: quiet, info: quiet, verbose: quiet, debug: quiet } };

function fail(name) {
  throw new Error(`${name} is not set: tests/conformance starts this suite.`);
}

const options = (communicationProtocol, daprPort) => ({ daprHost: host, daprPort, communicationProtocol, logger });

exports.http = new DaprClient(options(HTTP, env("JS_HTTP_PORT")));
exports.grpc = new DaprClient(options(GRPC, env("JS_GRPC_PORT")));
/** Of the other app: in daprd, what goes through `pubsub.in-memory` stays with the sidecar. */
exports.grpcOfGrpcApp = new DaprClient(options(GRPC, env("JS_GRPC_APP_SIDECAR_PORT")));

const httpApp = new DaprServer({
  serverHost: host,
  serverPort: env("JS_APP_PORT"),
  communicationProtocol: HTTP,
  clientOptions: options(HTTP, env("JS_HTTP_PORT")),
  logger,
});
const grpcApp = new DaprServer({
  serverHost: host,
  serverPort: env("JS_GRPC_APP_PORT"),
  communicationProtocol: GRPC,
  clientOptions: options(GRPC, env("JS_GRPC_APP_SIDECAR_PORT")),
  logger,
});

/** What was heard: `{ by, data, headers }`. */
exports.heard = [];

/** What was heard by a handler, of those that hold. */
exports.heardBy = (by, holds = () => true) => exports.heard.filter((entry) => entry.by === by && holds(entry.data));

const hear = (by, status = () => SUCCESS) => async (data, headers) => {
  exports.heard.push({ by, data, headers });
  return status(data);
};

const timesHeard = (by, data) => exports.heardBy(by, (other) => JSON.stringify(other) === JSON.stringify(data)).length;

/** Counts, in state; and what it is told by reminders and timers. */
class JsCounter extends AbstractActor {
  async add(by, twice = false) {
    const sum = (await this.get()) + (twice ? 2 * by : by);
    await this.getStateManager().setState("sum", sum);
    return sum;
  }

  async get() {
    const [has, sum] = await this.getStateManager().tryGetState("sum");
    return has ? sum : 0;
  }

  async forget() {
    await this.getStateManager().removeState("sum");
    return "gone";
  }

  async fail() {
    throw new Error("as it was asked to");
  }

  async remind(name, due, period, data) {
    await this.registerActorReminder(name, duration(due), duration(period), undefined, data);
  }

  async forgetReminder(name) {
    await this.unregisterActorReminder(name);
  }

  async receiveReminder(data) {
    exports.heard.push({ by: `reminder of ${this.getActorId().getId()}`, data });
  }

  async time(name, due, period, data) {
    await this.registerActorTimer(name, "tick", duration(due), duration(period), undefined, data);
  }

  async stopTimer(name) {
    await this.unregisterActorTimer(name);
  }

  async tick(data) {
    exports.heard.push({ by: `timer of ${this.getActorId().getId()}`, data });
  }

  async onActivate() {
    exports.heard.push({ by: "activation", data: this.getActorId().getId() });
  }
}

exports.JsCounter = JsCounter;

const duration = (milliseconds) => `PT${milliseconds / 1000}S`;

async function buildHttpApp() {
  const { actor, binding, invoker, pubsub } = httpApp;
  await pubsub.subscribe("pubsub", "js-notes", hear("notes"));
  await pubsub.subscribe("pubsub", "js-retried", hear("retried", (data) => (timesHeard("retried", data) < 3 ? RETRY : SUCCESS)));
  await pubsub.subscribe("pubsub", "js-dropped", hear("dropped", () => DROP));
  await pubsub.subscribeWithOptions("pubsub", "js-doomed", { callback: hear("doomed", () => RETRY), deadLetterTopic: "js-dead" });
  await pubsub.subscribe("pubsub", "js-dead", hear("dead"));
  await pubsub.subscribeWithOptions("pubsub", "js-routed", {
    route: { rules: [{ match: 'event.type == "special"', path: "js-special" }], default: "js-ordinary" },
  });
  pubsub.subscribeToRoute("pubsub", "js-routed", "js-special", hear("special"));
  pubsub.subscribeToRoute("pubsub", "js-routed", "js-ordinary", hear("ordinary"));
  await pubsub.subscribeBulk("pubsub", "js-many", hear("many"), { maxMessagesCount: 10, maxAwaitDurationMs: 100 });
  await pubsub.subscribe("pubsub", "js-raw", hear("raw"), "", { rawPayload: true });
  await binding.receive("js-tick", hear("tick"));
  for (const method of [HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE, HttpMethod.PATCH]) {
    await invoker.listen("echo", async ({ body, query, headers }) => ({ method, body, query, caller: headers["dapr-caller-app-id"] }), { method });
  }
  await actor.init();
  await actor.registerActor(JsCounter);
}

async function buildGrpcApp() {
  const { binding, invoker, pubsub } = grpcApp;
  await pubsub.subscribe("pubsub", "js-grpc-notes", hear("grpc notes"));
  await pubsub.subscribe("pubsub", "js-grpc-retried", hear("grpc retried", (data) => (timesHeard("grpc retried", data) < 3 ? RETRY : SUCCESS)));
  await pubsub.subscribe("pubsub", "js-grpc-dropped", hear("grpc dropped", () => DROP));
  await pubsub.subscribeBulk("pubsub", "js-grpc-many", hear("grpc many"), { maxMessagesCount: 10, maxAwaitDurationMs: 100 });
  await binding.receive("js-grpc-tick", hear("grpc tick"));
  for (const method of [HttpMethod.GET, HttpMethod.POST])
    await invoker.listen("echo", async ({ body, query }) => ({ method, body, query }), { method });
}

exports.start = async () => {
  await buildHttpApp();
  await buildGrpcApp();
  await Promise.all([httpApp, grpcApp, exports.http, exports.grpc, exports.grpcOfGrpcApp].map((one) => one.start()));
};

/** The SDK's servers would wait for connections that sidecars keep. */
exports.stop = () => void setTimeout(() => process.exit(), 200);
