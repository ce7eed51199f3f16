import { ActorState } from "./actor-state";
import type { Carrier } from "./carrier";
import { type Clock, plus } from "./clock";
import type { CourierTimes } from "./settings";
import type { ShipmentStatus } from "./shipment";
import type { Sidecar } from "./sidecar";
import { type Expected, sameStop, slotAt, slotBegun, type Stop } from "./stop";

export const courierType = "CourierActor";

const slotsKey = "slots";
const reminder = "round";

/**
 * A share of all parcels that are on their way. The list is durable before anything is done, the periodic reminder `round` is there
 * before the list is, and a stop leaves the list only after the parcel has moved and everyone was told; so a courier that dies anywhere
 * on its round does part of it twice, which {@link Carrier} bears, and none of it never.
 *
 * An instance is one turn of the actor; the sidecar gives it one turn at a time.
 */
export class Courier {
  private readonly path: string;
  private readonly state: ActorState;

  /** @param reminded The couriers that are known to have their reminder. */
  constructor(
    private readonly id: string,
    private readonly sidecar: Sidecar,
    private readonly carrier: Carrier,
    private readonly times: CourierTimes,
    private readonly clock: Clock,
    private readonly reminded: Set<string>,
  ) {
    this.path = `${courierType}/${encodeURIComponent(id)}`;
    this.state = new ActorState(sidecar, this.path);
  }

  /** Puts confirmed parcels on the list, to be dispatched when their time comes. */
  async expect(parcels: readonly Expected[]): Promise<void> {
    for (const { orderId, dispatchAt } of parcels) await this.add(slotAt(new Date(dispatchAt)), [{ orderId, to: "dispatched" }]);
    await this.save();
  }

  /** Does one stop at once; false when it is a dispatch and the parcel is not on the list. */
  async hurry(stop: Stop): Promise<boolean> {
    const expected = await this.takeOff(stop);
    if (stop.to === "dispatched" && !expected) return false;
    await this.add(slotBegun(this.clock()), [stop]);
    await this.save();
    await this.doRound();
    return true;
  }

  /** The reminder came. */
  async round(): Promise<void> {
    this.reminded.add(this.id);
    await this.doRound();
    if ((await this.slots()).length > 0) return;
    this.reminded.delete(this.id);
    await this.sidecar.actor("DELETE", `${this.path}/reminders/${reminder}`);
  }

  private async doRound(): Promise<void> {
    const begun = slotBegun(this.clock());
    for (const slot of (await this.slots()).filter((slot) => slot <= begun)) {
      for (const [to, orderIds] of legs(await this.stops(slot))) {
        const there = await this.carrier.move(to, orderIds);
        if (to !== "dispatched") continue;
        await this.add(
          Math.max(slot + 1, slotAt(plus(this.clock(), this.times.deliverAfter))),
          there.map(({ orderId }) => ({ orderId, to: "delivered" })),
        );
      }
      await this.remove(slot);
      await this.save();
    }
  }

  private async slots(): Promise<readonly number[]> {
    return (await this.state.get<readonly number[]>(slotsKey)) ?? [];
  }

  private async stops(slot: number): Promise<readonly Stop[]> {
    return (await this.state.get<readonly Stop[]>(slotKey(slot))) ?? [];
  }

  private async add(slot: number, stops: readonly Stop[]): Promise<void> {
    if (stops.length === 0) return;
    const slots = await this.slots();
    // Whoever emptied the list, here or on another host, removed the reminder.
    if (slots.length === 0) this.reminded.delete(this.id);
    const known = slots.includes(slot) ? await this.stops(slot) : [];
    if (!slots.includes(slot)) this.state.set(slotsKey, [...slots, slot].sort((one, other) => one - other));
    this.state.set(slotKey(slot), [...known, ...stops.filter((stop) => !known.some((other) => sameStop(stop, other)))]);
  }

  private async remove(slot: number): Promise<void> {
    this.state.set(slotsKey, (await this.slots()).filter((other) => other !== slot));
    this.state.set(slotKey(slot), undefined);
  }

  private async takeOff(stop: Stop): Promise<boolean> {
    for (const slot of await this.slots()) {
      const stops = await this.stops(slot);
      const left = stops.filter((other) => !sameStop(stop, other));
      if (left.length === stops.length) continue;
      this.state.set(slotKey(slot), left);
      return true;
    }
    return false;
  }

  private async save(): Promise<void> {
    if (!this.reminded.has(this.id) && (await this.slots()).length > 0) {
      const every = `${this.times.roundEvery}ms`;
      await this.sidecar.actor("POST", `${this.path}/reminders/${reminder}`, { dueTime: every, period: every });
      this.reminded.add(this.id);
    }
    await this.state.save();
  }
}

const slotKey = (slot: number): string => `slot-${slot}`;

/** Stops with the same aim are one leg of the round. */
function legs(stops: readonly Stop[]): Map<ShipmentStatus, string[]> {
  const byAim = new Map<ShipmentStatus, string[]>();
  for (const { to, orderId } of stops) byAim.set(to, [...(byAim.get(to) ?? []), orderId]);
  return byAim;
}
