import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { statusOf } from "../src/shipment";
import { appToken, confirmed, memberId, newOrder, parcelTo, Shop } from "./shop";

let shop: Shop;

before(async () => {
  shop = await Shop.open();
});

after(() => shop.close());

const stored = (orderId: string): Record<string, unknown> => shop.sidecar.documents.get(`shipment/${orderId}`)!.value as never;

test("a parcel is stored as the other implementation stores it", async () => {
  const order = newOrder();
  const reply = (await shop.create(order)).json<{ outcome: string; trackingNumber: string }>();
  assert.equal(reply.outcome, "created");
  assert.deepEqual(stored(order), {
    orderId: order,
    memberId,
    method: "standard",
    weightGrams: 800,
    trackingNumber: reply.trackingNumber,
    events: [{ status: "created", at: "2026-01-01T12:00:00.250Z" }],
    address: { recipient: "Ada Lovelace", line1: "1 Main Street", city: "Springfield", postalCode: "12345", country: "US" },
  });
  assert.deepEqual((await shop.create(order)).json(), reply);
});

test("what the other implementation wrote is kept to the digit", async () => {
  const order = newOrder();
  shop.sidecar.put(`shipment/${order}`, {
    orderId: order, memberId, method: "express", weightGrams: 1, trackingNumber: "DS00",
    events: [{ status: "created", at: "2026-01-01T11:59:59.1234567Z" }],
    address: { recipient: "A", line1: "B", line2: "2nd floor", city: "C", postalCode: "D", country: "US" },
  });
  assert.deepEqual((await shop.call("POST", `/internal/shipments/${order}/cancel`)).json(), { outcome: "cancelled" });
  assert.deepEqual(stored(order), {
    orderId: order, memberId, method: "express", weightGrams: 1, trackingNumber: "DS00",
    events: [{ status: "created", at: "2026-01-01T11:59:59.1234567Z" }, { status: "cancelled", at: "2026-01-01T12:00:00.250Z" }],
  });
});

test("a confirmed parcel is dispatched and delivered in its time, and everyone is told with the fact's own id", async () => {
  const order = newOrder();
  await shop.create(order);
  assert.deepEqual(await shop.confirm(order), ["SUCCESS"]);
  const courier = `CourierActor/courier-${parseInt(order.slice(-1), 16) % 8}`;
  const slot = 63_902_865_600 + 21;
  assert.deepEqual(shop.sidecar.actorState.get(`${courier}/slots`), [slot]);
  assert.deepEqual(shop.sidecar.actorState.get(`${courier}/slot-${slot}`), [{ orderId: order, to: "dispatched" }]);
  assert.ok(shop.sidecar.reminders.has(`${courier}/round`));
  await shop.round();
  assert.equal(statusOf(stored(order) as never), "created");

  shop.pass(21);
  await shop.round();
  shop.pass(21);
  await shop.round();
  const told = shop.sidecar.published.filter(({ event }) => event.data["orderId"] === order);
  assert.deepEqual(told.map(({ topic }) => topic), ["shipping.dispatched", "shipping.delivered"]);
  for (const { id, contentType, event } of told) {
    assert.equal(contentType, "application/cloudevents+json");
    assert.equal(event.id, `shipment-${order}-${event.data["status"]}`);
    assert.equal(id, event.id);
    assert.deepEqual(Object.keys(event.data).sort(), ["eventId", "memberId", "occurredAt", "orderId", "status", "trackingNumber"]);
  }
  assert.equal(shop.sidecar.reminders.has(`${courier}/round`), false);
  assert.equal(shop.sidecar.actorState.has(`${courier}/slot-${slot}`), false);
  assert.deepEqual((await shop.call("POST", `/internal/shipments/${order}/cancel`)).json(), { outcome: "dispatched" });
});

test("a round that could not tell is done again, with the same words", async () => {
  const order = newOrder();
  await shop.create(order);
  await shop.confirm(order);
  shop.pass(21);
  shop.sidecar.broken.add("publish");
  await assert.rejects(shop.round());
  shop.sidecar.broken.delete("publish");
  const { events } = stored(order) as { events: { at: string }[] };
  shop.pass(5);
  await shop.round();
  const told = shop.sidecar.published.filter(({ event }) => event.data["orderId"] === order);
  assert.deepEqual(told.map(({ event }) => event.data["occurredAt"]), [events[1]!.at]);
});

test("a round of which some was not told is done again", async () => {
  const one = newOrder();
  const other = `1${one.slice(1)}`; // Of the same courier.
  for (const order of [one, other]) await shop.create(order);
  await shop.confirm(one, other);
  shop.pass(21);
  shop.sidecar.refused.add(`shipment-${other}-dispatched`);
  await assert.rejects(shop.round());
  shop.sidecar.refused.clear();
  await shop.round();
  const told = new Set(shop.sidecar.published.filter(({ topic }) => topic === "shipping.dispatched").map(({ event }) => event.data["orderId"]));
  assert.ok(told.has(one) && told.has(other));
});

for (const headers of [{ "transfer-encoding": "chunked" }, { "content-type": "application/octet-stream" }, { "content-type": "application/json" }]) {
  test(`no body is no body, as sidecars send it: ${Object.entries(headers)}`, async () => {
    const answer = await shop.call("POST", `/internal/shipments/${newOrder()}/cancel`, undefined, headers);
    assert.deepEqual([answer.statusCode, answer.json()], [200, { outcome: "cancelled" }]);
  });
}

test("a cancelled parcel is never dispatched, and a tombstone is one for ever", async () => {
  const order = newOrder();
  assert.deepEqual((await shop.call("POST", `/internal/shipments/${order}/cancel`)).json(), { outcome: "cancelled" });
  assert.deepEqual((await shop.create(order)).json(), { outcome: "cancelled" });
  assert.equal(stored(order)["memberId"], "");
  assert.deepEqual(await shop.confirm(order), ["SUCCESS"]);
  shop.pass(60);
  await shop.round();
  assert.equal(shop.sidecar.published.some(({ event }) => event.data["orderId"] === order), false);
});

test("a rival's write is seen, and the decision made again", async () => {
  const order = newOrder();
  await shop.create(order);
  shop.sidecar.rival = () => {
    shop.sidecar.rival = undefined;
    const dispatched = { ...stored(order), events: [...(stored(order)["events"] as object[]), { status: "dispatched", at: "2026-01-01T12:00:01Z" }] };
    shop.sidecar.put(`shipment/${order}`, dispatched);
  };
  assert.deepEqual((await shop.call("POST", `/internal/shipments/${order}/cancel`)).json(), { outcome: "dispatched" });
});

test("a store that refuses every write is a 503", async () => {
  shop.sidecar.rival = () => undefined;
  shop.sidecar.broken.add("state");
  const answer = await shop.create(newOrder());
  shop.sidecar.broken.delete("state");
  shop.sidecar.rival = undefined;
  assert.deepEqual([answer.statusCode, answer.headers["retry-after"], answer.headers["content-type"]], [503, "1", "application/problem+json"]);
});

test("an event that cannot be read, or is no order's, comes again and takes no other with it", async () => {
  const order = newOrder();
  await shop.create(order);
  const entries = [{ entryId: "a", event: { id: "a" } }, { entryId: "b", event: { id: "b", data: { eventId: 1 } } }, { entryId: "c", event: 3 }].map((entry) => entry);
  const answer = await shop.call("POST", "/events/orders.confirmed", {
    entries: [...entries, { entryId: "d", event: confirmed("../courier-1") }, { entryId: "e", event: confirmed(order) }],
  });
  assert.deepEqual(
    answer.json<{ statuses: { entryId: string; status: string }[] }>().statuses.map(({ entryId, status }) => `${entryId} ${status}`),
    ["a RETRY", "b RETRY", "c RETRY", "d RETRY", "e SUCCESS"],
  );
  const notes = [...shop.sidecar.documents].filter(([key]) => key.startsWith("delivery-failure/shipping-"));
  assert.equal(notes.length, 4);
  for (const [, { value, ttl }] of notes) assert.deepEqual([(value as { attempts: number }).attempts, ttl], [1, "86400"]);
});

test("while the store is away every event comes again", async () => {
  shop.sidecar.broken.add("state");
  assert.deepEqual(await shop.confirm(newOrder(), newOrder()), ["RETRY", "RETRY"]);
  shop.sidecar.broken.delete("state");
});

test("dead letters are kept once with what was noted of them, replayed, and gone when that worked", async () => {
  const order = newOrder();
  await shop.create(order);
  shop.sidecar.broken.add("actors");
  assert.deepEqual(await shop.confirm(order), ["RETRY"]);
  assert.deepEqual(await shop.confirm(order), ["RETRY"]);
  const bury = (): Promise<unknown> => shop.call("POST", "/events/shipping.dead-letters", { entries: [{ entryId: "1", event: confirmed(order) }] });
  await bury();
  await bury();
  const [{ id }] = (await shop.call("GET", "/internal/dead-letters")).json<[{ id: string }]>();
  assert.match(id, /^shipping-[0-9a-f]{16}$/);
  const read = async (): Promise<Record<string, unknown>[]> => (await shop.call("GET", `/internal/dead-letters/letters?ids=${id},none`)).json();
  const [letter] = await read();
  assert.deepEqual(
    [letter!["service"], letter!["topic"], letter!["eventId"], letter!["attempts"], letter!["event"]],
    ["shipping", "orders.confirmed", `order-${order}-5`, 2, confirmed(order)],
  );
  assert.match(String(letter!["reason"]), /^OutageError: /);
  assert.equal(shop.sidecar.documents.has(`delivery-failure/${id}`), false);

  const replay = async (): Promise<Record<string, unknown>> => (await shop.call("POST", `/internal/dead-letters/${id}/replay`)).json();
  assert.equal((await replay())["outcome"], "failed");
  assert.equal((await read())[0]!["attempts"], 3);
  shop.sidecar.broken.delete("actors");
  assert.deepEqual(await replay(), { outcome: "replayed" });
  assert.deepEqual(await replay(), { outcome: "replayed" });
  assert.deepEqual(await read(), []);
  assert.equal(shop.sidecar.documents.get(`dead-letter/${id}`)!.ttl, "86400");
});

test("subscriptions and actors are told as the sidecar expects", async () => {
  assert.deepEqual((await shop.call("GET", "/dapr/subscribe")).json(), [
    {
      pubsubname: "pubsub", topic: "orders.confirmed", route: "/events/orders.confirmed", deadLetterTopic: "shipping.dead-letters",
      bulkSubscribe: { enabled: true, maxMessagesCount: 100, maxAwaitDurationMs: 500 },
    },
    {
      pubsubname: "pubsub", topic: "shipping.dead-letters", route: "/events/shipping.dead-letters",
      bulkSubscribe: { enabled: true, maxMessagesCount: 100, maxAwaitDurationMs: 100 },
    },
  ]);
  assert.deepEqual((await shop.call("GET", "/dapr/config")).json(), { entities: ["CourierActor"] });
  assert.equal((await shop.call("DELETE", "/actors/CourierActor/courier-1")).statusCode, 200);
});

test("only the own sidecar may call what is for it, however the path is spelled", async () => {
  for (const url of ["/internal/dead-letters", "/%69nternal/dead-letters", "/internal%2Fdead-letters", "/dapr/config", "/dapr/subscribe"]) {
    const answer = await shop.ask("GET", url);
    assert.ok([401, 404].includes(answer.statusCode), `${url}: ${answer.statusCode}`);
    assert.equal((await shop.ask("GET", url, undefined, { "dapr-api-token": "wrong-token" })).statusCode, answer.statusCode);
  }
  assert.equal((await shop.ask("PUT", "/actors/CourierActor/courier-1/method/Expect", [])).statusCode, 401);
  assert.equal((await shop.ask("POST", "/events/orders.confirmed", { entries: [] })).statusCode, 401);
});

test("tokens are checked, and roles", async () => {
  const order = newOrder();
  await shop.create(order);
  const path = `/api/shipments/${order}`;
  assert.equal((await shop.as("member", "GET", path)).statusCode, 200);
  assert.equal((await shop.as("member", "GET", path, newOrder())).statusCode, 404);
  assert.equal((await shop.as("staff", "GET", path, newOrder())).statusCode, 200);
  assert.equal((await shop.as("member", "POST", `${path}/dispatch`)).statusCode, 403);
  const none = await shop.ask("GET", path);
  assert.deepEqual([none.statusCode, none.headers["www-authenticate"]], [401, "Bearer"]);
  for (const claims of [{ iss: "else" }, { aud: "else" }, { exp: 1 }, { exp: undefined }, { sub: undefined }]) {
    const token = await shop.token(memberId, "member", claims);
    assert.equal((await shop.ask("GET", path, undefined, { authorization: `Bearer ${token}` })).statusCode, 401, JSON.stringify(claims));
  }
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(`{"sub":"${memberId}"}`).toString("base64url")}.`;
  assert.equal((await shop.ask("GET", path, undefined, { authorization: `Bearer ${unsigned}` })).statusCode, 401);
});

test("a key not seen yet is asked for at once, and forged ones not all day", async () => {
  const other = await Shop.open();
  try {
    other.sidecar.jwks = undefined;
    const away = await other.as("member", "GET", `/api/shipments/${newOrder()}`);
    assert.equal(away.statusCode, 503);
    other.sidecar.jwks = { keys: [] };
    const unknown = await other.token(memberId, "member", {}, "key-2");
    const asked = other.sidecar.jwksAsked;
    for (let tries = 0; tries < 5; tries++)
      assert.equal((await other.ask("GET", `/api/shipments/${newOrder()}`, undefined, { authorization: `Bearer ${unknown}` })).statusCode, 401);
    assert.equal(other.sidecar.jwksAsked - asked, 2);
  } finally {
    await other.close();
  }
});

test("staff move a parcel only when its order is confirmed", async () => {
  const order = newOrder();
  const dispatch = (): ReturnType<Shop["as"]> => shop.as("staff", "POST", `/api/shipments/${order}/dispatch`);
  assert.equal((await dispatch()).statusCode, 404);
  await shop.create(order);
  assert.equal((await dispatch()).statusCode, 409);
  await shop.confirm(order);
  assert.equal((await shop.as("staff", "POST", `/api/shipments/${order}/deliver`)).statusCode, 409);
  const answer = await dispatch();
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(Object.keys(answer.json()), ["orderId", "status", "trackingNumber", "events"]);
});

for (const [query, status] of [
  ["", 400], ["?country=US", 400], ["?country=US&weight=0", 400], ["?country=US&weight=100001", 400], ["?country=USA&weight=1", 400],
  ["?country=%C3%9F&weight=1", 400], ["?country=US&weight=heavy", 400], ["?country=US&weight=1e3", 400], ["?country=US&country=DE&weight=1", 400],
  ["?weight=+1%20&Country=us", 200], ["?country=us&weight=1200", 200], ["?country=AQ&weight=1200", 200],
] as const) {
  test(`rates${query} is ${status}`, async () => {
    const answer = await shop.ask("GET", `/api/shipping/rates${query}`);
    assert.equal(answer.statusCode, status);
    if (status === 200) assert.ok(Array.isArray(answer.json<{ items: unknown }>().items));
  });
}

for (const [name, body, status] of [
  ["no country", parcelTo("usa"), 400],
  ["no method", parcelTo("US", { method: "drone" }), 400],
  ["no weight", parcelTo("US", { weightGrams: 0 }), 400],
  ["a weight that is text", parcelTo("US", { weightGrams: "8" }), 400],
  ["no whole weight", parcelTo("US", { weightGrams: 1.5 }), 400],
  ["nobody's", parcelTo("US", { memberId: "someone" }), 400],
  ["no address", parcelTo("US", { address: null }), 400],
  ["no object", [], 400],
  ["no JSON", "{", 400],
  ["nothing", "", 400],
  ["unknown fields", parcelTo("US", { gift: true, __proto__: {} }), 200],
  ["too far", parcelTo("AQ"), 200],
] as const) {
  test(`a parcel that is ${name} is ${status}`, async () => {
    assert.equal((await shop.create(newOrder(), body)).statusCode, status);
  });
}

test("every error is a problem", async () => {
  for (const [method, url, status, headers, body] of [
    ["GET", "/api/nothing", 404, {}, undefined],
    ["DELETE", "/api/shipping/rates", 405, {}, undefined],
    ["PUT", `/internal/shipments/${newOrder()}`, 415, { "content-type": "text/plain" }, "x"],
    ["PUT", `/internal/shipments/${newOrder()}`, 413, {}, `"${"x".repeat(1024 * 1024)}"`],
    ["PUT", `/internal/shipments/${newOrder().toUpperCase()}`, 400, {}, parcelTo("US")],
  ] as const) {
    const answer = await shop.call(method, url, body, { ...headers, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
    assert.equal(answer.statusCode, status);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    const problem = answer.json<Record<string, unknown>>();
    assert.deepEqual(
      [problem["type"], problem["status"], problem["traceId"]],
      [`https://www.rfc-editor.org/rfc/rfc9110#section-15.5`, status, "0af7651916cd43dd8448eb211c80319c"],
    );
    if (status === 405) assert.equal(answer.headers["allow"], "GET");
  }
});

test("who sends far too much reads the answer all the same", async () => {
  const other = await Shop.open();
  try {
    const { port } = new URL(await other.service.app.listen({ host: "127.0.0.1", port: 0 }));
    const length = 16 * 1024 * 1024;
    for (const framing of [`content-length: ${length}`, "transfer-encoding: chunked"]) {
      const head = `PUT /internal/shipments/${newOrder()} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ndapr-api-token: ${appToken}\r\n`;
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`${head}${framing}\r\n\r\n`);
      // As a client does that listens only when all is said.
      await new Promise<void>((resolve, reject) => {
        socket.on("error", reject);
        const body = " ".repeat(length);
        socket.write(framing.includes("chunked") ? `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body, () => resolve());
      });
      assert.match(await text(socket), /^HTTP\/1.1 413 /);
    }
  } finally {
    await other.close();
  }
});

test("a service that is asked to end says so", async () => {
  const other = await Shop.open();
  try {
    assert.deepEqual([(await other.ask("GET", "/healthz")).statusCode, (await other.ask("GET", "/healthz")).body], [200, "Healthy"]);
    other.service.drain();
    assert.equal((await other.ask("GET", "/healthz")).statusCode, 503);
  } finally {
    await other.close();
  }
});
