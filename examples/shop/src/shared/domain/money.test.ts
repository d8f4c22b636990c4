import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Money } from './money.ts';

test('money adds up exactly', () => {
  const sum = new Money(10, 'EUR').plus(new Money(20, 'EUR')).times(3);
  assert.ok(sum.equals(new Money(90, 'EUR')));
});

test('money of two currencies does not add up', () => {
  assert.throws(() => new Money(1, 'EUR').plus(new Money(1, 'USD')), { code: 'MONEY_MIXED' });
});

for (const amount of [-1, 0.5, Number.NaN, 2 ** 53]) {
  test(`${amount} cents are refused`, () => {
    assert.throws(() => new Money(amount, 'EUR'), { code: 'MONEY_AMOUNT' });
  });
}

test('a currency that is no code is refused', () => {
  assert.throws(() => new Money(1, 'euro'), { code: 'MONEY_CURRENCY' });
});
