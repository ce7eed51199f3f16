import { randomBytes } from "node:crypto";
import { trace } from "@opentelemetry/api";
import fastify, { type FastifyInstance, LogController } from "fastify";
import { Auth } from "./auth";
import { maxBodyBytes, useJson } from "./body";
import { Carrier } from "./carrier";
import { type Clock, systemClock } from "./clock";
import { mapCommands } from "./commands";
import { Couriers, mapCouriers } from "./couriers";
import { DeadLetters, mapDeadLetters } from "./dead-letters";
import { DeliveryFailures } from "./delivery-failures";
import { mapShipping } from "./endpoints";
import { createLog } from "./log";
import { decodable } from "./paths";
import { Problem, useProblems, watchMethods } from "./problem";
import type { Settings } from "./settings";
import { ShipmentStore } from "./shipment-store";
import { Shipments } from "./shipments";
import { Sidecar } from "./sidecar";
import { requireSidecarToken } from "./sidecar-token";
import { SigningKeys } from "./signing-keys";
import { StateStore } from "./state-store";
import { mapSubscriptions } from "./subscriptions";
import { Topics } from "./topics";

const maxPathLength = 16 * 1024;

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
    // Paths as the other implementation takes them: of any length that a request line may have, in any letters, with a slash behind.
    routerOptions: { maxParamLength: maxPathLength, ignoreTrailingSlash: true, caseSensitive: false },
    rewriteUrl: ({ url }) => decodable(url!),
    frameworkErrors: (_, request, reply) => void new Problem(404).send(request, reply),
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
