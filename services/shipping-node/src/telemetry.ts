// Traces over OTLP, when OTEL_EXPORTER_OTLP_ENDPOINT says where to; otherwise nothing is loaded. To be imported before all that it
// watches (HTTP in and out).

/** Sends what has not been sent yet. */
export let stopTelemetry = (): Promise<void> => Promise.resolve();

if (process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]) {
  // As the other services' exporter: gRPC unless it is told otherwise.
  process.env["OTEL_EXPORTER_OTLP_PROTOCOL"] ??= "grpc";
  const { NodeSDK } = require("@opentelemetry/sdk-node") as typeof import("@opentelemetry/sdk-node");
  const { HttpInstrumentation } =
    require("@opentelemetry/instrumentation-http") as typeof import("@opentelemetry/instrumentation-http");
  const { UndiciInstrumentation } =
    require("@opentelemetry/instrumentation-undici") as typeof import("@opentelemetry/instrumentation-undici");
  const telemetry = new NodeSDK({
    serviceName: "shipping",
    instrumentations: [
      new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => request.url === "/healthz" }),
      new UndiciInstrumentation(),
    ],
  });
  telemetry.start();
  stopTelemetry = () => telemetry.shutdown();
}
