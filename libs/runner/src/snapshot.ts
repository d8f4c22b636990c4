/**
 * Entry of the start-up snapshot: the same runner with the built-in generators already in memory. It serves single
 * built-in commands, on the main thread: a process from a snapshot has no `import()` for modules of a workspace.
 */
import { startupSnapshot } from 'node:v8';
import { generate } from '@krepis/generator';
import type { Generate } from './command.ts';
import { runSession } from './session.ts';

startupSnapshot.setDeserializeMainFunction(() => {
  // The background build asks whether a process starts at all.
  if (process.argv.includes('krepis-probe')) process.exit(0);
  void runSession({ snapshot: true, folder: '', loadBuiltins: () => generate as unknown as Generate });
});
