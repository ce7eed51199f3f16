// Traces and metrics over OTLP, when OTEL_EXPORTER_OTLP_ENDPOINT says where to; otherwise nothing is loaded. To be imported before
// all that it watches (HTTP in and out).

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/** Sends what has not been sent yet, in the time there is; a collector that is away keeps nobody from ending. */
export let stopTelemetry = (): Promise<void> => Promise.resolve();

const timeLimit = 5_000;

/** Where members are calling from, and what they ask with, is personal. */
const untold = { "client.address": undefined, "network.peer.address": undefined, "network.peer.port": undefined, "url.query": undefined };

if (process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]) {
  // As the other services' exporter: gRPC unless it is told otherwise.
  process.env["OTEL_EXPORTER_OTLP_PROTOCOL"] ??= "grpc";
  // The names of the other services' spans and metrics, which the dashboards ask for.
  process.env["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http";
  const { NodeSDK, resources } = require("@opentelemetry/sdk-node") as typeof import("@opentelemetry/sdk-node");
  const { HttpInstrumentation } =
    require("@opentelemetry/instrumentation-http") as typeof import("@opentelemetry/instrumentation-http");
  const { UndiciInstrumentation } =
    require("@opentelemetry/instrumentation-undici") as typeof import("@opentelemetry/instrumentation-undici");
  const telemetry = new NodeSDK({
    serviceName: "shipping",
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ "service.namespace": "daprshop", "service.instance.id": randomUUID() })),
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: (request) => request.url === "/healthz",
        startIncomingSpanHook: () => untold,
      }),
      new UndiciInstrumentation(),
    ],
  });
  telemetry.start();
  stopTelemetry = () => Promise.race([telemetry.shutdown().catch(() => undefined), delay(timeLimit)]);
}
