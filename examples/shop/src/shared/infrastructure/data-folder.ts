import { InjectionToken } from '@krepis/core';

/** Where files are kept; without it everything stays in memory and is gone with the process. */
export const DATA_FOLDER = new InjectionToken<string | undefined>('DATA_FOLDER', {
  factory: () => process.env.SHOP_DATA,
});
