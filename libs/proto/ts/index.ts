/**
 * The messages that cross a border, generated from `proto/krepis/v1` by `npm run generate`. Never edited by hand.
 *
 * Unknown fields survive decode and encode on this side; 64-bit integers are `bigint`.
 *
 * @example
 * const bytes = ChangeSet.encode(ChangeSet.fromPartial({ title: 'empty' })).finish();
 */
export * from './gen/krepis/v1/changes.js';
export * from './gen/krepis/v1/facts.js';
export * from './gen/krepis/v1/history.js';
export * from './gen/krepis/v1/package.js';
export * from './gen/krepis/v1/problem.js';
export * from './gen/krepis/v1/runner.js';
