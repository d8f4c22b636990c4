import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestApp } from '@krepis/core/testing';
import { CLOCK } from '../../shared/application/clock.ts';
import { NEW_ID } from '../../shared/application/new-id.ts';
import { Money } from '../../shared/domain/money.ts';
import type { Order } from '../domain/order.ts';
import { ordersModule } from '../orders.module.ts';
import { OrderService } from './order.service.ts';
import { ORDER_REPOSITORY } from './order-repository.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const lines = [{ product: 'tea', quantity: 2, price: new Money(350, 'EUR') }];

test('a placed order has an id, the moment it was placed, and is kept', async () => {
  const saved: Order[] = [];
  const app = createTestApp(ordersModule)
    .override(CLOCK, () => noon)
    .override(NEW_ID, () => 'o-1')
    .override(ORDER_REPOSITORY, {
      find: async (id) => saved.find((order) => order.id === id),
      all: async () => saved,
      save: async (order) => void saved.push(order),
    });
  const orders = await app.get(OrderService);
  const order = await orders.place({ customer: 'c-1', lines });
  assert.equal(order.id, 'o-1');
  assert.equal(order.placedAt, noon);
  assert.deepEqual(saved, [order]);
  await app.close();
});

test('a step of an order is kept', async () => {
  const app = createTestApp(ordersModule);
  const orders = await app.get(OrderService);
  const { id } = await orders.place({ customer: 'c-1', lines });
  await orders.cancel(id);
  assert.equal((await orders.find(id)).status, 'cancelled');
  await app.close();
});

test('a refused step leaves the kept order as it was', async () => {
  const app = createTestApp(ordersModule);
  const orders = await app.get(OrderService);
  const { id } = await orders.place({ customer: 'c-1', lines });
  await assert.rejects(orders.pay(id, new Money(1, 'EUR')), { code: 'ORDER_AMOUNT' });
  assert.equal((await orders.find(id)).status, 'placed');
  await app.close();
});

test('an order nobody placed is not found', async () => {
  const app = createTestApp(ordersModule);
  const orders = await app.get(OrderService);
  await assert.rejects(orders.find('o-404'), { code: 'ORDER_UNKNOWN', message: 'there is no order o-404' });
  await app.close();
});
