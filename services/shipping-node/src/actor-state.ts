import type { Sidecar } from "./sidecar";

/**
 * The state of one actor during one turn: what is read is read once, what is changed is written together. Nothing outlives the turn, so
 * a turn that failed half-way leaves nothing behind that is not stored, and whoever hosts the actor next starts from the same.
 */
export class ActorState {
  private readonly values = new Map<string, unknown>();
  private readonly changed = new Set<string>();

  /** @param actor Type and id, as in Dapr's paths. */
  constructor(private readonly sidecar: Sidecar, private readonly actor: string) {}

  async get<T>(key: string): Promise<T | undefined> {
    if (!this.values.has(key)) this.values.set(key, await this.sidecar.actor("GET", `${this.actor}/state/${key}`));
    return this.values.get(key) as T | undefined;
  }

  /** @param value Undefined removes it. */
  set(key: string, value: unknown): void {
    this.values.set(key, value);
    this.changed.add(key);
  }

  /** All changes since the last time, in one transaction. */
  async save(): Promise<void> {
    if (this.changed.size === 0) return;
    const operations = [...this.changed].map((key) => {
      const value = this.values.get(key);
      return value === undefined ? { operation: "delete", request: { key } } : { operation: "upsert", request: { key, value } };
    });
    await this.sidecar.actor("POST", `${this.actor}/state`, operations);
    this.changed.clear();
  }
}
