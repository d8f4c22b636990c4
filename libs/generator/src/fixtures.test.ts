/**
 * Every case under fixtures/, and its twins, against the oracle: the outcome is the expected one, it parses, what was there is
 * still there in order, a second run changes nothing; a refusal names place, reason and what to do.
 */
import { type ChangeSet, Refusal } from '@krepis/plugin';
import { applyChangeSet, memoryView } from '@krepis/plugin/testing';
import { errors, generate } from './index.ts';
import { parse, syntaxErrors } from './source.ts';
import { type Case, derive, type Files, readCases, twinsOf, writeExpected } from './testing/fixtures.ts';

// `KREPIS_WRITE_FIXTURES=1 jest`: what comes out becomes what is expected; read the difference before you commit it.
const isWriting = process.env.KREPIS_WRITE_FIXTURES === '1';
const cases = readCases();

describe.each([...new Set(cases.map(({ kind }) => kind))])('%s', (kind) => {
  for (const one of cases.filter((candidate) => candidate.kind === kind)) {
    test(one.name, () => judge(one));
    if (isWriting) continue;
    for (const twin of twinsOf(one)) test(`${one.name}, ${twin.name}`, () => judge(derive(one, twin)));
  }
});

test('every refusal has a case', () => {
  const met = new Set(cases.map(({ refused }) => refused?.code));
  // The proof stands behind every edit; it has its own tests.
  const elsewhere = [errors.UNPROVEN.code, errors.UNKNOWN_KIND.code, errors.BAD_OPTION.code];
  const codes = Object.values(errors).map(({ code }) => code);
  expect(codes.filter((code) => !met.has(code) && !elsewhere.includes(code as never))).toEqual([]);
});

async function judge(one: Case): Promise<void> {
  const outcome = await run(one);
  if (isWriting) return record(one, outcome);
  if (one.refused !== undefined) {
    judgeRefusal(one.refused, outcome);
    return;
  }
  if (outcome instanceof Refusal) throw new Error(`${outcome.code} ${outcome.message}: ${outcome.reason}`);
  const after = applyChangeSet(one.input, outcome);
  expect(changed(one.input, after)).toEqual(one.expected);
  for (const [path, text] of Object.entries(after)) {
    const before = one.input[path];
    if (!path.endsWith('.ts') || before === text) continue;
    expect(syntaxErrors(parse(path, text))).toEqual([]);
    if (before !== undefined) expectKept(one, outcome, path, before, text);
  }
  const again = await run({ ...one, input: after });
  if (again instanceof Refusal)
    throw new Error(`the second run is refused: ${again.code} ${again.message}: ${again.reason}`);
  expect(again.files).toEqual([]);
  expect(again.title).toMatch(/already there$/);
}

async function run({ kind, input, options }: Case): Promise<ChangeSet | Refusal> {
  try {
    return await generate(kind, memoryView(input), options);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function changed(before: Files, after: Files): Files {
  return Object.fromEntries(Object.entries(after).filter(([path, text]) => before[path] !== text));
}

/** Insertion only: whatever an edit takes away is white space, or named by the case. */
function expectKept(one: Case, set: ChangeSet, path: string, before: string, after: string): void {
  const change = set.files.find((file) => file.path === path);
  if (change === undefined || !('edits' in change)) throw new Error(`${path} was not edited`);
  const bytes = Buffer.from(before, 'utf8');
  const removed = change.edits.map((edit) =>
    ('find' in edit ? edit.find : bytes.toString('utf8', edit.start, edit.end)).trim(),
  );
  expect(removed.filter((text) => text !== '')).toEqual(one.settings.replaces ?? []);
  if (one.settings.replaces !== undefined) return;
  let at = 0;
  for (const character of before.replace(/\s/g, '')) {
    at = after.indexOf(character, at) + 1;
    if (at === 0) throw new Error(`${path} lost ${JSON.stringify(character)}`);
  }
}

function judgeRefusal(expected: Readonly<Record<string, unknown>>, outcome: ChangeSet | Refusal): void {
  if (!(outcome instanceof Refusal)) throw new Error(`not refused: ${outcome.title}`);
  const { code, message, at, reason, hint } = outcome;
  expect(`${message}${hint}`).not.toMatch(/\{\w+\}/);
  expect(hint).toBeTruthy();
  const lines = { code, message, reason, hint, path: at?.path };
  // A twin's lines are other ones.
  const plain = (value: unknown) => String(value).replace(/(\.ts):\d+/g, '$1');
  for (const [key, value] of Object.entries(expected))
    expect(plain(lines[key as keyof typeof lines])).toBe(plain(value));
}

function record(one: Case, outcome: ChangeSet | Refusal): void {
  if (outcome instanceof Refusal) {
    const { code, message, at, reason, hint } = outcome;
    writeExpected(one, { code, message, ...(at && { path: at.path }), ...(reason && { reason }), hint }, true);
  } else {
    writeExpected(one, changed(one.input, applyChangeSet(one.input, outcome)), false);
  }
}
