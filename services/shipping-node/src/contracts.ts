// What goes over the wires: see contracts/internal-api.md, contracts/openapi/shipping.json and contracts/events.

export interface Money {
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
}

export interface PostalAddress {
  readonly recipient: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

/** `PUT /internal/shipments/{orderId}`. */
export interface CreateShipment {
  readonly memberId: string;
  readonly method: string;
  readonly weightGrams: number;
  readonly address: PostalAddress;
}

/** The answer to every command of the saga. */
export interface ShipmentReply {
  readonly outcome: "created" | "refused" | "cancelled" | "dispatched";
  readonly trackingNumber?: string;
}

export interface ShippingRate {
  readonly method: string;
  readonly price: Money;
  readonly estimatedDays: number;
}

/** `orders.*`, as far as it is of use here. */
export interface OrderChanged {
  readonly eventId: string;
  readonly orderId: string;
}

/** `shipping.*`; id `shipment-{orderId}-{status}`. */
export interface ShipmentChanged {
  readonly eventId: string;
  /** UTC, ISO 8601. */
  readonly occurredAt: string;
  readonly orderId: string;
  readonly memberId: string;
  readonly status: string;
  readonly trackingNumber: string;
}

/** Orders and members: a lower-case UUID. Anything else is refused before it becomes a state key or an actor id. */
export const isUuid = (id: unknown): id is string =>
  typeof id === "string" && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id);
