import type { FastifyInstance } from "fastify";
import type { Carrier } from "./carrier";
import { type Clock, plus } from "./clock";
import { Courier, courierType } from "./courier";
import { Problem } from "./problem";
import { express } from "./rates";
import type { CourierTimes } from "./settings";
import { type Shipment, statusOf } from "./shipment";
import type { ShipmentStore } from "./shipment-store";
import type { Sidecar } from "./sidecar";
import type { Expected, Stop } from "./stop";
import { withoutBody } from "./without-body";

/** A power of two up to 16: an order's courier is picked by the last hexadecimal digit of its id. */
const count = 8;

/** Calls to the couriers. Each order has one of a few, so that a burst of orders is a few calls. */
export class Couriers {
  constructor(
    private readonly sidecar: Sidecar,
    private readonly store: ShipmentStore,
    private readonly times: CourierTimes,
    private readonly clock: Clock,
  ) {}

  /** The orders are confirmed: their parcels go. Parcels that have left already, or never will, are passed over. */
  async expect(orderIds: Iterable<string>): Promise<void> {
    const now = this.clock();
    const waiting = (await this.store.findAll(orderIds)).map(({ shipment }) => shipment).filter((shipment) => statusOf(shipment) === "created");
    const byCourier = new Map<string, Expected[]>();
    for (const shipment of waiting) {
      const courier = courierOf(shipment.orderId);
      const parcel = { orderId: shipment.orderId, dispatchAt: this.dispatchAt(shipment, now).toISOString() };
      byCourier.set(courier, [...(byCourier.get(courier) ?? []), parcel]);
    }
    await Promise.all([...byCourier].map(([courier, parcels]) => this.call(courier, "Expect", parcels)));
  }

  /** See {@link Courier.hurry}. */
  async hurry(stop: Stop): Promise<boolean> {
    return (await this.call(courierOf(stop.orderId), "Hurry", stop)) === true;
  }

  /** When a parcel that is confirmed `now` leaves. */
  private dispatchAt(shipment: Shipment, now: Date): Date {
    return plus(now, shipment.method === express ? this.times.dispatchAfter / 2 : this.times.dispatchAfter);
  }

  private call(courier: string, method: string, argument: unknown): Promise<unknown> {
    return this.sidecar.actor("POST", `${courierType}/${courier}/method/${method}`, argument);
  }
}

const courierOf = (orderId: string): string => `courier-${parseInt(orderId.slice(-1), 16) % count}`;

interface Turn {
  readonly Params: { id: string };
}

/** What the sidecar calls to give a courier its turn. */
export function mapCouriers(app: FastifyInstance, sidecar: Sidecar, carrier: Carrier, times: CourierTimes, clock: Clock): void {
  const reminded = new Set<string>();
  const turn = (id: string): Courier => new Courier(id, sidecar, carrier, times, clock, reminded);

  app.get("/dapr/config", () => ({ entities: [courierType] }));
  app.put<Turn & { Body: Expected[] }>(`/actors/${courierType}/:id/method/Expect`, async ({ params, body }) => {
    if (!Array.isArray(body)) throw Problem.badRequest();
    await turn(params.id).expect(body);
    return null;
  });
  app.put<Turn & { Body: Stop }>(`/actors/${courierType}/:id/method/Hurry`, ({ params, body }) => turn(params.id).hurry(body));
  app.put<Turn>(`/actors/${courierType}/:id/method/remind/round`, { onRequest: withoutBody }, async ({ params }) => {
    await turn(params.id).round();
    return null;
  });
  app.delete<Turn>(`/actors/${courierType}/:id`, { onRequest: withoutBody }, ({ params }) => {
    reminded.delete(params.id);
    return null;
  });
}
