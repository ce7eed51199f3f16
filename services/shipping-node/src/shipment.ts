import { createHash } from "node:crypto";
import type { CreateShipment, PostalAddress } from "./contracts";

export type ShipmentStatus = "created" | "cancelled" | "dispatched" | "delivered" | "returned";

/** Something that happened to a parcel. */
export interface ShipmentEvent {
  readonly status: ShipmentStatus;
  /** UTC, ISO 8601; kept as it was written, whoever wrote it. */
  readonly at: string;
}

/** The parcel of one order, as it is stored. Pure: it moves only along the table of transitions. */
export interface Shipment {
  readonly orderId: string;
  /** Whose it is; empty when the order was cancelled before it ever got here. */
  readonly memberId: string;
  readonly method: string;
  readonly weightGrams: number;
  readonly trackingNumber: string;
  /** What happened, oldest first; the last is where it stands. */
  readonly events: readonly ShipmentEvent[];
  /** Where it goes; absent once the parcel will not go anywhere. */
  readonly address?: PostalAddress;
}

const transitions: Readonly<Record<ShipmentStatus, readonly ShipmentStatus[]>> = {
  created: ["cancelled", "dispatched"],
  dispatched: ["delivered", "returned"],
  delivered: ["returned"],
  cancelled: [],
  returned: [],
};

export const createShipment = (orderId: string, order: CreateShipment, now: Date): Shipment => ({
  orderId,
  memberId: order.memberId,
  method: order.method,
  weightGrams: order.weightGrams,
  trackingNumber: trackingNumberOf(orderId),
  events: [happened("created", now)],
  address: order.address,
});

/** A tombstone: the order was cancelled before it got here, and no parcel may be made any more. */
export const neverCreated = (orderId: string, now: Date): Shipment => ({
  orderId,
  memberId: "",
  method: "",
  weightGrams: 0,
  trackingNumber: trackingNumberOf(orderId),
  events: [happened("cancelled", now)],
});

/** Where the parcel stands. */
export const statusOf = (shipment: Shipment): ShipmentStatus => shipment.events[shipment.events.length - 1]!.status;

/** When the parcel came to `status`; undefined when it never did. */
export const reached = (shipment: Shipment, status: ShipmentStatus): ShipmentEvent | undefined =>
  shipment.events.find((event) => event.status === status);

/** The parcel one step further; undefined when that step is not possible from where it stands. */
export function move(shipment: Shipment, to: ShipmentStatus, now: Date): Shipment | undefined {
  if (!transitions[statusOf(shipment)].includes(to)) return undefined;
  const { address, ...moved } = { ...shipment, events: [...shipment.events, happened(to, now)] };
  return to === "cancelled" || address === undefined ? moved : { ...moved, address };
}

const happened = (status: ShipmentStatus, now: Date): ShipmentEvent => ({ status, at: now.toISOString() });

/** The same order always has the same number, which tells nothing of the order. */
const trackingNumberOf = (orderId: string): string =>
  "DS" + createHash("sha256").update(orderId, "utf8").digest("hex").slice(0, 16).toUpperCase();
