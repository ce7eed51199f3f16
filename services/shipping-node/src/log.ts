import pino, { type Logger } from "pino";
import type { Settings } from "./settings";

export type Log = Logger;

const levels: Readonly<Record<string, pino.Level>> = {
  Verbose: "trace", Debug: "debug", Information: "info", Warning: "warn", Error: "error", Fatal: "fatal",
};
const names = Object.fromEntries(Object.entries(levels).map(([name, level]) => [level, name]));

/**
 * Structured logs to standard output, in the shape of the other services' (compact log event format: `@t`, `@l`, `@m`, `@tr`, `@x`), or
 * as text for people.
 */
export function createLog(settings: Pick<Settings, "logLevel" | "logFormat">): Log {
  return pino(
    {
      level: levels[settings.logLevel] ?? "info",
      base: { Service: "shipping" },
      messageKey: "@m",
      errorKey: "@x",
      timestamp: () => `,"@t":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ "@l": names[level] }) },
      serializers: { "@x": (error: unknown) => (error instanceof Error ? error.stack : String(error)) },
    },
    settings.logFormat === "json" ? pino.destination({ fd: 1, sync: true }) : { write: (line: string) => process.stdout.write(asText(line)) },
  );
}

function asText(line: string): string {
  const entry = JSON.parse(line) as Record<string, string | undefined>;
  const error = entry["@x"] ? `${entry["@x"]}\n` : "";
  return `${entry["@t"]!.slice(11, 23)} ${entry["@l"]!.slice(0, 3)} ${entry["@m"] ?? ""} ${entry["@tr"] ?? ""}\n${error}`;
}
