/** All that is configured, read from the environment under the names that every service of the shop uses. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Where the own sidecar listens (HTTP). */
  readonly sidecar: URL;
  /** What the service sends to its sidecar; undefined when that does not ask. */
  readonly daprApiToken?: string | undefined;
  /** What the sidecar sends to the service; undefined, in development only, when nobody checks. */
  readonly appApiToken?: string | undefined;
  readonly times: CourierTimes;
  /** How long to serve on after having been asked to end. */
  readonly drainDelay: number;
  readonly logLevel: string;
  readonly logFormat: "json" | "text";
  /** End when standard input does: whoever started the service holds the other end of that pipe. */
  readonly exitWithStdin: boolean;
}

/** How long parcels take in this world, in milliseconds. */
export interface CourierTimes {
  /** From confirmed to dispatched; express parcels take half as long. */
  readonly dispatchAfter: number;
  /** From dispatched to delivered. */
  readonly deliverAfter: number;
  /** How often a courier with parcels looks at the list. */
  readonly roundEvery: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readSettings(env: Environment): Settings {
  const appApiToken = env["APP_API_TOKEN"] || undefined;
  if (appApiToken === undefined && env["ASPNETCORE_ENVIRONMENT"] !== "Development")
    throw new Error("APP_API_TOKEN is required outside development.");
  return {
    ...address(env),
    sidecar: new URL(env["DAPR_HTTP_ENDPOINT"] || `http://127.0.0.1:${env["DAPR_HTTP_PORT"] || "3500"}`),
    daprApiToken: env["DAPR_API_TOKEN"] || undefined,
    appApiToken,
    times: {
      dispatchAfter: timeSpan(env, "Shipping__DispatchAfter", 20_000),
      deliverAfter: timeSpan(env, "Shipping__DeliverAfter", 20_000),
      roundEvery: timeSpan(env, "Shipping__RoundEvery", 1_000),
    },
    drainDelay: timeSpan(env, "Shop__DrainDelay", 0),
    logLevel: env["Logging__Level"] || "Information",
    logFormat: env["Logging__Format"] === "json" ? "json" : "text",
    exitWithStdin: env["EXIT_WITH_STDIN"]?.toLowerCase() === "true",
  };
}

/** Dapr's tooling tells an app its port as `APP_PORT`, on this machine; containers use `ASPNETCORE_HTTP_PORTS`, for everyone. */
function address(env: Environment): Pick<Settings, "host" | "port"> {
  const local = env["APP_PORT"];
  return local ? { host: "127.0.0.1", port: Number(local) } : { host: "0.0.0.0", port: Number(env["ASPNETCORE_HTTP_PORTS"] || "8080") };
}

/** A .NET time span, `[d.]hh:mm:ss[.fff]`, in milliseconds. */
export function parseTimeSpan(text: string): number | undefined {
  const parts = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?$/.exec(text);
  if (parts === null) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number];
  return Math.round(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000);
}

function timeSpan(env: Environment, name: string, otherwise: number): number {
  const text = env[name];
  if (!text) return otherwise;
  const span = parseTimeSpan(text);
  if (span === undefined) throw new Error(`${name} is no time span: '${text}'; write hh:mm:ss.`);
  return span;
}
