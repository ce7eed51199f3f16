import type { Clock } from "./clock";
import type { CreateShipment, ShipmentReply } from "./contracts";
import { ratesFor } from "./rates";
import { createShipment, move, neverCreated, type Shipment, statusOf } from "./shipment";
import type { ShipmentStore } from "./shipment-store";
import { retry } from "./state-store";

/**
 * The commands of the order saga, by order id: repeated, late and concurrent ones included.
 *
 * Sidecar calls: create 1, cancel 2.
 */
export class Shipments {
  constructor(private readonly store: ShipmentStore, private readonly clock: Clock) {}

  async create(orderId: string, order: CreateShipment): Promise<ShipmentReply> {
    const { country } = order.address;
    if (!ratesFor(country, order.weightGrams).some((rate) => rate.method === order.method)) return { outcome: "refused" };
    const created = createShipment(orderId, order, this.clock());
    const shipment = await retry(async () =>
      (await this.store.trySave(created)) ? created : (await this.store.find(orderId))?.shipment,
    );
    return statusOf(shipment) === "cancelled"
      ? { outcome: "cancelled" }
      : { outcome: "created", trackingNumber: shipment.trackingNumber };
  }

  /** Stops the parcel unless it has left. Also for an order never heard of, so that no parcel can be made later. */
  cancel(orderId: string): Promise<ShipmentReply> {
    return retry(async () => {
      const stored = await this.store.find(orderId);
      if (stored === undefined) return this.saved(neverCreated(orderId, this.clock()));
      if (statusOf(stored.shipment) === "cancelled") return { outcome: "cancelled" };
      const cancelled = move(stored.shipment, "cancelled", this.clock());
      return cancelled === undefined ? { outcome: "dispatched" } : this.saved(cancelled, stored.etag);
    });
  }

  private async saved(cancelled: Shipment, etag?: string): Promise<ShipmentReply | undefined> {
    return (await this.store.trySave(cancelled, etag)) ? { outcome: "cancelled" } : undefined;
  }
}
