import { randomBytes } from "node:crypto";
import { trace } from "@opentelemetry/api";
import fastify, { errorCodes, type FastifyInstance, LogController } from "fastify";
import { Auth } from "./auth";
import { Carrier } from "./carrier";
import { type Clock, systemClock } from "./clock";
import { mapCommands } from "./commands";
import { Couriers, mapCouriers } from "./couriers";
import { DeadLetters, mapDeadLetters } from "./dead-letters";
import { DeliveryFailures } from "./delivery-failures";
import { mapShipping } from "./endpoints";
import { createLog } from "./log";
import { useProblems, watchMethods } from "./problem";
import type { Settings } from "./settings";
import { ShipmentStore } from "./shipment-store";
import { Shipments } from "./shipments";
import { Sidecar } from "./sidecar";
import { requireSidecarToken } from "./sidecar-token";
import { SigningKeys } from "./signing-keys";
import { StateStore } from "./state-store";
import { mapSubscriptions } from "./subscriptions";
import { Topics } from "./topics";

/** The largest request body that is read: 1 MiB, as the gateway's limit. */
const maxBodyBytes = 1024 * 1024;

/** The shipping service: what it is made of. */
export interface Service {
  readonly app: FastifyInstance;
  /** From now on `/healthz` says 503. */
  drain(): void;
}

export function createService(settings: Settings, clock: Clock = systemClock): Service {
  const log = createLog(settings);
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "@tr" }),
    genReqId: (request) => traceId(request.headers["traceparent"]),
    exposeHeadRoutes: false,
    bodyLimit: maxBodyBytes,
    forceCloseConnections: "idle",
  }) as unknown as FastifyInstance;
  const answerOtherMethods = watchMethods(app);
  useProblems(app);
  useJson(app);
  logRequests(app);
  requireSidecarToken(app, settings.appApiToken);

  const sidecar = new Sidecar(settings, log);
  const state = new StateStore(sidecar, "shipping-store");
  const store = new ShipmentStore(state);
  const couriers = new Couriers(sidecar, store, settings.times, clock);
  const topics = new Topics(app);

  let draining = false;
  app.get("/healthz", (_, reply) => reply.code(draining ? 503 : 200).send(draining ? "Unhealthy" : "Healthy"));
  mapShipping(app, new Auth(new SigningKeys(sidecar)), store, couriers);
  mapCommands(app, new Shipments(store, clock));
  mapCouriers(app, sidecar, new Carrier(store, sidecar, clock), settings.times, clock);
  mapSubscriptions(topics, couriers, new DeliveryFailures(state, log), log);
  mapDeadLetters(app, topics, new DeadLetters(state, topics, clock, log));
  answerOtherMethods();
  return { app, drain: () => (draining = true) };
}

/** JSON is all that is read; a body that is not there is not malformed. */
function useJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("ignore", "ignore");
  app.addContentTypeParser(/^application\/([\w.-]+\+)?json\b/i, { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, body as string, done);
  });
  // A sidecar may name a type, or leave the length open, for a body that is not there.
  app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(request.headers["content-type"] ?? ""), undefined);
  });
}

/** One line a request: debug when it went well, warning for 5xx. Paths only, never query strings, bodies or headers. */
function logRequests(app: FastifyInstance): void {
  app.addHook("onResponse", async (request, reply) => {
    const path = request.url.split("?", 1)[0];
    const line = `${request.method} ${path} ${reply.statusCode} in ${reply.elapsedTime.toFixed(1)} ms`;
    if (reply.statusCode >= 500) request.log.warn(line);
    else request.log.debug(line);
  });
}

/** The trace that the request is a part of: that of the telemetry, of the caller, or one of its own. */
function traceId(traceparent: string | string[] | undefined): string {
  const given = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(String(traceparent))?.[1];
  return trace.getActiveSpan()?.spanContext().traceId ?? given ?? randomBytes(16).toString("hex");
}
