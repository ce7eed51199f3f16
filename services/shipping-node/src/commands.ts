import type { FastifyInstance } from "fastify";
import { type CreateShipment, isUuid, type PostalAddress } from "./contracts";
import { Problem } from "./problem";
import { express, isCountryCode, standard } from "./rates";
import type { Shipments } from "./shipments";
import { isInt32, isObject, isString, Validation } from "./validation";

interface OfOrder {
  readonly Params: { orderId: string };
}

const maxText = 200;

/** What the order saga asks of shipping; see contracts/internal-api.md. */
export function mapCommands(app: FastifyInstance, shipments: Shipments): void {
  app.put<OfOrder>("/internal/shipments/:orderId", (request) => {
    const { orderId } = request.params;
    if (request.headers["content-type"] === undefined) throw new Problem(415);
    return shipments.create(orderId, checked(orderId, read(request.body)));
  });
  app.post<OfOrder>("/internal/shipments/:orderId/cancel", ({ params: { orderId } }) => {
    checkId(orderId).done();
    return shipments.cancel(orderId);
  });
}

/** The body, known fields only; a 400 when it is not of that shape. */
function read(body: unknown): CreateShipment {
  if (!isObject(body) || !isString(body["memberId"]) || !isString(body["method"]) || !isInt32(body["weightGrams"])) throw Problem.badRequest();
  const { memberId, method, weightGrams } = body;
  return { memberId, method, weightGrams, address: readAddress(body["address"]) };
}

function readAddress(address: unknown): PostalAddress {
  if (!isObject(address)) throw Problem.badRequest();
  const { recipient, line1, line2, city, postalCode, country } = address;
  if (!isString(recipient) || !isString(line1) || !isString(city) || !isString(postalCode) || !isString(country)) throw Problem.badRequest();
  if (line2 === undefined || line2 === null) return { recipient, line1, city, postalCode, country };
  if (!isString(line2)) throw Problem.badRequest();
  return { recipient, line1, line2, city, postalCode, country };
}

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
