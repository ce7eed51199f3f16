import { setTimeout as delay } from "node:timers/promises";
import { StateConcurrencyEnum, StateConsistencyEnum } from "@dapr/dapr";
import { ContendedError, OutageError } from "./errors";
import { inTime, type Sidecar } from "./sidecar";

type Operations = NonNullable<Parameters<Sidecar["state"]["transaction"]>[1]>;

/** A document and its version; no value, and an empty version, when there is none. */
export interface Versioned<T> {
  readonly value: T | undefined;
  readonly etag: string;
}

/** A part of a transaction. */
export type Write = Operations[number];

/** What a sidecar answers when it refuses a transaction: a stale version (which Dapr does not tell from other refusals), or too many. */
const refusals = new Set([409, 413, 500]);

/** The service's own state store: documents are read with their version and written only over the version that was read. */
export class StateStore {
  constructor(private readonly sidecar: Sidecar, private readonly name: string) {}

  /** One call. */
  async get<T>(key: string): Promise<Versioned<T>> {
    return (await this.getMany<T>([key])).get(key)!;
  }

  /** Several documents in one call, by key. */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, Versioned<T>>> {
    const found = new Map<string, Versioned<T>>(keys.map((key) => [key, { value: undefined, etag: "" }]));
    if (keys.length === 0) return found;
    const items = await inTime(this.sidecar.state.getBulk(this.name, [...found.keys()], { parallelism: 10 }));
    for (const { key, data, etag, error } of items as { key: string; data?: T; etag?: string; error?: string }[]) {
      // A document that could not be read must not look like one that is not there.
      if (error) throw new OutageError(`${this.name}: ${error}`);
      if (data !== undefined && data !== null) found.set(key, { value: data, etag: etag ?? "" });
    }
    return found;
  }

  /**
   * All of these or none, in one call. False when the store refuses, most likely for a stale version: callers read again, decide again,
   * and try a bounded number of times.
   */
  async tryCommit(writes: readonly Write[]): Promise<boolean> {
    if (writes.length === 0) return true;
    try {
      await inTime(this.sidecar.state.transaction(this.name, [...writes]));
      return true;
    } catch (error) {
      if (error instanceof OutageError && error.status !== undefined && refusals.has(error.status)) return false;
      throw error;
    }
  }
}

/** Writes over version `etag`; empty: inserts; undefined: whatever is there. */
export function upsert(key: string, value: unknown, etag?: string, ttlInSeconds?: number): Write {
  return {
    operation: "upsert",
    request: {
      key,
      value,
      ...version(etag),
      ...(ttlInSeconds === undefined ? {} : { metadata: { ttlInSeconds: `${ttlInSeconds}` } }),
    },
  };
}

/** Deletes version `etag`. */
export const remove = (key: string, etag: string): Write => ({ operation: "delete", request: { key, ...version(etag) } });

function version(etag?: string): Partial<Write["request"]> {
  if (etag === undefined) return {};
  const options = {
    concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE,
    consistency: StateConsistencyEnum.CONSISTENCY_STRONG,
  };
  // On the wire it is a string, whatever the SDK's type says.
  return etag === "" ? { options } : { options, etag: etag as unknown as NonNullable<Write["request"]["etag"]> };
}

const maxAttempts = 16;

/**
 * Read, decide, write over the version read; and again when somebody else was faster.
 * @param attempt One attempt: its answer, or undefined when its write was refused.
 */
export async function retry<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < maxAttempts; tries++) {
    // Rivals that keep colliding drift apart.
    if (tries > 2) await delay(1 + Math.random() * 4 * tries);
    const answer = await attempt();
    if (answer !== undefined) return answer;
  }
  throw new ContendedError();
}
