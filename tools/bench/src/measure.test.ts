import { peakMemory, wallTime } from './measure.ts';

const node = (script: string) => ({ file: process.execPath, args: ['-e', script], cwd: __dirname, env: process.env });

test('wall time holds what the program waits for', async () => {
  const time = await wallTime(node('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120)'));
  expect(time).toBeGreaterThanOrEqual(120);
});

test('a program that fails is an error with its output, not a figure', async () => {
  const failing = node("console.error('what went wrong'); process.exit(3)");
  await expect(wallTime(failing)).rejects.toThrow(/ended with 3\nwhat went wrong/);
  await expect(wallTime({ ...failing, file: '/nonexistent/program' })).rejects.toThrow('ENOENT');
});

test('peak memory is of the process itself, not of its children', async () => {
  if (process.platform !== 'linux') {
    expect(await peakMemory(node(''))).toBeNull();
    return;
  }
  // Like the master, it ends only when its children have: between two readings nothing of this length is missed.
  const wait = "for (const _ of [1, 2, 3]) require('node:child_process').execFileSync(process.execPath, ['-e', '']);";
  const big = `const bytes = Buffer.alloc(200e6, 1); ${wait} if (bytes[7] !== 1) process.exit(1);`;
  const parent = `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(big)}])`;
  expect(await peakMemory(node(big))).toBeGreaterThan(200);
  expect(await peakMemory(node(parent))).toBeLessThan(200);
});
