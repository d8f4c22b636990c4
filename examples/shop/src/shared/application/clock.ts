import { InjectionToken } from '@krepis/core';

/** Gives the present moment. */
export type Clock = () => Date;

export const CLOCK = new InjectionToken<Clock>('CLOCK', { factory: () => () => new Date() });
