import { createHash } from "node:crypto";
import { metrics, ValueType } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import type { Clock } from "./clock";
import { type DeliveryFailure, failureKey, unknownFailure } from "./delivery-failures";
import type { Log } from "./log";
import { Problem } from "./problem";
import { remove, retry, type StateStore, upsert } from "./state-store";
import type { BulkEntry, CloudEvent, Topics } from "./topics";
import { isObject, isString } from "./validation";
import { withoutBody } from "./without-body";

const service = "shipping";

/** Of this many letters at once, the newest, staff get to see: what is replayed makes room for older ones. */
const maxListed = 10_000;

/** The list from before there were pages. Letters leave it, and none come to it. */
const firstList = "dead-letter-index";

const lists = [firstList, ...Array.from({ length: 256 }, (_, page) => `${firstList}/${page.toString(16).padStart(2, "0")}`)];

/** For how long a replay that is asked for again gets the same answer. */
const memoryOfReplays = 24 * 60 * 60;

/** The topic that the service's sidecar puts them to. */
export const deadLetterTopic = `${service}.dead-letters`;

/** An event that the service could not take, after all retries; see contracts/internal-api.md. */
interface DeadLetter {
  readonly id: string;
  readonly service: string;
  readonly topic: string;
  readonly eventId: string;
  readonly reason: string;
  readonly attempts: number;
  readonly givenUpAt: string;
  readonly event: CloudEvent;
  /** Set once it took effect after all; such letters are not listed. */
  readonly replayedAt?: string;
}

/** A letter in the list of them all. */
interface Entry {
  readonly id: string;
  readonly givenUpAt: string;
}

interface ReplayReply {
  readonly outcome: "replayed" | "failed";
  readonly reason?: string;
}

const attribute = (event: CloudEvent, name: string): string | undefined => {
  const value = isObject(event) ? event[name] : undefined;
  return isString(value) ? value : undefined;
};

const eventIdOf = (entry: BulkEntry): string => attribute(entry.event, "id") ?? entry.entryId;

const topicOf = (entry: BulkEntry): string => attribute(entry.event, "topic") ?? "";

/** The same event is the same letter, however often it dies: `{service}-{fingerprint of topic and event id}`. */
export const idOf = (entry: BulkEntry): string =>
  `${service}-${createHash("sha256").update(`${topicOf(entry)}\n${eventIdOf(entry)}`, "utf8").digest("hex").slice(0, 16)}`;

const keyOf = (id: string): string => `dead-letter/${id}`;

/** Where a letter is listed: by the last two digits of its id. */
const pageOf = (id: string): string => `${firstList}/${id.slice(-2)}`;

/** The newest first. */
const byAge = (one: Entry, other: Entry): number =>
  Date.parse(other.givenUpAt) - Date.parse(one.givenUpAt) || (one.id < other.id ? -1 : 1);

/**
 * Events that the service could not take, after all retries, kept in its own store with their envelope until they are replayed: a
 * dead-letter topic that nobody listens to would lose them. One document a letter, and a list of them all, in pages so that no document
 * grows too large. A letter and its page are written together.
 */
export class DeadLetters {
  private readonly kept = metrics
    .getMeter("DaprShop.DeadLetters")
    .createCounter("daprshop.dead_letters", {
      unit: "{letter}",
      description: "Events that became dead letters, by topic.",
      valueType: ValueType.INT,
    });

  constructor(
    private readonly store: StateStore,
    private readonly topics: Topics,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Counts none of each topic: what has been none before is seen to grow by the first that comes. */
  begin(): void {
    for (const topic of this.topics.names) this.kept.add(0, { topic });
  }

  /** Keeps those not kept yet. Two calls for each page that they are on. */
  async keep(dead: readonly BulkEntry[]): Promise<void> {
    const pages = new Map<string, Map<string, BulkEntry>>();
    for (const entry of [...dead].reverse()) {
      const id = idOf(entry);
      pages.set(pageOf(id), (pages.get(pageOf(id)) ?? new Map<string, BulkEntry>()).set(id, entry));
    }
    await Promise.all([...pages].map(([page, byId]) => this.keepOn(page, byId)));
  }

  /** The newest of all there are, newest first. One call. */
  async list(): Promise<Entry[]> {
    const read = await this.store.getMany<Entry[]>(lists);
    const byId = new Map([...read.values()].flatMap(({ value = [] }) => value).map((entry) => [entry.id, entry]));
    return [...byId.values()].sort(byAge).slice(0, maxListed);
  }

  /** Those of the letters that are still there. One call. */
  async read(ids: readonly string[]): Promise<DeadLetter[]> {
    const letters = await this.store.getMany<DeadLetter>(ids.map(keyOf));
    return ids.flatMap((id) => letters.get(keyOf(id))?.value ?? []).filter((letter) => letter.replayedAt === undefined);
  }

  /**
   * Gives the event to this service again, and to no other. The letter goes when the event takes effect, and stays, with what was the
   * matter this time, when it does not. Whoever dies in between leaves the letter, and handlers know an event they have had.
   * @returns Undefined when there is no such letter.
   */
  async replay(id: string): Promise<ReplayReply | undefined> {
    const { value: letter, etag } = await this.store.get<DeadLetter>(keyOf(id));
    if (letter === undefined) return undefined;
    if (letter.replayedAt !== undefined) return { outcome: "replayed" };
    const take = this.topics.find(letter.topic);
    const trouble =
      take === undefined ? `The ${service} service no longer listens to ${letter.topic}.` : (await take([letter.event]))[0];
    if (trouble !== undefined) {
      // Refused when somebody else replays it at the same time: theirs is then the attempt that is told.
      await this.store.tryCommit([upsert(keyOf(id), { ...letter, attempts: letter.attempts + 1, reason: trouble }, etag)]);
      return { outcome: "failed", reason: trouble };
    }
    await retry(() => this.tryRemove(letter));
    this.log.info(`Event ${letter.eventId} of ${letter.topic} was replayed`);
    return { outcome: "replayed" };
  }

  private async keepOn(page: string, byId: ReadonlyMap<string, BulkEntry>): Promise<void> {
    for (const { eventId, topic, reason } of await retry(() => this.tryKeep(page, byId))) {
      this.kept.add(1, { topic });
      this.log.warn(`Event ${eventId} of ${topic} is a dead letter: ${reason}`);
    }
  }

  private async tryKeep(page: string, byId: ReadonlyMap<string, BulkEntry>): Promise<DeadLetter[] | undefined> {
    // Lists and notes in one call: each is read as what it is.
    const read = await this.store.getMany<unknown>([firstList, page, ...[...byId.keys()].map(failureKey)]);
    const entriesOf = (list: string): Entry[] => (read.get(list)!.value as Entry[] | undefined) ?? [];
    const known = new Set([...entriesOf(firstList), ...entriesOf(page)].map(({ id }) => id));
    const added = [...byId].filter(([id]) => !known.has(id));
    if (added.length === 0) return [];
    const now = this.clock().toISOString();
    const letters = added.map(([id, entry]): DeadLetter => {
      const { attempts, reason } = (read.get(failureKey(id))!.value as DeliveryFailure | undefined) ?? unknownFailure;
      return { id, service, topic: topicOf(entry), eventId: eventIdOf(entry), reason, attempts, givenUpAt: now, event: entry.event };
    });
    const writes = [
      upsert(page, [...entriesOf(page), ...letters.map(({ id }) => ({ id, givenUpAt: now }))], read.get(page)!.etag),
      ...letters.map((letter) => upsert(keyOf(letter.id), letter)),
      ...letters.flatMap(({ id }) => {
        const noted = read.get(failureKey(id))!;
        return noted.value === undefined ? [] : [remove(failureKey(id), noted.etag)];
      }),
    ];
    return (await this.store.tryCommit(writes)) ? letters : undefined;
  }

  private async tryRemove(letter: DeadLetter): Promise<true | undefined> {
    const read = await this.store.getMany<Entry[]>([firstList, pageOf(letter.id)]);
    const writes = [...read].flatMap(([list, { value, etag }]) =>
      value === undefined ? [] : [upsert(list, value.filter(({ id }) => id !== letter.id), etag)],
    );
    writes.push(upsert(keyOf(letter.id), { ...letter, replayedAt: this.clock().toISOString() }, undefined, memoryOfReplays));
    return (await this.store.tryCommit(writes)) ? true : undefined;
  }
}

/** How dead letters come to the service, and how staff get at them, by way of web. */
export function mapDeadLetters(app: FastifyInstance, topics: Topics, letters: DeadLetters): void {
  // In bulk, because then the envelope, which says what topic the event was of, comes along.
  topics.deliver({ topic: deadLetterTopic, patience: 100 }, async (entries) => {
    await letters.keep(entries);
    return new Set();
  });
  app.get("/internal/dead-letters", () => letters.list());
  app.get<{ Querystring: { ids?: unknown } }>("/internal/dead-letters/letters", ({ query: { ids } }) => {
    if (ids === undefined) throw Problem.badRequest();
    return letters.read(String(ids).split(","));
  });
  app.post<{ Params: { id: string } }>("/internal/dead-letters/:id/replay", { onRequest: withoutBody }, async ({ params }) => {
    const reply = await letters.replay(params.id);
    if (reply === undefined) throw Problem.notFound("There is no such dead letter.");
    return reply;
  });
  app.addHook("onListen", async () => letters.begin());
}
