/** The time, passed in so that tests can set it. Milliseconds since the epoch. */
export interface Clock {
  readonly now: () => number;
}

export const systemClock: Clock = Object.freeze({ now: () => Date.now() });
