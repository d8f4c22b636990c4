import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, relative, sep } from 'node:path';
import { cacheDir, type GeneratorCallback, globAsync, type Tree } from '@nx/devkit';
import picomatch from 'picomatch';
import { errors, KrepisError } from '../../errors.ts';
import { type Ended, run } from '../../process.ts';
import { ignoredByGit } from '../../sync/git.ts';
import { isMaterial } from '../../sync/material.ts';
import { syncOptions } from '../../sync/options.ts';
import { answer, SyncReport, type SyncResult } from '../../sync/report.ts';
import { digestOf, filesOf, type Glob, inputsOf } from './digest.ts';
import { type Programs, programsAt } from './programs.ts';
import { readTemplate, type Template } from './template.ts';

/** Options of `@krepis/nx:sync-messages`; see schema.json. */
export interface MessageOptions {
  /** Globs of generation templates. Default: every buf.gen.yaml. */
  readonly templates: readonly string[];
  /** Globs of templates that are left alone. */
  readonly exclude: readonly string[];
  /** Globs of further files the generated code depends on, for example sources of a plugin written in TypeScript. */
  readonly inputs: readonly string[];
}

/** What the generator needs from outside; tests pass their own. */
export interface MessageContext {
  readonly glob: Glob;
  /** Folder for stamps; absolute. */
  readonly cache: string;
}

/**
 * Keeps generated code equal to what `buf generate` makes of the messages: changed, new and (with `clean: true`) left
 * over files go through the tree.
 *
 * buf runs only if a digest of its inputs and outputs has no stamp in Nx's cache folder. Generated code that git ignores
 * is left to its task.
 *
 * @throws KrepisError KRP7013 for a broken template, KRP7031 without buf, KRP7032 where buf fails, KRP7033 for an output
 *   outside the workspace
 */
export default async function syncMessagesGenerator(
  tree: Tree,
  given?: Partial<MessageOptions>,
): Promise<SyncResult | GeneratorCallback | undefined> {
  const options = syncOptions<MessageOptions>(tree, '@krepis/nx:sync-messages', given);
  const glob: Glob = (patterns) => globAsync(tree, [...patterns]);
  return answer(await syncMessages(tree, options, { glob, cache: cacheDir }), given);
}

/** The generator with its surroundings passed in. */
export async function syncMessages(
  tree: Tree,
  options: Partial<MessageOptions>,
  { glob, cache }: MessageContext,
): Promise<SyncResult | undefined> {
  const isExcluded = picomatch([...(options.exclude ?? [])], { dot: true });
  const found = await glob(options.templates ?? ['**/buf.gen.yaml']);
  const paths = found.filter((path) => !isMaterial(path) && !isExcluded(path)).sort();

  const report = new SyncReport();
  const stamps: (() => void)[] = [];
  for (const path of paths) {
    const template = readTemplate(tree, path);
    const inputs = await inputsOf(tree, template, options.inputs ?? [], glob);
    const programs = programsAt(join(tree.root, template.folder), tree.root);
    const stamp = join(cache, 'krepis', 'sync-messages', sha256(`${tree.root}\0${path}`));
    const digest = () => digestOf(tree, template, inputs, programs);
    if (readStamp(stamp) === digest()) continue;
    const changes = await outOfSync(tree, template, programs);
    for (const { path: file, reason, content } of changes) {
      report.add(file, reason);
      if (content) tree.write(file, content);
      else tree.delete(file);
    }
    if (changes.length === 0) writeStamp(stamp, digest());
    // After Nx has written, the outputs are what buf makes of these inputs: the next check need not run it.
    else stamps.push(() => writeStamp(stamp, digest()));
  }
  return report.result('Generated code is not what buf makes of the messages.', () => {
    for (const stamp of stamps) stamp();
  });
}

interface Change {
  readonly path: string;
  readonly reason: string;
  /** Undefined: the file goes. */
  readonly content?: Buffer | undefined;
}

async function outOfSync(tree: Tree, template: Template, programs: Programs): Promise<Change[]> {
  const probes = new Map(
    template.outputs.map((output) => [output, isArchive(output) ? output : `${output}/generated`]),
  );
  const ignored = await ignoredByGit(tree.root, [...probes.values()]);
  const outputs = template.outputs.filter((output) => !ignored.has(probes.get(output) ?? ''));
  if (outputs.length === 0) return [];

  const scratch = mkdtempSync(join(tmpdir(), 'krepis-sync-messages-'));
  try {
    await generate(tree, template, programs, scratch);
    const changes = differences(tree, template, outputs, scratch);
    const unwanted = await ignoredByGit(
      tree.root,
      changes.map(({ path }) => path),
    );
    return changes.filter(({ path }) => !unwanted.has(path));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs `buf generate` so that a folder of the Nx root lands at the same place below `scratch`. */
async function generate(tree: Tree, template: Template, programs: Programs, scratch: string): Promise<void> {
  const buf = programs.find('buf');
  const configuration = posix.join(template.folder, 'buf.yaml');
  const at = { path: tree.exists(configuration) ? configuration : template.path };
  if (buf === undefined) throw new KrepisError({ ...errors.NO_BUF, at });
  const target = join(scratch, template.folder);
  mkdirSync(target, { recursive: true });
  const name = posix.basename(template.path);
  const ended = await run({
    command: buf,
    arguments: ['generate', '--template', name, '-o', target],
    cwd: join(tree.root, template.folder),
    env: { ...process.env, PATH: programs.path },
  });
  if (ended.code !== 0) throw failed(template, ended);
}

/** The first place buf names, as a path of the Nx root; all it says as the reason. */
function failed(template: Template, { code, stderr, stdout }: Ended): KrepisError {
  const said = `${stderr}${stdout}`.trim();
  const named = /^(?:Failure: )?([^\s:]+):(\d+):(\d+):/m.exec(said);
  const at = named
    ? { path: posix.join(template.folder, named[1] ?? ''), line: Number(named[2]), column: Number(named[3]) }
    : { path: template.path };
  return new KrepisError({ ...errors.BUF_FAILED, at, reason: said === '' ? `it ended with ${code}` : said });
}

function differences(tree: Tree, template: Template, outputs: readonly string[], scratch: string): Change[] {
  const changes = new Map<string, Change>();
  const generated = new Set<string>();
  for (const output of outputs) {
    for (const path of generatedFiles(scratch, output)) {
      generated.add(path);
      const content = readFileSync(join(scratch, path));
      const before = tree.read(path);
      if (before?.equals(content)) continue;
      const reason = before ? 'Stale: not what buf generates now' : 'Missing: buf generates it';
      changes.set(path, { path, reason, content });
    }
  }
  // An output that holds the template itself is never emptied; buf refuses that, too.
  const emptied = template.clean ? outputs.filter((output) => !holds(output, template.folder)) : [];
  for (const path of filesOf(tree, emptied)) {
    if (!generated.has(path)) changes.set(path, { path, reason: 'Left over: buf no longer generates it' });
  }
  return [...changes.values()];
}

function generatedFiles(scratch: string, output: string): string[] {
  const at = join(scratch, output);
  const relativeTo = (path: string) => relative(scratch, path).split(sep).join('/');
  if (isArchive(output)) return existsSync(at) ? [output] : [];
  try {
    return readdirSync(at, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relativeTo(join(entry.parentPath, entry.name)));
  } catch (error) {
    // A plugin that had nothing to write leaves no folder.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const isArchive = (output: string) => /\.(?:zip|jar)$/.test(output);

const holds = (folder: string, path: string) => folder === '.' || path === folder || path.startsWith(`${folder}/`);

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A stamp saves time only: where it cannot be written, the next check runs buf again. */
function writeStamp(path: string, digest: string): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, digest);
  } catch {
    // A read-only cache folder.
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
