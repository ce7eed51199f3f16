import { CommunicationProtocolEnum, DaprClient, HttpMethod, LogLevel } from "@dapr/dapr";
import { OutageError } from "./errors";
import type { Log } from "./log";
import type { Settings } from "./settings";

const timeLimit = 10_000;
const pubsub = "pubsub";

/** An event to publish: `eventId` is the same whenever the same fact is told. */
interface ShopEvent {
  readonly eventId: string;
}

/**
 * The service's own sidecar. State and invocation go through the stock SDK, over HTTP (its gRPC client drops the metadata and misspells the
 * values of a transaction). Straight to Dapr's API go the calls an actor makes, for which the SDK has no public client, and publishing: the
 * SDK looks for `entryID` among the entries that failed, which Dapr calls `entryId`, and so finds that none has. Every call ends in time,
 * and every failure is an {@link OutageError}.
 */
export class Sidecar {
  private readonly dapr: DaprClient;

  constructor(private readonly settings: Pick<Settings, "sidecar" | "daprApiToken">, log: Log) {
    const { sidecar, daprApiToken } = settings;
    this.dapr = new DaprClient({
      daprHost: `${sidecar.protocol}//${sidecar.hostname}`,
      daprPort: sidecar.port || (sidecar.protocol === "https:" ? "443" : "80"),
      communicationProtocol: CommunicationProtocolEnum.HTTP,
      daprApiToken: daprApiToken ?? "",
      logger: {
        level: LogLevel.Warn,
        // What fails is thrown, and told where it is dealt with.
        service: {
          error: (message: unknown) => log.debug(String(message)),
          warn: (message: unknown) => log.debug(String(message)),
          info: () => undefined,
          verbose: () => undefined,
          debug: () => undefined,
        },
      },
    });
  }

  get state(): DaprClient["state"] {
    return this.dapr.state;
  }

  /** GET of another service; its answer, parsed. */
  get(appId: string, path: string, limit = timeLimit): Promise<object> {
    return inTime(this.dapr.invoker.invoke(appId, path, HttpMethod.GET), limit);
  }

  /** Publishes many events in one call; returns once the broker has all of them. Some may be out when it fails: publish all again. */
  async publishAll(topic: string, events: readonly ShopEvent[]): Promise<void> {
    if (events.length === 0) return;
    const entries = events.map((data) => ({
      entryId: data.eventId,
      contentType: "application/cloudevents+json",
      event: { id: data.eventId, specversion: "1.0", type: topic, source: "daprshop", datacontenttype: "application/json", data },
    }));
    await this.ask("POST", `/v1.0-alpha1/publish/bulk/${pubsub}/${topic}`, entries);
  }

  /** A call of Dapr's actor API: its answer, parsed; undefined when there is none. */
  actor(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    return this.ask(method, `/v1.0/actors/${path}`, body);
  }

  private async ask(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.settings.daprApiToken !== undefined) headers["dapr-api-token"] = this.settings.daprApiToken;
    try {
      const response = await fetch(new URL(path, this.settings.sidecar), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(timeLimit),
      });
      const text = await response.text();
      if (!response.ok) throw new OutageError(`The sidecar answered ${response.status}: ${text}`, response.status);
      return text === "" ? undefined : JSON.parse(text);
    } catch (error) {
      throw asOutage(error);
    }
  }
}

/** What the SDK was asked, or an outage; the SDK itself waits for ever. */
export async function inTime<T>(call: Promise<T>, limit = timeLimit): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new OutageError("The sidecar did not answer in time.")), limit);
  });
  try {
    return await Promise.race([call, tooLate]);
  } catch (error) {
    throw asOutage(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The SDK tells the status of a refusal as JSON in the message. */
function asOutage(error: unknown): OutageError {
  if (error instanceof OutageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OutageError(message, statusIn(message));
}

function statusIn(message: string): number | undefined {
  try {
    const { status } = JSON.parse(message) as { status?: unknown };
    return typeof status === "number" ? status : undefined;
  } catch {
    return undefined;
  }
}
