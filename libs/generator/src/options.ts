import { refuse } from '@krepis/plugin';
import { errors } from './errors.ts';
import { isRecord } from './project/json.ts';
import { join } from './project/paths.ts';

/** What a generator is told. Paths are relative to the workspace root. */
export interface GenerateOptions {
  /** The words after the kind, see {@link generate}. */
  readonly args: readonly string[];
  /** Folder for new files. Default: one of the name's own, below the source root. */
  readonly dir?: string | undefined;
  /** Module to register in: FILE, FILE#NAME or NAME. Default: the nearest one. */
  readonly module?: string | undefined;
  /** Statements of a new method. */
  readonly body?: string | undefined;
  /** File that declares the class, where several have its name. */
  readonly file?: string | undefined;
  /** Whether tests are written and completed. Default `true`. */
  readonly tests?: boolean | undefined;
  /** Module specifier, or path of a workspace file, that a decorator or dependency is imported from. */
  readonly from?: string | undefined;
  /** Folder the command was called in; `''` for the root. */
  readonly cwd?: string | undefined;
}

/** Options with paths that lie inside the workspace. */
export interface Options extends GenerateOptions {
  readonly tests: boolean;
  readonly cwd: string;
}

/**
 * Checks what came from outside.
 *
 * @throws Refusal KRP6010 for a wrong type, KRP6004 for a path outside
 */
export function readOptions(value: unknown): Options {
  const options = isRecord(value) ? value : {};
  const bad = (option: string, expected: string): never => refuse(errors.BAD_OPTION, { values: { option, expected } });
  const text = (option: string): string | undefined => {
    const found = options[option] ?? undefined;
    return found === undefined || typeof found === 'string' ? found : bad(option, 'a text');
  };
  const args = options.args ?? [];
  if (!Array.isArray(args) || !args.every((argument) => typeof argument === 'string')) bad('args', 'a list of texts');
  const tests = options.tests ?? true;
  if (typeof tests !== 'boolean') bad('tests', 'true or false');
  const dir = text('dir');
  const file = text('file');
  return {
    args: args as string[],
    dir: dir === undefined ? undefined : insidePath(dir),
    module: text('module'),
    body: text('body'),
    file: file === undefined ? undefined : insidePath(file),
    tests: tests as boolean,
    from: text('from'),
    cwd: insidePath(text('cwd') ?? ''),
  };
}

function insidePath(path: string): string {
  const outside = (): never => refuse(errors.OUTSIDE, { values: { path } });
  if (/^[/\\]|^[A-Za-z]:|[\\\0]/.test(path) || path.split('/').includes('..')) outside();
  return join('', path) ?? outside();
}
