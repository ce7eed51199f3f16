/** What time it is. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date(Date.now());

export const plus = (time: Date, milliseconds: number): Date => new Date(time.getTime() + milliseconds);
