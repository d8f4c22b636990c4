import type { Refusal } from '@krepis/plugin';
import { parse } from '../source.ts';
import { prove } from './proof.ts';

const text = `#!/usr/bin/env node\n// licence\nconst a = \`x\${1}\`; /* note */\n/** Doc. */\nexport class A {}\n`;

function judge(start: number, end: number, inserted: string): Refusal | undefined {
  try {
    prove(parse('a.ts', text), [{ start, end, text: inserted }], text.slice(0, start) + inserted + text.slice(end));
    return undefined;
  } catch (error) {
    return error as Refusal;
  }
}

const at = (part: string) => text.indexOf(part);

test('an edit that leaves the rest alone passes', () => {
  expect(judge(text.length, text.length, 'export const b = 1;\n')).toBeUndefined();
  expect(judge(at('const a'), at('const a'), "import { b } from './b.ts';\n")).toBeUndefined();
});

test.each([
  ['swallows code in a comment', at('export'), '// '],
  ['swallows a comment in a comment', at('// licence'), '/* */ // '],
  ['glues itself to a name', at('a = '), 'b'],
  ['swallows code in a template', at('x${'), '`'],
  ['breaks the syntax', at('{}'), '{'],
])('an edit that %s is refused', (_, start, inserted) => {
  expect(judge(start, start, inserted)).toMatchObject({ code: 'KRP6118', at: { path: 'a.ts' } });
});

test('what the edit says it replaces may go', () => {
  expect(judge(at('/* note */'), at('/* note */') + 10, '')).toBeUndefined();
});
