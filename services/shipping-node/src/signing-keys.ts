import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { PeerUnavailableError } from "./errors";
import type { Sidecar } from "./sidecar";

export type Keys = ReturnType<typeof createLocalJWKSet>;

const age = 5 * 60_000;
const pause = 5_000;
const timeLimit = 3_000;

/**
 * The published keys that sign access tokens, fetched through the sidecar. They are fetched when first needed, again every few minutes,
 * and at once when a token names a key not seen yet (at most once in a while, so that forged tokens cannot make us ask all day). While
 * they cannot be fetched the known ones stay in use.
 */
export class SigningKeys {
  private known: Keys | undefined;
  private staleAt = 0;
  private nextRefresh = 0;
  private fetching: Promise<Keys> | undefined;

  constructor(private readonly sidecar: Pick<Sidecar, "get">, private readonly now: () => number = () => performance.now()) {}

  /** The keys; without any nothing can be said of a token, which is our trouble (503), not the caller's (401). */
  async get(): Promise<Keys> {
    if (this.known !== undefined && this.now() < this.staleAt) return this.known;
    this.fetching ??= this.fetch().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  /** A token names a key that is not known: true when it is worth asking again. */
  refresh(): boolean {
    const now = this.now();
    if (now < this.nextRefresh) return false;
    this.nextRefresh = now + pause;
    this.staleAt = now;
    return true;
  }

  private async fetch(): Promise<Keys> {
    try {
      this.known = createLocalJWKSet((await this.sidecar.get("members", ".well-known/jwks.json", timeLimit)) as unknown as JSONWebKeySet);
      this.staleAt = this.now() + age;
    } catch (error) {
      if (this.known === undefined) throw new PeerUnavailableError("members", error);
      this.staleAt = this.now() + pause;
    }
    return this.known;
  }
}
