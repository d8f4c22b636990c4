/** The main job in a NestJS project: init, service, method, inject; it compiles, its tests pass, undo restores it (Shows 4). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { krepis, krepisOk } from './krepis.ts';
import { inProject, nestProject, olderNestProject } from './nest.ts';
import { removeTemporary, snapshot } from './workspace.ts';

afterAll(removeTemporary);

const steps = [
  ['init'],
  ['g', 'service', 'billing'],
  ['g', 'method', 'AppService', 'ping'],
  ['g', 'inject', 'AppController', 'BillingService'],
];

/** Takes the steps; answers the states before the first and after each. */
function take(root: string): Record<string, string>[] {
  const states = [snapshot(root)];
  for (const step of steps) {
    krepisOk(step, { cwd: root });
    const state = snapshot(root);
    expect(state).not.toEqual(states.at(-1));
    states.push(state);
  }
  return states;
}

/** Undoes the steps one by one: each gives back the state before it. */
function takeBack(root: string, states: readonly Record<string, string>[]): void {
  for (const state of states.slice(0, -1).reverse()) {
    krepisOk(['undo'], { cwd: root });
    expect(snapshot(root)).toEqual(state);
  }
}

const read = (root: string, path: string) => readFileSync(join(root, path), 'utf8');
const typesHold = (root: string) =>
  inProject(root, 'node', ['node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false']);

describe('a project of `nest new`: NestJS 12, ESM, vitest', () => {
  let root: string;
  let states: Record<string, string>[];

  beforeAll(() => {
    root = nestProject();
    states = take(root);
  });

  test('the service is made, registered, given the method and injected, in the project’s own way', () => {
    expect(existsSync(join(root, 'krepis.json'))).toBe(true);
    expect(read(root, 'src/billing/billing.service.ts')).toMatch(/@Injectable\(\)\s+export class BillingService \{/);
    expect(existsSync(join(root, 'src/billing/billing.service.spec.ts'))).toBe(true);
    const module = read(root, 'src/app.module.ts');
    expect(module).toContain("import { BillingService } from './billing/billing.service.js';");
    expect(module).toMatch(/providers: \[AppService, BillingService\]/);
    expect(read(root, 'src/app.service.ts')).toMatch(/ping\(\): void \{\s*\}/);
    const controller = read(root, 'src/app.controller.ts');
    expect(controller).toContain("from './billing/billing.service.js'");
    expect(controller).toMatch(
      /constructor\(\s*private readonly appService: AppService,\s*private readonly billingService: BillingService,?\s*\) \{\}/,
    );
    // The test that builds the controller by hand is completed, or it could not resolve the new dependency.
    expect(read(root, 'src/app.controller.spec.ts')).toMatch(/providers: \[AppService, BillingService\]/);
  });

  test('it compiles, and krepis check finds nothing', () => {
    typesHold(root);
    krepisOk(['check'], { cwd: root });
  });

  test('its own tests pass, and its end-to-end test', () => {
    const unit = inProject(root, 'npm', ['test', '--silent']).stdout;
    expect(unit).toContain('src/app.controller.spec.ts');
    expect(unit).toContain('src/billing/billing.service.spec.ts');
    expect(unit).toMatch(/Tests\s+[2-9] passed \([2-9]\)/);
    const endToEnd = inProject(root, 'npm', ['run', 'test:e2e', '--silent']).stdout;
    expect(endToEnd).toMatch(/Tests\s+1 passed \(1\)/);
  });

  test('a second run of each changes nothing', () => {
    for (const step of steps.slice(1)) {
      const again = JSON.parse(krepisOk([...step, '--json'], { cwd: root }).stdout);
      expect(again).toMatchObject({ schema: 1, operation: null, files: [] });
    }
    expect(snapshot(root)).toEqual(states.at(-1));
  });

  test('the generated test fails where the service is not registered', () => {
    const change = {
      title: 'forget the registration',
      files: [
        { path: 'src/app.module.ts', edits: [{ find: '[AppService, BillingService]', replace: '[AppService]' }] },
      ],
    };
    krepisOk(['apply', '-'], { cwd: root, input: JSON.stringify(change) });
    const test = ['node_modules/vitest/vitest.mjs', 'run', 'src/billing'];
    expect(() => inProject(root, 'node', test)).toThrow(/exit 1[\s\S]*BillingService/);
    krepisOk(['undo'], { cwd: root });
  });

  test('undo of all four restores every byte, and then there is nothing left to undo', () => {
    takeBack(root, states);
    expect(krepis(['undo'], { cwd: root }).code).toBe(1);
    for (const _ of steps) krepisOk(['redo'], { cwd: root });
    expect(snapshot(root)).toEqual(states.at(-1));
  });
});

describe('an older project: CommonJS, Jest, four spaces, CRLF', () => {
  let root: string;
  let states: Record<string, string>[];

  beforeAll(() => {
    root = olderNestProject();
    states = take(root);
  });

  test('what is written reads like what is there', () => {
    const touched = ['app.module.ts', 'app.service.ts', 'app.controller.ts', 'app.controller.spec.ts'];
    for (const path of [...touched, 'billing/billing.service.ts', 'billing/billing.service.spec.ts']) {
      const text = read(root, `src/${path}`);
      expect({ path, bare: text.match(/(?<!\r)\n/g) }).toEqual({ path, bare: null });
      expect({ path, odd: text.match(/^(?: {4})* {1,3}(?=\S)(?!\*).*/gm) }).toEqual({ path, odd: null });
    }
    const module = read(root, 'src/app.module.ts');
    expect(module).toContain("import { BillingService } from './billing/billing.service';\r\n");
    expect(module).toContain('providers: [AppService, BillingService], // ours\r\n');
    expect(module).toContain('// What the application is made of.\r\n');
  });

  test('it compiles, its tests pass, and krepis check finds nothing', () => {
    typesHold(root);
    // NestJS 12 stands in for 11 in node_modules and is ESM: Jest loads it from CommonJS with this flag only.
    const env = { NODE_OPTIONS: '--experimental-vm-modules' };
    const tests = inProject(root, 'node', ['node_modules/jest/bin/jest.js', '--ci'], env).stderr;
    expect(tests).toMatch(/Tests: +[2-9] passed, [2-9] total/);
    expect(tests).toContain('billing/billing.service.spec.ts');
    krepisOk(['check'], { cwd: root });
  });

  test('undo restores every byte', () => {
    takeBack(root, states);
  });
});
