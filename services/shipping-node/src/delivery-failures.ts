import { OutageError } from "./errors";
import type { Log } from "./log";
import { inTime } from "./sidecar";
import { type StateStore, upsert } from "./state-store";

/** How often, and why, the deliveries of an event have failed. */
export interface DeliveryFailure {
  readonly attempts: number;
  /** What kept the latest attempt from taking effect. */
  readonly reason: string;
}

/** Of an event that the service never got to say anything about. */
export const unknownFailure: DeliveryFailure = { attempts: 0, reason: "The service or its store did not answer." };

const memorySeconds = 24 * 60 * 60;
const timeLimit = 2_000;

export const failureKey = (letterId: string): string => `delivery-failure/${letterId}`;

/**
 * A sidecar that gives up on an event says neither how often nor why it failed, so the service keeps it itself, in its store because its
 * replicas take turns. Two calls for each delivery with failures; none for those without.
 */
export class DeliveryFailures {
  constructor(private readonly store: StateStore, private readonly log: Log) {}

  /** Counts one more failed attempt for each. A store that does not take it costs the note, not the event. */
  async note(failures: readonly { id: string; reason: string }[]): Promise<void> {
    const reasons = new Map(failures.map(({ id, reason }) => [failureKey(id), reason]));
    try {
      await inTime(this.write(reasons), timeLimit);
    } catch (error) {
      if (!(error instanceof OutageError)) throw error;
      this.log.warn(`${reasons.size} failed deliveries could not be noted: ${error.message}`);
    }
  }

  private async write(reasons: ReadonlyMap<string, string>): Promise<void> {
    const known = await this.store.getMany<DeliveryFailure>([...reasons.keys()]);
    await this.store.tryCommit(
      [...known].map(([key, { value, etag }]) =>
        upsert(key, { attempts: (value?.attempts ?? 0) + 1, reason: reasons.get(key)! }, etag, memorySeconds),
      ),
    );
  }
}
