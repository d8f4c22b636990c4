/** The main job by Nx: one code path with the CLI, recorded as one observed operation, undone by krepis (Shows 3). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { krepis, krepisOk } from './krepis.ts';
import {
  commit,
  copyOf,
  diff,
  freshWorkspace,
  installWrapper,
  krepisFolder,
  pathWithoutRust,
  read,
  status,
  typed,
  typedOk,
} from './nx.ts';
import { historyFiles, removeTemporary, shop, snapshot, temporary, write } from './workspace.ts';

let template: string;
beforeAll(() => {
  template = shop();
});
afterAll(removeTemporary);

const SERVICE = 'src/billing/billing.service.ts';
const operations = (root: string) => JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout).operations;
const kinds = (root: string) => Object.keys(historyFiles(root)).map((name) => name.split('.').at(-1));

describe('in a copy of the shop', () => {
  test('nx g @krepis:service makes what krepis g makes; it compiles, its tests pass; undo: clean; redo: the same diff', () => {
    const [byNx, byKrepis] = [copyOf(template), copyOf(template)];
    const before = snapshot(byNx);
    typedOk(byNx, 'nx g @krepis:service billing');
    krepisOk(['g', 'service', 'billing'], { cwd: byKrepis });
    expect(Object.keys(snapshot(byNx)).filter((path) => path.startsWith('src/billing/'))).toContain(SERVICE);
    expect(snapshot(byNx)).toEqual(snapshot(byKrepis));
    typedOk(byNx, 'tsc --noEmit');
    const tests = typedOk(byNx, 'npm test').stdout;
    expect(tests).toMatch(/fail 0/);
    expect(tests).toMatch(/BillingService/);
    expect(operations(byNx)).toMatchObject([
      { kind: 'observed', state: 'done', undone: false, command: ['nx', 'g', '@krepis:service', 'billing'] },
    ]);
    const first = diff(byNx);

    typedOk(byNx, 'krepis undo');
    expect(status(byNx)).toBe('');
    expect(snapshot(byNx)).toEqual(before);
    typedOk(byNx, 'krepis redo');
    expect(diff(byNx)).toBe(first);
  });

  test('the other kinds go the same way, and each is undone', () => {
    const [byNx, byKrepis] = [copyOf(template), copyOf(template)];
    const before = snapshot(byNx);
    const kinds = [
      ['service', 'billing'],
      ['controller', 'billing'],
      ['module', 'shipping'],
      ['method', 'BillingService', 'ping'],
      ['inject', 'BillingService', 'OrderService'],
    ];
    for (const kind of kinds) {
      typedOk(byNx, `nx g @krepis:${kind.join(' ')}`);
      krepisOk(['g', ...kind], { cwd: byKrepis });
      expect(snapshot(byNx)).toEqual(snapshot(byKrepis));
    }
    typedOk(byNx, 'tsc --noEmit');
    krepisOk(['check'], { cwd: byNx });
    for (const _ of kinds) krepisOk(['undo'], { cwd: byNx });
    expect(snapshot(byNx)).toEqual(before);
  });

  test('--dry-run shows the files and leaves no trace, neither in a fresh workspace nor beside a history', () => {
    const root = copyOf(template);
    const before = snapshot(root);
    const shown = typedOk(root, 'nx g @krepis:service billing --dry-run');
    expect(shown.stdout).toContain(`CREATE ${SERVICE}`);
    expect(shown.stdout).toContain('UPDATE src/app.module.ts');
    expect(snapshot(root)).toEqual(before);
    expect(existsSync(join(root, '.krepis'))).toBe(false);

    krepisOk(['g', 'service', 'pricing'], { cwd: root });
    const [after, kept] = [snapshot(root), krepisFolder(root)];
    typedOk(root, 'nx g @krepis:service billing --dry-run');
    expect(snapshot(root)).toEqual(after);
    expect(krepisFolder(root)).toBe(kept);
  });

  test('a second run changes nothing and records nothing', () => {
    const root = copyOf(template);
    typedOk(root, 'nx g @krepis:service billing');
    const [after, kept] = [snapshot(root), historyFiles(root)];
    typedOk(root, 'nx g @krepis:service billing');
    expect(snapshot(root)).toEqual(after);
    expect(historyFiles(root)).toEqual(kept);
  });

  test('a change that makes domain import infrastructure: nx fails with the diagnostic, nothing is written or recorded', () => {
    const root = copyOf(template);
    write(root, { 'src/orders/domain/pricing.ts': 'export class Pricing {}\n' });
    commit(root);
    const before = snapshot(root);
    const outcome = typed(root, 'nx g @krepis:inject Pricing FileOrders');
    expect(outcome.code).not.toBe(0);
    const said = outcome.stdout + outcome.stderr;
    expect(said).toMatch(/KRP3\d{3}/);
    expect(said).toContain('domain-is-pure');
    expect(said).toContain('src/orders/domain/pricing.ts');
    expect(snapshot(root)).toEqual(before);
    expect(historyFiles(root)).toEqual({});
  });
});

describe('observed operations', () => {
  /** Another generator edits what ours made, before Nx writes; a formatter runs over both files after. */
  const EDITS_AND_FORMATS = `
  const path = '${SERVICE}';
  tree.write(path, tree.read(path, 'utf8') + '// ours, wrapped\\n');
  tree.write('src/app.module.ts', '// wrapped\\n' + tree.read('src/app.module.ts', 'utf8'));
  return async () => {
    for (const file of [path, 'src/app.module.ts']) {
      const place = join(tree.root, file);
      writeFileSync(place, readFileSync(place, 'utf8').replace(/^( {2})+/gm, (indent) => '\\t'.repeat(indent.length / 2)));
    }
    await callback();
  };`;

  test('undo takes back what ours did, what a wrapping generator did to the same files and what a formatter did to them', () => {
    const root = copyOf(template);
    installWrapper(root, EDITS_AND_FORMATS);
    const before = snapshot(root);
    typedOk(root, 'nx g wrapping:service billing');
    expect(read(root, SERVICE)).toContain('// ours, wrapped');
    expect(read(root, 'src/app.module.ts')).toMatch(/^\/\/ wrapped\n[\s\S]*\n\tproviders: \[[\s\S]*BillingService/);
    const after = snapshot(root);

    krepisOk(['undo'], { cwd: root });
    expect(snapshot(root)).toEqual(before);
    expect(status(root)).toBe('');
    krepisOk(['redo'], { cwd: root });
    expect(snapshot(root)).toEqual(after);
  });

  test('nx killed between writing and closing: the next command that writes completes the operation from disk', () => {
    const root = copyOf(template);
    installWrapper(root, "return () => process.kill(process.pid, 'SIGKILL');");
    const before = snapshot(root);
    expect(typed(root, 'nx g wrapping:service billing').code).not.toBe(0);
    const after = snapshot(root);
    expect(after).toHaveProperty([SERVICE]);
    expect(kinds(root)).toEqual(['observed']);

    // Reading commands show it and leave it alone.
    const kept = krepisFolder(root);
    const [pending] = operations(root);
    expect(pending).toMatchObject({ kind: 'observed' });
    expect(pending.state).not.toBe('done');
    expect(krepisFolder(root)).toBe(kept);

    krepisOk(['recover'], { cwd: root });
    expect(snapshot(root)).toEqual(after);
    expect(kinds(root)).toEqual(['op']);
    const [done] = operations(root);
    expect(done).toMatchObject({ id: pending.id, kind: 'observed', state: 'done' });
    expect(done.files).toContainEqual({ path: SERVICE, change: 'created' });
    expect(done.files).toContainEqual({ path: 'src/app.module.ts', change: 'modified' });

    krepisOk(['undo'], { cwd: root });
    expect(snapshot(root)).toEqual(before);
  });

  test('nx killed there, and undo is the very next command', () => {
    const root = copyOf(template);
    installWrapper(root, "return () => process.kill(process.pid, 'SIGKILL');");
    const before = snapshot(root);
    expect(typed(root, 'nx g wrapping:service billing').code).not.toBe(0);
    krepisOk(['undo'], { cwd: root });
    expect(snapshot(root)).toEqual(before);
  });

  test('nx killed before it wrote: nothing changed, and nothing stands in the way of the next command', () => {
    const root = copyOf(template);
    installWrapper(root, "process.kill(process.pid, 'SIGKILL'); return callback;");
    const before = snapshot(root);
    expect(typed(root, 'nx g wrapping:service billing').code).not.toBe(0);
    expect(kinds(root)).toEqual(['observed']);
    expect(snapshot(root)).toEqual(before);
    krepisOk(['g', 'service', 'billing'], { cwd: root });
    krepisOk(['undo'], { cwd: root });
    expect(snapshot(root)).toEqual(before);
    expect(krepis(['undo'], { cwd: root }).code).toBe(1);
  });

  test('while nx lives another writer waits for it, then ends with 75; reading commands do not wait', () => {
    const root = copyOf(template);
    const report = join(temporary(), 'report.json');
    const script = `return async () => {
      const run = (...args) => spawnSync(process.env.E2E_KREPIS, args, { cwd: tree.root }).status;
      const codes = { write: run('g', 'service', 'other', '--lock-timeout', '0.3'), read: run('history') };
      writeFileSync(process.env.E2E_REPORT, JSON.stringify(codes));
      await callback();
    };`;
    installWrapper(root, script);
    const binary = join(root, 'node_modules', '.bin', 'krepis');
    typedOk(root, 'nx g wrapping:service billing', { E2E_REPORT: report, E2E_KREPIS: binary });
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual({ write: 75, read: 0 });
    expect(operations(root)).toHaveLength(1);
    krepisOk(['g', 'service', 'other'], { cwd: root });
  });
});

describe('in a fresh workspace that installed the packed packages, without Rust', () => {
  let root: string;
  let env: Record<string, string>;

  beforeAll(() => {
    // As users have it: plugins in processes of their own.
    env = { PATH: pathWithoutRust(), NX_ISOLATE_PLUGINS: 'true' };
    root = freshWorkspace(env);
  });

  test('there is no Rust', () => {
    for (const name of ['cargo', 'rustc', 'rustup']) {
      expect(typed(root, `sh -c ${name}`, env).code).toBe(127);
    }
  });

  test('npx nx g @krepis:service billing, literally; it compiles, its tests pass; npx krepis undo takes it back', () => {
    expect(status(root)).toBe('');
    const before = snapshot(root);
    typedOk(root, 'npx nx g @krepis:service billing', env);
    expect(read(root, 'apps/api/src/app.module.ts')).toMatch(/providers: \[GreetingService, BillingService\]/);
    expect(existsSync(join(root, 'apps/api/src/billing/billing.service.test.ts'))).toBe(true);
    typedOk(root, 'npx tsc --noEmit -p apps/api', env);
    const tests = typedOk(root, 'node --test apps/api/src/billing/billing.service.test.ts', env).stdout;
    expect(tests).toMatch(/pass [1-9]/);
    expect(tests).toMatch(/fail 0/);
    const after = snapshot(root);

    typedOk(root, 'npx krepis undo', env);
    expect(status(root)).toBe('');
    expect(snapshot(root)).toEqual(before);
    typedOk(root, 'npx krepis redo', env);
    expect(snapshot(root)).toEqual(after);
    typedOk(root, 'npx krepis undo', env);
  });

  test('by the long name, too, and from the folder of the application', () => {
    const before = snapshot(root);
    typedOk(join(root, 'apps', 'api'), 'npx nx g @krepis/nx:service billing', env);
    expect(snapshot(root)).toHaveProperty(['apps/api/src/billing/billing.service.ts']);
    typedOk(root, 'npx krepis undo', env);
    expect(snapshot(root)).toEqual(before);
  });

  test('nx still knows its projects', () => {
    expect(JSON.parse(typedOk(root, 'npx nx show projects --json', env).stdout)).toEqual(['api']);
  });
});
