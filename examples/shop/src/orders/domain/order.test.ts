import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Money } from '../../shared/domain/money.ts';
import { Order } from './order.ts';

const tea = { product: 'tea', quantity: 2, price: new Money(350, 'EUR') };
const cup = { product: 'cup', quantity: 1, price: new Money(900, 'EUR') };

function place(lines = [tea, cup]): Order {
  return Order.place({ id: 'o-1', customer: 'c-1', lines, placedAt: new Date('2026-01-01T12:00:00Z') });
}

test('the total counts every line as often as it was ordered', () => {
  assert.deepEqual(place().total, new Money(1600, 'EUR'));
});

test('an order without lines is refused', () => {
  assert.throws(() => place([]), { code: 'ORDER_EMPTY' });
});

test('nothing less than one of a product can be ordered', () => {
  assert.throws(() => place([{ ...tea, quantity: 0 }]), { code: 'ORDER_QUANTITY' });
});

test('an order in two currencies is refused', () => {
  assert.throws(() => place([tea, { ...cup, price: new Money(1, 'USD') }]), { code: 'MONEY_MIXED' });
});

test('an order is paid as a whole', () => {
  assert.throws(() => place().pay(new Money(1599, 'EUR')), { code: 'ORDER_AMOUNT' });
  assert.equal(place().pay(new Money(1600, 'EUR')).status, 'paid');
});

test('an order is paid once', () => {
  const paid = place().pay(new Money(1600, 'EUR'));
  assert.throws(() => paid.pay(new Money(1600, 'EUR')), { code: 'ORDER_NOT_OPEN' });
});

test('a paid order cannot be cancelled, an open one can, twice changes nothing', () => {
  assert.throws(() => place().pay(new Money(1600, 'EUR')).cancel(), { code: 'ORDER_PAID' });
  const cancelled = place().cancel();
  assert.equal(cancelled.status, 'cancelled');
  assert.equal(cancelled.cancel(), cancelled);
});

test('a step leaves the order it was taken from as it was', () => {
  const order = place();
  order.cancel();
  assert.equal(order.status, 'placed');
});
