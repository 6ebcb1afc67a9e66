/** Time as a collaborator, so that expiry and retention are tested with a clock that tests move. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
