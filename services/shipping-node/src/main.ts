import { stopTelemetry } from "./telemetry";
import { setTimeout as delay } from "node:timers/promises";
import { createService } from "./service";
import { readSettings } from "./settings";

const killed = 137;
const grace = 5_000;
const shutdownTimeLimit = 30_000;

const settings = readSettings(process.env);
const { app, drain } = createService(settings);
let ending: Promise<void> | undefined;

/**
 * The end (SIGTERM): `/healthz` is 503 at once; the service serves on for the drain delay; then it takes no more connections, answers what
 * is in flight, and is gone.
 */
async function end(): Promise<void> {
  drain();
  setTimeout(() => process.exit(1), settings.drainDelay + shutdownTimeLimit).unref();
  await delay(settings.drainDelay);
  // Node.js 18 waits for connections that are kept although nothing comes.
  setInterval(() => app.server.closeIdleConnections(), 100).unref();
  await app.close();
  await stopTelemetry();
  process.exit(0);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => (ending ??= end()));

if (settings.exitWithStdin) {
  process.stdin.on("end", () => {
    setTimeout(() => process.exit(killed), grace).unref();
    ending ??= end();
  });
  process.stdin.resume();
}

app.listen({ host: settings.host, port: settings.port }).catch((error: unknown) => {
  app.log.fatal({ "@x": error }, "The service cannot start");
  process.exit(1);
});
