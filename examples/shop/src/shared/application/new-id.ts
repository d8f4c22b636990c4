import { InjectionToken } from '@krepis/core';

/** Gives an identifier nobody has had before. */
export type NewId = () => string;

export const NEW_ID = new InjectionToken<NewId>('NEW_ID', { factory: () => () => crypto.randomUUID() });
