/** Real folders for tests: an Nx tree over files on disk, and a krepis that records what it is told. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tree } from '@nx/devkit';
import { createTree } from '@nx/devkit/testing';
import type { ChangeSet } from '../krepis/change-set.ts';

const made: string[] = [];

/** A fresh folder with these files. */
export function folder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'krepis-nx-')));
  made.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Call in afterEach. */
export function removeFolders(): void {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
}

/** An Nx tree over a folder. */
export function treeOver(root: string): Tree {
  // Nx's own helper puts a .prettierrc in; here only the disk counts.
  return Object.assign(createTree(), { root, recordedChanges: {} });
}

/** Writes a tree's changes, as Nx does after a generator. */
export function flush(tree: Tree): void {
  for (const { path, type, content } of tree.listChanges()) {
    const file = join(tree.root, path);
    if (type === 'DELETE') {
      rmSync(file, { recursive: true, force: true });
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content ?? '');
    }
  }
}

/** One call of the recording krepis. */
export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly input: string;
}

/** What the recording krepis answers to a sub-command (`plan`, `observe`, …). */
export interface Answer {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

/**
 * Installs `@krepis/cli` into a folder with a program in place of the binary: a real process that logs arguments, folder and
 * stdin, and answers from a table.
 */
export function installKrepis(root: string, answers: Readonly<Record<string, Answer>>): { calls(): Call[] } {
  const modules = join(root, 'node_modules', '@krepis');
  const platform = `cli-${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  const source = join(__dirname, '..', '..', '..', '..', 'apps', 'cli', 'npm');
  for (const part of ['lib', 'package.json'])
    cpSync(join(source, part), join(modules, 'cli', part), { recursive: true });
  const log = join(root, 'node_modules', 'calls.jsonl');
  const program = join(modules, platform, 'bin', 'krepis');
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(
    program,
    `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
const input = readFileSync(0, 'utf8');
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, cwd: process.cwd(), input }) + '\\n');
const answers = ${JSON.stringify(answers)};
const answer = answers[args.find((argument) => argument in answers)] ?? { code: 99 };
process.stdout.write(answer.stdout ?? '');
process.stderr.write(answer.stderr ?? '');
process.exitCode = answer.code ?? 0;
`,
  );
  chmodSync(program, 0o755);
  return {
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Call)
        : [],
  };
}

/** A krepis that plans this change and records operations. */
export function planning(root: string, change: ChangeSet): { calls(): Call[] } {
  return installKrepis(root, {
    plan: { stdout: JSON.stringify(change) },
    observe: { stdout: '{"schema":1,"operation":"01JOPERATION"}' },
    complete: { stdout: '{"schema":1,"operation":"01JOPERATION"}' },
  });
}
