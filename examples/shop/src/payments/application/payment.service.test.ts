import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestApp, type TestApp } from '@krepis/core/testing';
import { OrderService } from '../../orders/application/order.service.ts';
import { Money } from '../../shared/domain/money.ts';
import type { Verdict } from '../domain/payment.ts';
import { paymentsModule } from '../payments.module.ts';
import { PaymentService } from './payment.service.ts';
import { PAYMENT_GATEWAY } from './payment-gateway.ts';

const card = '4242424242424242';

function appWith(charge: () => Promise<Verdict>): TestApp {
  return createTestApp(paymentsModule).override(PAYMENT_GATEWAY, { charge });
}

async function placeOrder(app: TestApp): Promise<string> {
  const orders = await app.get(OrderService);
  const lines = [{ product: 'tea', quantity: 2, price: new Money(350, 'EUR') }];
  return (await orders.place({ customer: 'c-1', lines })).id;
}

test('an order whose charge went through is paid, and the attempt is kept', async () => {
  const app = appWith(async () => ({ kind: 'charged', receipt: 'r-1' }));
  const order = await placeOrder(app);
  const payment = await (await app.get(PaymentService)).pay(order, card);
  assert.deepEqual(payment.amount, new Money(700, 'EUR'));
  assert.equal((await (await app.get(OrderService)).find(order)).status, 'paid');
  assert.deepEqual(await (await app.get(PaymentService)).ofOrder(order), [payment]);
  await app.close();
});

test('an order whose charge was declined stays open, and the attempt is kept', async () => {
  const app = appWith(async () => ({ kind: 'declined', reason: 'no funds' }));
  const order = await placeOrder(app);
  const payment = await (await app.get(PaymentService)).pay(order, card);
  assert.equal(payment.verdict.kind, 'declined');
  assert.equal((await (await app.get(OrderService)).find(order)).status, 'placed');
  assert.equal((await (await app.get(PaymentService)).ofOrder(order)).length, 1);
  await app.close();
});

test('nothing is charged for a paid order, an unknown order or a mistyped card', async () => {
  let charges = 0;
  const app = appWith(async () => {
    charges += 1;
    return { kind: 'charged', receipt: 'r-1' };
  });
  const order = await placeOrder(app);
  const payments = await app.get(PaymentService);
  await payments.pay(order, card);
  await assert.rejects(payments.pay(order, card), { code: 'ORDER_NOT_OPEN' });
  await assert.rejects(payments.pay('o-404', card), { code: 'ORDER_UNKNOWN' });
  await assert.rejects(payments.pay(order, '4242424242424241'), { code: 'CARD_NUMBER' });
  assert.equal(charges, 1);
  await app.close();
});
