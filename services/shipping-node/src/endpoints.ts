import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Auth } from "./auth";
import { isUuid } from "./contracts";
import type { Couriers } from "./couriers";
import { Problem } from "./problem";
import { isCountryCode, maxWeightGrams, ratesFor } from "./rates";
import { reached, type Shipment, type ShipmentEvent, type ShipmentStatus, statusOf } from "./shipment";
import { unreadable } from "./shape";
import type { ShipmentStore } from "./shipment-store";
import { isInt32, Validation } from "./validation";
import { withoutBody } from "./without-body";

interface OfOrder {
  readonly Params: { orderId: string };
}

const moves: readonly [command: string, to: ShipmentStatus][] = [
  ["dispatch", "dispatched"],
  ["deliver", "delivered"],
  ["return", "returned"],
];

/** Rates for everyone, a member's own shipments, and a hand for staff. */
export function mapShipping(app: FastifyInstance, auth: Auth, store: ShipmentStore, couriers: Couriers): void {
  const find = async (orderId: string): Promise<Shipment | undefined> =>
    isUuid(orderId) ? (await store.find(orderId))?.shipment : undefined;

  const staffOnly = async (request: FastifyRequest): Promise<void> => void (await auth.staff(request));

  app.get<{ Querystring: Record<string, unknown> }>("/api/shipping/rates", ({ query }) => rates(query));

  app.get<OfOrder>("/api/shipments/:orderId", async (request) => {
    const user = await auth.user(request);
    const shipment = await find(request.params.orderId);
    if (shipment === undefined || !(user.isStaff || shipment.memberId === user.memberId)) throw notFound();
    return viewOf(shipment);
  });

  for (const [command, to] of moves) {
    app.post<OfOrder>(`/api/shipments/:orderId/${command}`, { onRequest: [staffOnly, withoutBody] }, async ({ params: { orderId } }) => {
      const before = await find(orderId);
      if (before === undefined) throw notFound();
      if (reached(before, to) === undefined && !(await couriers.hurry({ orderId, to })))
        throw Problem.conflict("The parcel waits for its order to be confirmed.");
      const after = (await find(orderId))!;
      if (reached(after, to) === undefined) throw Problem.conflict(`The parcel is ${statusOf(after)}.`);
      return viewOf(after);
    });
  }
}

function rates(query: Readonly<Record<string, unknown>>): { items: unknown[] } {
  const weight = wholeNumber(query, "weight");
  const country = parameter(query, "country")?.replace(/^[a-z]{2}$/i, (code) => code.toUpperCase());
  new Validation()
    .check(isCountryCode(country), "country", "Two letters, ISO 3166-1 alpha-2.")
    .check(weight !== undefined && weight >= 1 && weight <= maxWeightGrams, "weight", `Grams, 1 to ${maxWeightGrams}.`)
    .done();
  return { items: ratesFor(country!, weight!) };
}

/** Names compare without case; what is given more than once is a list. */
function parameter(query: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const given = Object.entries(query).filter(([key]) => key.toLowerCase() === name).flatMap(([, value]) => value);
  return given.length === 0 ? undefined : given.join(",");
}

function wholeNumber(query: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const given = parameter(query, name);
  if (given === undefined) return undefined;
  const value = /^[\t-\r ]*[+-]?\d+[\t-\r ]*$/.test(given) ? Number(given) : undefined;
  return isInt32(value) ? value : unreadable(name);
}

/** `{orderId,status,trackingNumber,events:[{status,at}]}`. */
const viewOf = (shipment: Shipment): { orderId: string; status: string; trackingNumber: string; events: readonly ShipmentEvent[] } => ({
  orderId: shipment.orderId,
  status: statusOf(shipment),
  trackingNumber: shipment.trackingNumber,
  events: shipment.events,
});

const notFound = (): Problem => Problem.notFound("There is no shipment of yours for this order.");
