import type { FastifyInstance } from "fastify";
import { type CreateShipment, isUuid, type PostalAddress } from "./contracts";
import { express, isCountryCode, standard } from "./rates";
import { int32, object, optional, text } from "./shape";
import type { Shipments } from "./shipments";
import { Validation } from "./validation";
import { withoutBody } from "./without-body";

interface OfOrder {
  readonly Params: { orderId: string };
}

const maxText = 200;

/** What the order saga asks of shipping; see contracts/internal-api.md. */
export function mapCommands(app: FastifyInstance, shipments: Shipments): void {
  app.put<OfOrder>("/internal/shipments/:orderId", ({ params: { orderId }, body }) =>
    shipments.create(orderId, checked(orderId, read(body, ""))),
  );
  app.post<OfOrder>("/internal/shipments/:orderId/cancel", { onRequest: withoutBody }, ({ params: { orderId } }) => {
    checkId(orderId).done();
    return shipments.cancel(orderId);
  });
}

const read = object<CreateShipment>({
  memberId: text,
  method: text,
  weightGrams: int32,
  address: object<PostalAddress>({
    recipient: text, line1: text, line2: optional(text), city: text, postalCode: text, country: text,
  }),
});

function checked(orderId: string, order: CreateShipment): CreateShipment {
  const { address } = order;
  const validation = checkId(orderId)
    .check(isUuid(order.memberId), "memberId", "Must be a lower-case UUID.")
    .check(order.method === standard || order.method === express, "method", "standard or express.")
    .check(order.weightGrams >= 1, "weightGrams", "At least 1.")
    .text(address.recipient, "address.recipient", maxText)
    .text(address.line1, "address.line1", maxText)
    .text(address.city, "address.city", maxText)
    .text(address.postalCode, "address.postalCode", maxText)
    .check(isCountryCode(address.country), "address.country", "Two upper-case letters, ISO 3166-1 alpha-2.");
  if (address.line2) validation.text(address.line2, "address.line2", maxText);
  validation.done();
  return order;
}

const checkId = (orderId: string): Validation => new Validation().check(isUuid(orderId), "orderId", "Must be a lower-case UUID.");
