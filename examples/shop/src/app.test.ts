import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestApp, type TestApp } from '@krepis/core/testing';
import { appModule } from './app.module.ts';

const order = {
  customer: 'c-1',
  currency: 'EUR',
  lines: [
    { product: 'tea', quantity: 2, price: 350 },
    { product: 'cup', quantity: 1, price: 900 },
  ],
};

async function withApp(use: (app: TestApp) => Promise<void>): Promise<void> {
  const app = createTestApp(appModule);
  try {
    await use(app);
  } finally {
    await app.close();
  }
}

async function placeOrder(app: TestApp): Promise<string> {
  const response = await app.inject({ method: 'POST', url: '/orders', body: order });
  assert.equal(response.status, 201);
  return response.json<{ id: string }>().id;
}

test('an order is placed, listed, found and cancelled', () =>
  withApp(async (app) => {
    const placed = await app.inject({ method: 'POST', url: '/orders', body: order });
    assert.equal(placed.status, 201);
    const { id, total, status } = placed.json<{ id: string; total: number; status: string }>();
    assert.equal(placed.headers.location, `/orders/${id}`);
    assert.equal(total, 1600);
    assert.equal(status, 'placed');

    assert.deepEqual((await app.inject('/orders')).json(), [placed.json()]);
    assert.deepEqual((await app.inject(`/orders/${id}`)).json(), placed.json());

    const cancelled = await app.inject({ method: 'POST', url: `/orders/${id}/cancel` });
    assert.equal(cancelled.json<{ status: string }>().status, 'cancelled');
  }));

test('an order is paid by card', () =>
  withApp(async (app) => {
    const id = await placeOrder(app);
    const paid = await app.inject({ method: 'POST', url: '/payments', body: { order: id, card: '4242424242424242' } });
    assert.equal(paid.status, 201);
    assert.equal((await app.inject(`/orders/${id}`)).json<{ status: string }>().status, 'paid');
    assert.deepEqual((await app.inject(`/payments/${id}`)).json(), [paid.json()]);
  }));

test('a declined card is a problem, and the order stays open', () =>
  withApp(async (app) => {
    const id = await placeOrder(app);
    const body = { order: id, card: '4000000000000002' };
    const declined = await app.inject({ method: 'POST', url: '/payments', body });
    assert.equal(declined.status, 402);
    assert.equal(declined.json<{ code: string }>().code, 'CARD_DECLINED');
    assert.equal((await app.inject(`/orders/${id}`)).json<{ status: string }>().status, 'placed');
  }));

test('a body of the wrong form is refused with every place that is wrong', () =>
  withApp(async (app) => {
    const body = { currency: 'EUR', lines: [{ product: 'tea', quantity: 'two', price: 350 }] };
    const refused = await app.inject({ method: 'POST', url: '/orders', body });
    assert.equal(refused.status, 400);
    assert.match(String(refused.headers['content-type']), /^application\/problem\+json/);
    const errors = refused.json<{ errors: { path: string }[] }>().errors;
    assert.deepEqual(errors.map(({ path }) => path).sort(), ['/customer', '/lines/0/quantity']);
  }));

test('a broken rule is a 422 with its code, an unknown order a 404', () =>
  withApp(async (app) => {
    const empty = await app.inject({ method: 'POST', url: '/orders', body: { ...order, lines: [] } });
    assert.equal(empty.status, 422);
    assert.equal(empty.json<{ code: string }>().code, 'ORDER_EMPTY');

    const unknown = await app.inject('/orders/o-404');
    assert.equal(unknown.status, 404);
    assert.equal(unknown.json<{ detail: string }>().detail, 'there is no order o-404');
  }));
