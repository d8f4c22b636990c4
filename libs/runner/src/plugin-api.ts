/** What a plugin gets for `@krepis/plugin`: the interface of the very version that runs it. */
export * from '@krepis/plugin';
