import { array, assert, constantFrom, nat, option, property, tuple } from 'fast-check';
import { satisfies } from 'semver';
import { type Carried, carry, type Dialect } from './ranges.ts';

const changed = (range: string): Carried => ({ kind: 'changed', range });

test.each<[Dialect, string, string, Carried]>([
  ['npm', '0.1.0', '0.2.0', changed('0.2.0')],
  ['npm', '^0.1.0', '0.2.0', changed('^0.2.0')],
  ['npm', '~0.1.0', '1.0.0', changed('~1.0.0')],
  ['npm', '=0.1.0', '0.2.0', changed('=0.2.0')],
  ['npm', 'v0.1.0', '0.2.0', changed('v0.2.0')],
  ['npm', '^0.1', '0.2.0', changed('^0.2')],
  ['npm', '^0', '0.2.0', { kind: 'kept' }],
  ['npm', '1', '2.0.0', changed('2')],
  ['npm', '^0.1.0-rc.1', '0.1.0', changed('^0.1.0')],
  ['npm', '^0.1.0', '0.2.0-rc.1', changed('^0.2.0-rc.1')],
  ['npm', '^0.1', '0.2.0-rc.1', changed('^0.2.0-rc.1')],
  ['npm', '0.1.0+build.1', '0.2.0', changed('0.2.0')],
  ['npm', '>=0.1.0', '0.2.0', { kind: 'kept' }],
  ['npm', '>=0.1.0 <0.2.0', '0.2.0', { kind: 'refused' }],
  ['npm', '>=0.1.0', '0.2.0-rc.1', { kind: 'refused' }],
  ['npm', '0.1.0 || 0.2.0', '0.2.0', { kind: 'kept' }],
  ['npm', '*', '0.2.0', { kind: 'kept' }],
  ['npm', '0.x', '0.2.0', { kind: 'kept' }],
  ['npm', '0.1.x', '0.2.0', { kind: 'refused' }],
  ['npm', 'latest', '0.2.0', { kind: 'kept' }],
  ['cargo', '0.1.0', '0.2.0', changed('0.2.0')],
  ['cargo', '0.1', '0.2.0', changed('0.2')],
  ['cargo', '0.1', '0.1.1', { kind: 'kept' }],
  ['cargo', '= 0.1.0', '0.2.0', changed('= 0.2.0')],
  ['cargo', ' ^0.1.0 ', '0.2.0', changed(' ^0.2.0 ')],
  ['cargo', '>=0.1, <2', '0.2.0', { kind: 'kept' }],
  ['cargo', '>=0.1, <0.2', '0.2.0', { kind: 'refused' }],
  ['cargo', '0.1.0, <0.1.9', '0.1.5', { kind: 'kept' }],
  ['cargo', '0.1.0, <0.5', '0.2.0', { kind: 'refused' }],
  ['cargo', '0.*', '0.2.0', { kind: 'kept' }],
  ['cargo', '1.*', '2.0.0', { kind: 'refused' }],
])('%s: "%s" at %s', (dialect, range, version, expected) => {
  expect(carry(range, version, dialect)).toEqual(expected);
});

test.each([
  ['', '^0.1.0', '0.2.0'],
  ['^', '0.1.0', '^0.2.0'],
  ['~', '^0.1.0', '~0.2.0'],
  ['=', '0.1.0', '=0.2.0'],
])('versionPrefix "%s" makes of %s %s', (prefix, range, expected) => {
  expect(carry(range, '0.2.0', 'npm', prefix)).toEqual(changed(expected));
});

const version = tuple(nat(20), nat(20), nat(20), option(constantFrom('rc.1', 'alpha', 'beta.2.x'))).map(
  ([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre === null ? '' : `-${pre}`}`,
);
const range = tuple(
  constantFrom('', '^', '~', '=', '>=', '<', '>'),
  version,
  nat(2),
  array(constantFrom(' || ', ' '), { maxLength: 1 }),
  version,
).map(([operator, first, short, joins, second]) => {
  const text = `${operator}${
    short === 0
      ? first
      : first
          .split(/[-]/, 1)[0]
          ?.split('.')
          .slice(0, 3 - short)
          .join('.')
  }`;
  return joins.length === 0 ? text : `${text}${joins[0]}${second}`;
});

test('law: whatever becomes of a range takes in the version, and is not changed again', () => {
  assert(
    property(range, version, (old, next) => {
      const carried = carry(old, next, 'npm');
      if (carried.kind === 'refused') return !satisfies(next, old);
      const now = carried.kind === 'changed' ? carried.range : old;
      return satisfies(next, now) && carry(now, next, 'npm').kind === 'kept';
    }),
    { numRuns: 2000 },
  );
});
