import type { Shipment } from "./shipment";
import { type StateStore, upsert } from "./state-store";

/** A shipment, and the version of it to save against. */
export interface Stored {
  readonly shipment: Shipment;
  readonly etag: string;
}

/** Shipments, under `shipment/{orderId}`. */
export class ShipmentStore {
  constructor(private readonly store: StateStore) {}

  async find(orderId: string): Promise<Stored | undefined> {
    return (await this.findAll([orderId]))[0];
  }

  /** Those of the orders that have a shipment, in one call. */
  async findAll(orderIds: Iterable<string>): Promise<Stored[]> {
    const documents = await this.store.getMany<Shipment>([...new Set(orderIds)].map(keyOf));
    return [...documents.values()].flatMap(({ value, etag }) => (value === undefined ? [] : [{ shipment: value, etag }]));
  }

  /** Saves over the version read, or one that must not exist yet; false when it has changed, or does. */
  trySave(shipment: Shipment, etag = ""): Promise<boolean> {
    return this.trySaveAll([{ shipment, etag }]);
  }

  /** Saves all or none of them, in one call; false when the store refuses, most likely since one has changed. */
  trySaveAll(shipments: readonly Stored[]): Promise<boolean> {
    return this.store.tryCommit(shipments.map(({ shipment, etag }) => upsert(keyOf(shipment.orderId), shipment, etag)));
  }
}

const keyOf = (orderId: string): string => `shipment/${orderId}`;
