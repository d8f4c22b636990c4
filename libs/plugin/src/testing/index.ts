/** For tests of generators and commands: a workspace in memory, and what a change makes of it. */
export { applyChangeSet } from './apply.ts';
export { memoryView } from './memory-view.ts';
