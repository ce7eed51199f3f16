import type { Clock } from "./clock";
import type { ShipmentChanged } from "./contracts";
import { move, reached, type Shipment, type ShipmentStatus } from "./shipment";
import type { ShipmentStore } from "./shipment-store";
import type { Sidecar } from "./sidecar";
import { retry } from "./state-store";

const batchSize = 100;

/**
 * Moves many parcels at once: one read, one transaction, one publish for a hundred. A parcel that has moved already is told of again, so
 * doing the same again after a crash loses nothing; one that cannot move that way (cancelled) is left alone.
 */
export class Carrier {
  constructor(private readonly store: ShipmentStore, private readonly sidecar: Sidecar, private readonly clock: Clock) {}

  /** Moves the parcels of these orders; answers those that are or were there. */
  async move(to: ShipmentStatus, orderIds: Iterable<string>): Promise<Shipment[]> {
    const there: Shipment[] = [];
    for (const batch of chunks([...new Set(orderIds)], batchSize)) {
      const moved = await this.saveMoved(to, batch);
      await this.sidecar.publishAll(`shipping.${to}`, moved.map((shipment) => told(shipment, to)));
      there.push(...moved);
    }
    return there;
  }

  private saveMoved(to: ShipmentStatus, orderIds: readonly string[]): Promise<Shipment[]> {
    return retry(async () => {
      const now = this.clock();
      const after = (await this.store.findAll(orderIds)).map(({ shipment, etag }) => {
        const moved = move(shipment, to, now);
        return { shipment: moved ?? shipment, etag, isNew: moved !== undefined };
      });
      return (await this.store.trySaveAll(after.filter(({ isNew }) => isNew)))
        ? after.map(({ shipment }) => shipment).filter((shipment) => reached(shipment, to) !== undefined)
        : undefined;
    });
  }
}

const told = (shipment: Shipment, to: ShipmentStatus): ShipmentChanged => ({
  eventId: `shipment-${shipment.orderId}-${to}`,
  occurredAt: reached(shipment, to)!.at,
  orderId: shipment.orderId,
  memberId: shipment.memberId,
  status: to,
  trackingNumber: shipment.trackingNumber,
});

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
