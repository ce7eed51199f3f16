import type { InjectOptions, Response } from "light-my-request";
import { exportJWK, generateKeyPair, type KeyLike, SignJWT } from "jose";
import { createService, type Service } from "../src/service";
import type { Settings } from "../src/settings";
import { FakeSidecar } from "./fake-sidecar";

export const appToken = "app-token";
export const memberId = "0196f5a0-0000-7000-8000-00000000000a";

/** The service beside a sidecar that the test plays, with a clock of the test's. */
export class Shop {
  readonly sidecar = new FakeSidecar();
  now = new Date("2026-01-01T12:00:00.250Z");
  service!: Service;
  private key!: KeyLike;

  static async open(settings: Partial<Settings> = {}): Promise<Shop> {
    const shop = new Shop();
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    shop.key = privateKey;
    shop.sidecar.jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "key-1", alg: "ES256", use: "sig" }] };
    shop.service = createService(
      {
        host: "127.0.0.1",
        port: 0,
        sidecar: await shop.sidecar.start(),
        appApiToken: appToken,
        times: { dispatchAfter: 20_000, deliverAfter: 20_000, roundEvery: 1_000 },
        drainDelay: 0,
        logLevel: "Fatal",
        logFormat: "json",
        exitWithStdin: false,
        ...settings,
      },
      () => shop.now,
    );
    shop.sidecar.turn = async (url, payload) => {
      const answer = await shop.call("PUT", url, payload);
      return { status: answer.statusCode, text: answer.body };
    };
    await shop.service.app.ready();
    return shop;
  }

  async close(): Promise<void> {
    await this.service.app.close();
    this.sidecar.stop();
  }

  pass(seconds: number): void {
    this.now = new Date(this.now.getTime() + seconds * 1000);
  }

  /** As the own sidecar calls. */
  call(method: InjectOptions["method"] & string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.ask(method, url, body, { "dapr-api-token": appToken, ...headers });
  }

  /** As anybody calls. */
  async ask(method: InjectOptions["method"] & string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const payload = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    return await this.service.app.inject({
      method,
      url,
      headers: { ...(payload === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(payload === undefined ? {} : { payload }),
    } as InjectOptions);
  }

  token(subject: string, role = "member", claims: Record<string, unknown> = {}, kid = "key-1"): Promise<string> {
    return new SignJWT({ role, iss: "daprshop", aud: "daprshop", sub: subject, exp: Math.floor(Date.now() / 1000) + 600, ...claims })
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(this.key);
  }

  async as(role: "member" | "staff", method: InjectOptions["method"] & string, url: string, subject = memberId): Promise<Response> {
    return this.ask(method, url, undefined, { authorization: `Bearer ${await this.token(subject, role)}` });
  }

  create(orderId: string, parcel: unknown = parcelTo("US")): Promise<Response> {
    return this.call("PUT", `/internal/shipments/${orderId}`, parcel);
  }

  /** Delivers `orders.confirmed`; answers the statuses. */
  async confirm(...orderIds: string[]): Promise<string[]> {
    const entries = orderIds.map((orderId) => ({ entryId: orderId, contentType: "application/cloudevents+json", event: confirmed(orderId) }));
    const answer = await this.call("POST", "/events/orders.confirmed", { id: "1", entries });
    return answer.json<{ statuses: { status: string }[] }>().statuses.map(({ status }) => status);
  }

  /** The couriers' reminders come. */
  async round(): Promise<void> {
    for (const reminder of [...this.sidecar.reminders]) {
      const answer = await this.call("PUT", `/actors/${reminder.replace("/round", "")}/method/remind/round`, { dueTime: "", period: "" });
      if (answer.statusCode !== 200) throw new Error(answer.body);
    }
  }
}

let number = 0;

export const newOrder = (): string => `0196f5a0-0000-7000-8000-${(++number).toString(16).padStart(12, "0")}`;

export const parcelTo = (country: string, more: Record<string, unknown> = {}): object => ({
  memberId,
  method: "standard",
  weightGrams: 800,
  address: { recipient: "Ada Lovelace", line1: "1 Main Street", city: "Springfield", postalCode: "12345", country },
  ...more,
});

export const confirmed = (orderId: string): object => ({
  id: `order-${orderId}-5`,
  topic: "orders.confirmed",
  specversion: "1.0",
  data: { eventId: `order-${orderId}-5`, orderId, memberId, version: 5, status: "confirmed", items: [] },
});
