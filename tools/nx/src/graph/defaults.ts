import picomatch from 'picomatch';
import { errors, KrepisError, type Place } from '../errors.ts';
import { type Task, targetNames } from './options.ts';
import type { Environment } from './projects.ts';
import type { Workspace } from './workspace.ts';

/** Tasks of crates and messages: their inputs are more than any default says. */
const OURS: readonly Task[] = ['build', 'test', 'lint', 'fmt', 'check', 'napiBuild', 'generate'];

/**
 * Refuses `targetDefaults` that put other `inputs` or `outputs` in the place of those that are inferred for crates.
 *
 * Nx lets nx.json win over a plugin, without a word: `["default", "^default"]`, which `nx init` writes for `build`, knows no
 * Cargo.lock, RUSTFLAGS or tool chain.
 *
 * @throws KrepisError KRP7019 with the line in nx.json
 */
export function demandOwnInputs({ crates }: Workspace, { nxJson, options, reader }: Environment): void {
  if (crates.length === 0) return;
  const names = targetNames(options);
  const targets = OURS.flatMap((task) => names[task] ?? []);
  for (const [key, value] of Object.entries(nxJson.targetDefaults ?? {})) {
    // With a filter somebody has thought about whom it meets.
    const entries = [value].flat() as readonly Readonly<Record<string, unknown>>[];
    const entry = entries.find((each) => each.filter === undefined && (each.inputs ?? each.outputs) !== undefined);
    if (!entry) continue;
    const matches = picomatch(key);
    const met = key === 'nx:run-commands' ? targets[0] : targets.find((target) => target === key || matches(target));
    if (met === undefined) continue;
    const fields = ['inputs', 'outputs'].filter((field) => entry[field] !== undefined).join(' and ');
    throw new KrepisError({
      ...errors.INPUTS_REPLACED,
      at: placeOf(key, reader),
      reason: `\`targetDefaults["${key}"]\` sets ${fields}, also for \`${met}\` of ${crates[0]?.name}`,
    });
  }
}

function placeOf(key: string, reader: Environment['reader']): Place {
  if (!reader.exists('nx.json')) return { path: 'nx.json' };
  const lines = reader.read('nx.json').split('\n');
  const start = lines.findIndex((line) => line.includes('"targetDefaults"'));
  const index = lines.findIndex((line, at) => at >= start && line.includes(`"${key}"`));
  return { path: 'nx.json', line: index < 0 ? undefined : index + 1 };
}
