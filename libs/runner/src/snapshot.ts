/**
 * Entry of the start-up snapshot: the same runner with the built-in generators already in memory. It serves single
 * built-in commands, on the main thread: a process from a snapshot has no `import()` for modules of a workspace.
 */
import { startupSnapshot } from 'node:v8';
import { generate } from '@krepis/generator';
import { memoryView } from '@krepis/plugin/testing';
import type { Generate } from './command.ts';
import { runSession } from './session.ts';

// Options arrive as JSON; the generators check them themselves.
const builtins = generate as unknown as Generate;

startupSnapshot.setDeserializeMainFunction(() => {
  // The background build asks whether a process starts at all.
  if (process.argv.includes('krepis-probe')) process.exit(0);
  void runSession({ snapshot: true, folder: '', loadBuiltins: () => builtins });
});

// The snapshot keeps the functions that were compiled when it is written: running a generator first saves a tenth of
// the time of every later start (docs/decisions/0001).
warmUp().catch(() => {
  // Only slower: the first real command compiles what this one would have.
});

async function warmUp(): Promise<void> {
  const view = memoryView({
    'package.json': '{ "name": "warm", "dependencies": { "@nestjs/common": "11.0.0", "@nestjs/core": "11.0.0" } }',
    'tsconfig.json': '{}',
    'krepis.json': '{ "schema": 1, "root": "src" }',
    'src/app.module.ts':
      "import { Module } from '@nestjs/common';\n\n@Module({\n  imports: [],\n  providers: [],\n})\nexport class AppModule {}\n",
  });
  for (let round = 0; round < 2; round++) {
    await builtins('service', view, { args: ['warm'], cwd: '', tests: true });
  }
}
