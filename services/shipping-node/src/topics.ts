import type { FastifyInstance } from "fastify";
import { OutageError } from "./errors";
import type { Log } from "./log";
import { Problem } from "./problem";
import { isObject, isString } from "./validation";

/** A CloudEvent as it came. */
export type CloudEvent = unknown;

/** How CloudEvents take effect: what kept each of them from it, undefined where nothing did. */
export type TakeEvents = (events: readonly CloudEvent[]) => Promise<(string | undefined)[]>;

export interface BulkEntry {
  readonly entryId: string;
  readonly event: CloudEvent;
}

interface Subscription {
  readonly topic: string;
  readonly deadLetterTopic?: string;
  /** How long the sidecar gathers events, in milliseconds. */
  readonly patience: number;
}

const maxEvents = 100;

/** What the service listens to: many events in one delivery (Dapr bulk subscribe), for effects that are cheaper together. */
export class Topics {
  private readonly subscriptions: object[] = [];
  private readonly handlers = new Map<string, TakeEvents>();

  constructor(private readonly app: FastifyInstance) {
    app.get("/dapr/subscribe", () => this.subscriptions);
  }

  /** Subscribes at `POST /events/{topic}`; `deliver` answers the entries to be delivered again. */
  deliver({ topic, deadLetterTopic, patience }: Subscription, deliver: (entries: BulkEntry[]) => Promise<ReadonlySet<BulkEntry>>): void {
    this.subscriptions.push({
      pubsubname: "pubsub",
      topic,
      route: `/events/${topic}`,
      ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }),
      bulkSubscribe: { enabled: true, maxMessagesCount: maxEvents, maxAwaitDurationMs: patience },
    });
    this.app.post(`/events/${topic}`, async ({ body }) => {
      const entries = readEntries(body);
      const again = await deliver(entries);
      return { statuses: entries.map((entry) => ({ entryId: entry.entryId, status: again.has(entry) ? "RETRY" : "SUCCESS" })) };
    });
  }

  /** How events of this topic take effect, also outside a delivery. */
  add(topic: string, take: TakeEvents): void {
    this.handlers.set(topic, take);
  }

  /** Of all whose events take effect. */
  get names(): Iterable<string> {
    return this.handlers.keys();
  }

  find(topic: string): TakeEvents | undefined {
    return this.handlers.get(topic);
  }
}

function readEntries(body: unknown): BulkEntry[] {
  const entries = isObject(body) ? body["entries"] : undefined;
  if (!Array.isArray(entries)) throw Problem.badRequest();
  return entries.map((entry: unknown) => {
    if (!isObject(entry) || !isString(entry["entryId"])) throw Problem.badRequest();
    return { entryId: entry["entryId"], event: entry["event"] };
  });
}

/**
 * Events of one topic.
 * @param read The event's data, when it is such; an error says what is wrong with it.
 * @param handle Takes the events in effect and answers those to be delivered again. An event that cannot be read, or makes this throw, is
 * delivered again on its own account, until it ends as a dead letter, and takes no other with it.
 */
export function taking<T>(topic: string, read: (data: unknown) => T, handle: (events: readonly T[]) => Promise<readonly T[]>, log: Log): TakeEvents {
  return async (events) => {
    const troubles: (string | undefined)[] = events.map(() => undefined);
    const readable: { at: number; data: T }[] = [];
    events.forEach((event, at) => {
      const data = isObject(event) ? event["data"] : undefined;
      try {
        if (data === undefined || data === null) troubles[at] = "It has no data.";
        else readable.push({ at, data: read(data) });
      } catch (error) {
        troubles[at] = `It cannot be read: ${(error as Error).message}`;
        log.warn(`An event of ${topic} cannot be read: ${(error as Error).message}`);
      }
    });
    if (readable.length > 0) await handleAll(readable, troubles);
    return troubles;
  };

  async function handleAll(batch: readonly { at: number; data: T }[], troubles: (string | undefined)[]): Promise<void> {
    try {
      const again = await handle(batch.map(({ data }) => data));
      for (const { at, data } of batch) troubles[at] = again.includes(data) ? "The service could not take it." : undefined;
    } catch (error) {
      if (batch.length > 1 && !(error instanceof OutageError)) {
        // One of them is poison: each on its own, so that it takes no other with it.
        for (const item of batch) await handleAll([item], troubles);
        return;
      }
      log.warn({ "@x": error }, `${batch.length} events of ${topic} could not be taken`);
      const { name, message } = error as Error;
      for (const { at } of batch) troubles[at] = `${name}: ${message}`;
    }
  }
}
