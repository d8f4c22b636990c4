/** `krepis new`: what it writes installs, compiles, passes its tests and answers HTTP. */
import { spawn } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environment, failure, krepis, krepisOk, ok } from './krepis.ts';
import { packages } from './nx.ts';
import { removeTemporary, snapshot, temporary } from './workspace.ts';

afterAll(removeTemporary);

test('a new service installs, compiles, passes its tests and rules, answers HTTP and grows', async () => {
  const folder = temporary();
  symlinkSync(dirname(packages()[0] ?? ''), join(folder, 'packages'));
  krepisOk(['new', 'billing-api', '--packages', 'packages'], { cwd: folder });
  const root = join(folder, 'billing-api');
  ok('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], root);
  ok('npm', ['run', 'typecheck'], root);
  expect(ok('npm', ['test'], root).stdout).toMatch(/pass 1\b/);
  ok('npm', ['run', 'check'], root);
  const before = snapshot(root);
  ok('npx', ['krepis', 'g', 'service', 'invoices'], root);
  ok('npm', ['run', 'typecheck'], root);
  expect(ok('npm', ['test'], root).stdout).toMatch(/pass 2\b/);
  ok('npx', ['krepis', 'undo'], root);
  expect(snapshot(root)).toEqual(before);

  const service = spawn('node_modules/.bin/node', ['src/main.ts'], {
    cwd: root,
    env: environment({ PORT: '0' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = '';
      service.stdout.on('data', (chunk) => {
        text += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
        if (found) resolve(found[0]);
      });
      service.once('close', (code) => reject(new Error(`the service ended with ${code}: ${text}`)));
    });
    const response = await fetch(`${url}/hello/Ada`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ greeting: 'Hello, Ada!' });
  } finally {
    const ended = new Promise((resolve) => service.once('close', resolve));
    service.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
});

test('a folder that is not empty: exit 2, nothing written', () => {
  const folder = temporary();
  writeFileSync(join(folder, 'mine.txt'), 'mine\n');
  const before = snapshot(folder);
  const outcome = krepis(['new', '.', '--name', 'x', '--json'], { cwd: folder });
  expect(outcome.code).toBe(2);
  expect(failure(outcome).hint).toContain('krepis init');
  expect(snapshot(folder)).toEqual(before);
});
