import assert from "node:assert/strict";
import { test } from "node:test";
import { isUuid } from "../src/contracts";
import { isCountryCode, ratesFor } from "../src/rates";
import { parseTimeSpan, readSettings } from "../src/settings";
import { createShipment, move, neverCreated, type Shipment, type ShipmentStatus, statusOf } from "../src/shipment";
import { slotAt, slotBegun } from "../src/stop";
import { memberId } from "./shop";

const now = new Date("2026-01-01T12:00:00Z");
const statuses: ShipmentStatus[] = ["created", "cancelled", "dispatched", "delivered", "returned"];

const created = (): Shipment =>
  createShipment(
    "order",
    {
      memberId, method: "standard", weightGrams: 800,
      address: { recipient: "A", line1: "B", city: "C", postalCode: "D", country: "US" },
    },
    now,
  );

/** Every sequence of up to `length` moves. */
function* sequences(length: number): Generator<ShipmentStatus[]> {
  yield [];
  if (length === 0) return;
  for (const first of statuses) for (const rest of sequences(length - 1)) yield [first, ...rest];
}

test("any sequence of moves keeps to the road", () => {
  for (const sequence of sequences(5)) {
    const shipment = sequence.reduce((before, to) => move(before, to, now) ?? before, created());
    const road = shipment.events.map(({ status }) => status);
    assert.equal(road[0], "created");
    assert.equal(new Set(road).size, road.length);
    assert.ok(!road.includes("cancelled") || road.length === 2, "A cancelled parcel went somewhere.");
    assert.ok(!road.includes("delivered") || road.includes("dispatched"), "Delivered from nowhere.");
    assert.equal(statusOf(shipment) === "cancelled", !("address" in shipment));
  }
});

test("a parcel that was cancelled first can never leave", () => {
  for (const to of statuses) assert.equal(move(neverCreated("order", now), to, now), undefined);
});

test("the tracking number is that of the other implementation, and tells nothing of the order", () => {
  // The first 8 bytes of SHA-256("order"), in hexadecimal.
  assert.equal(created().trackingNumber, "DS3EEB7E96E59CE40F");
  assert.equal(created().trackingNumber, neverCreated("order", now).trackingNumber);
  assert.notEqual(created().trackingNumber, neverCreated("another", now).trackingNumber);
});

for (const [country, grams, method, price] of [
  ["US", 1, "standard", 499],
  ["US", 1000, "standard", 499],
  ["US", 1001, "standard", 559],
  ["DE", 2500, "express", 4599],
] as const) {
  test(`${grams} g ${method} to ${country} cost ${price}`, () => {
    assert.equal(ratesFor(country, grams).find((rate) => rate.method === method)?.price.amount, price);
  });
}

test("where nobody delivers there is no rate", () => {
  for (const [country, grams] of [["AQ", 1000], ["ZZ", 1000], ["BR", 20_001], ["US", 100_001]] as const) assert.deepEqual(ratesFor(country, grams), []);
});

test("a country code is two upper-case letters", () => {
  for (const wrong of ["us", "USA", "U1", "", "ÄÖ", undefined, 12]) assert.equal(isCountryCode(wrong), false);
  assert.equal(isCountryCode("ZZ"), true);
});

test("an id is a lower-case UUID", () => {
  for (const wrong of ["", "no", memberId.toUpperCase(), `${memberId} `, `{${memberId}}`, `${memberId}\n`, 1, null]) assert.equal(isUuid(wrong), false);
  assert.equal(isUuid(memberId), true);
});

test("a slot holds nothing that is not due when it begins, and counts as .NET counts", () => {
  for (let ms = 0; ms < 3000; ms += 7) {
    const due = new Date(now.getTime() + ms);
    assert.ok(slotBegun(due) <= slotAt(due));
    assert.equal(slotBegun(new Date(due.getTime() + 999)), slotAt(due));
  }
  // new DateTime(2026, 1, 1, 12, 0, 0).Ticks / TimeSpan.TicksPerSecond
  assert.equal(slotBegun(now), 63_902_865_600);
});

test("time spans are read as .NET writes them", () => {
  for (const [text, milliseconds] of [["00:00:20", 20_000], ["00:00:00.2", 200], ["01:02:03", 3_723_000], ["1.00:00:00", 86_400_000], ["00:01", 60_000]] as const)
    assert.equal(parseTimeSpan(text), milliseconds);
  for (const wrong of ["", "20", "20s", "-00:00:01", "a:b:c"]) assert.equal(parseTimeSpan(wrong), undefined);
});

test("settings come from the environment", () => {
  const settings = readSettings({ APP_PORT: "5007", APP_API_TOKEN: "x", DAPR_HTTP_PORT: "3507", Shipping__DispatchAfter: "00:00:02" });
  assert.deepEqual([settings.host, settings.port, settings.sidecar.href], ["127.0.0.1", 5007, "http://127.0.0.1:3507/"]);
  assert.deepEqual(settings.times, { dispatchAfter: 2_000, deliverAfter: 20_000, roundEvery: 1_000 });
  assert.equal(readSettings({ APP_API_TOKEN: "x" }).host, "0.0.0.0");
  assert.equal(readSettings({ ASPNETCORE_ENVIRONMENT: "Development" }).appApiToken, undefined);
  assert.throws(() => readSettings({}), /APP_API_TOKEN is required/);
  assert.throws(() => readSettings({ APP_API_TOKEN: "x", Shipping__RoundEvery: "soon" }), /Shipping__RoundEvery/);
});
