import type { ShipmentStatus } from "./shipment";

/** Where a courier is expected: a parcel, and where it shall be moved to. */
export interface Stop {
  readonly orderId: string;
  readonly to: ShipmentStatus;
}

/** A parcel to dispatch, and when (UTC, ISO 8601). */
export interface Expected {
  readonly orderId: string;
  readonly dispatchAt: string;
}

export const sameStop = (one: Stop, other: Stop): boolean => one.orderId === other.orderId && one.to === other.to;

/**
 * When a courier is expected where. Time is cut into slots of a second, counted from the year 1, so that what is due together is stored,
 * read and done together.
 */
const lengthOfSlot = 1000;
const secondsBeforeUnix = 62_135_596_800;

/** The first slot that begins at `due` or later. */
export const slotAt = (due: Date): number => Math.ceil(due.getTime() / lengthOfSlot) + secondsBeforeUnix;

/** The last slot that has begun. */
export const slotBegun = (now: Date): number => Math.floor(now.getTime() / lengthOfSlot) + secondsBeforeUnix;
