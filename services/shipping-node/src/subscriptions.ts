import { isUuid, type OrderChanged } from "./contracts";
import type { Couriers } from "./couriers";
import { deadLetterTopic, idOf } from "./dead-letters";
import type { DeliveryFailures } from "./delivery-failures";
import type { Log } from "./log";
import { taking, type Topics } from "./topics";
import { isObject, isString } from "./validation";

const ordersConfirmed = "orders.confirmed";

/** Confirmed orders go to the couriers, many at a time. */
export function mapSubscriptions(topics: Topics, couriers: Couriers, failures: DeliveryFailures, log: Log): void {
  const take = taking(ordersConfirmed, read, async (confirmed) => {
    await couriers.expect(confirmed.map(({ orderId }) => orderId).filter(isUuid));
    // What is no order id never becomes one: it ends as a dead letter, and takes no other with it.
    return confirmed.filter(({ orderId }) => !isUuid(orderId));
  }, log);
  topics.add(ordersConfirmed, take);
  topics.deliver({ topic: ordersConfirmed, deadLetterTopic, patience: 500 }, async (entries) => {
    const troubles = await take(entries.map(({ event }) => event));
    const failed = entries.flatMap((entry, at) => (troubles[at] === undefined ? [] : [{ entry, reason: troubles[at] }]));
    if (failed.length > 0) await failures.note(failed.map(({ entry, reason }) => ({ id: idOf(entry), reason })));
    return new Set(failed.map(({ entry }) => entry));
  });
}

function read(data: unknown): OrderChanged {
  if (!isObject(data)) throw new TypeError("It is no object.");
  const { eventId, orderId } = data;
  if (!isString(eventId) || !isString(orderId)) throw new TypeError("eventId and orderId are required, and texts.");
  return { eventId, orderId };
}
