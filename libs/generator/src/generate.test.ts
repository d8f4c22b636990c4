import { memoryView } from '@krepis/plugin/testing';
import { errors, generate, kinds } from './index.ts';

const view = () => memoryView({ 'package.json': '{}' });

test('an unknown kind: the known ones are named', async () => {
  const refusal = generate('servise', view(), { args: ['x'] });
  await expect(refusal).rejects.toMatchObject({ code: 'KRP6001', exit: 2, hint: expect.stringContaining('`service`') });
  await expect(generate('toString', view(), { args: [] })).rejects.toMatchObject({ code: 'KRP6001' });
});

test.each(kinds)('%s says what it takes', async (kind) => {
  await expect(generate(kind, view(), { args: ['a', 'b', 'c'] })).rejects.toMatchObject({
    code: 'KRP6002',
    exit: 2,
    hint: expect.stringContaining(`g ${kind}`),
  });
});

test.each([
  [{ args: 'billing' }, 'args'],
  [{ args: ['billing'], tests: 'no' }, 'tests'],
  [{ args: ['billing'], module: 1 }, 'module'],
])('an option of a wrong type is refused: %j', async (options, name) => {
  await expect(generate('service', view(), options as never)).rejects.toMatchObject({
    code: 'KRP6010',
    message: expect.stringContaining(name),
  });
});

test.each(['../x', '/tmp', 'src/../../x', 'C:/x', 'a\\b'])('a folder outside is refused: %s', async (dir) => {
  await expect(generate('service', view(), { args: ['x'], dir })).rejects.toMatchObject({ code: 'KRP6004', exit: 2 });
});

test.each(['1st', 'a b', '', 'sérvice!', '__proto__/x/..', '../x', 'a//b', '-'])(
  'a name that is none is refused: %j',
  async (name) => {
    await expect(generate('service', view(), { args: [name] })).rejects.toMatchObject({ code: 'KRP6003', exit: 2 });
  },
);

test('codes are in order, unique, and tell the exit code: KRP60xx 2, KRP61xx 1', () => {
  const codes = Object.values(errors).map(({ code }) => code);
  expect(codes).toEqual([...new Set(codes)].sort());
  for (const { code, exit } of Object.values(errors)) expect(exit).toBe(code.startsWith('KRP60') ? 2 : 1);
});
