import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Operation {
  operation: "upsert" | "delete";
  request: { key: string; value?: unknown; etag?: string; options?: { concurrency?: string }; metadata?: Record<string, string> };
}

interface BulkEntry {
  entryId: string;
  contentType: string;
  event: Published["event"];
}

interface Published {
  topic: string;
  id: string;
  contentType: string;
  event: { id: string; data: Record<string, unknown> };
}

/** As much of a sidecar as the service uses, in memory; and the service's turns of actors are given by it. */
export class FakeSidecar {
  readonly documents = new Map<string, { value: unknown; etag: string; ttl?: string | undefined }>();
  readonly actorState = new Map<string, unknown>();
  readonly reminders = new Set<string>();
  readonly published: Published[] = [];
  /** What members publishes; undefined while it is away. */
  jwks: unknown;
  jwksAsked = 0;
  /** Set to let calls of a kind fail, e.g. `publish`. */
  readonly broken = new Set<string>();
  /** Events that the broker does not take, by id. */
  readonly refused = new Set<string>();
  /** Called before a transaction is looked at: a rival. */
  rival: (() => void) | undefined;
  private version = 0;
  private server!: Server;

  /** Gives an actor its turn: set when the service listens. */
  turn: (path: string, body: string) => Promise<{ status: number; text: string }> = () => Promise.reject(new Error("no app"));

  async start(): Promise<URL> {
    this.server = createServer(async (request, response) => {
      const { status, body } = await this.answer(request);
      response.statusCode = status;
      if (body === undefined) response.end();
      else response.setHeader("content-type", "application/json").end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  put(key: string, value: unknown): void {
    this.documents.set(key, { value, etag: `${++this.version}` });
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const path = decodeURI(request.url!.split("?")[0]!).replace(/^\/v1\.0(-alpha1)?\//, "");
    const kind = path.split("/")[0]!;
    if (kind === "publish") return this.publish(path, JSON.parse(text) as BulkEntry[]);
    if (this.broken.has(kind)) return { status: 500, body: { errorCode: "ERR_BROKEN", message: "broken" } };
    if (kind === "metadata") return { status: 200, body: { id: "shipping" } };
    if (path === "invoke/members/method/.well-known/jwks.json") {
      this.jwksAsked++;
      return this.jwks === undefined ? { status: 500, body: {} } : { status: 200, body: this.jwks };
    }
    if (path === "state/shipping-store/bulk") return { status: 200, body: this.bulk((JSON.parse(text) as { keys: string[] }).keys) };
    if (path === "state/shipping-store/transaction") return this.transact((JSON.parse(text) as { operations: Operation[] }).operations);
    if (kind === "actors") return this.actor(request.method!, path, text);
    return { status: 404, body: { errorCode: "ERR_UNKNOWN", message: path } };
  }

  private bulk(keys: string[]): unknown {
    return keys.map((key) => {
      const document = this.documents.get(key);
      return document === undefined ? { key } : { key, data: document.value, etag: document.etag };
    });
  }

  private transact(operations: Operation[]): { status: number; body?: unknown } {
    this.rival?.();
    const isStale = operations.some(({ request }) => {
      if (request.etag !== undefined) return this.documents.get(request.key)?.etag !== request.etag;
      return request.options?.concurrency === "first-write" && this.documents.has(request.key);
    });
    if (isStale) return { status: 500, body: { errorCode: "ERR_STATE_TRANSACTION", message: "stale" } };
    for (const { operation, request } of operations) {
      if (operation === "delete") this.documents.delete(request.key);
      else this.documents.set(request.key, { value: request.value, etag: `${++this.version}`, ttl: request.metadata?.["ttlInSeconds"] });
    }
    return { status: 204 };
  }

  /** As daprd and the local runtime: each entry for itself, and those that the broker did not take are told with a 500. */
  private publish(path: string, entries: BulkEntry[]): { status: number; body?: unknown } {
    const topic = path.split("/").pop()!;
    const failed = entries.filter(({ entryId }) => this.broken.has("publish") || this.refused.has(entryId));
    for (const { entryId, contentType, event } of entries.filter((entry) => !failed.includes(entry)))
      this.published.push({ topic, id: entryId, contentType, event });
    if (failed.length === 0) return { status: 204 };
    const failedEntries = failed.map(({ entryId }) => ({ entryId, error: "the broker is away" }));
    return { status: 500, body: { failedEntries, errorCode: "ERR_PUBSUB_PUBLISH_MESSAGE" } };
  }

  private async actor(method: string, path: string, text: string): Promise<{ status: number; body?: unknown }> {
    const [, type, id, what, name] = path.split("/") as [string, string, string, string, string?];
    const actor = `${type}/${id}`;
    if (what === "method") {
      const { status, text: answer } = await this.turn(`/actors/${actor}/method/${name}`, text);
      return { status, body: answer };
    }
    if (what === "reminders") {
      if (method === "POST") this.reminders.add(`${actor}/${name}`);
      else this.reminders.delete(`${actor}/${name}`);
      return { status: 204 };
    }
    if (method === "GET") {
      const value = this.actorState.get(`${actor}/${name}`);
      return value === undefined ? { status: 204 } : { status: 200, body: JSON.stringify(value) };
    }
    for (const { operation, request } of JSON.parse(text) as Operation[]) {
      if (operation === "delete") this.actorState.delete(`${actor}/${request.key}`);
      else this.actorState.set(`${actor}/${request.key}`, request.value);
    }
    return { status: 204 };
  }
}
