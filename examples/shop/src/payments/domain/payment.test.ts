import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCardNumber, maskCard } from './payment.ts';

test('only the last four digits of a card are shown', () => {
  assert.equal(maskCard('4242424242424242'), '************4242');
  assert.equal(maskCard('42'), '42');
});

test('a card number has its check digit', () => {
  assert.ok(isCardNumber('4242424242424242'));
  assert.ok(!isCardNumber('4242424242424241'));
  assert.ok(!isCardNumber('4242-4242-4242-4242'));
  assert.ok(!isCardNumber('0'));
});
