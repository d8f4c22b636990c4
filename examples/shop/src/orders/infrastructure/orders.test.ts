import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Money } from '../../shared/domain/money.ts';
import type { OrderRepository } from '../application/order-repository.ts';
import { Order } from '../domain/order.ts';
import { FileOrders } from './file-orders.ts';
import { InMemoryOrders } from './in-memory-orders.ts';

function order(id: string, placedAt: string): Order {
  const lines = [{ product: 'tea', quantity: 2, price: new Money(350, 'EUR') }];
  return Order.place({ id, customer: 'c-1', lines, placedAt: new Date(placedAt) });
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'shop-orders-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

// One contract, every adapter: what use cases rely on must not depend on where orders are kept.
async function keepsTheContract(orders: OrderRepository): Promise<void> {
  assert.equal(await orders.find('o-1'), undefined);
  assert.deepEqual(await orders.all(), []);

  const first = order('o-2', '2026-01-01T12:00:00Z');
  const second = order('o-1', '2026-01-02T12:00:00Z');
  await orders.save(first);
  await orders.save(second);
  assert.deepEqual(await orders.find('o-2'), first);
  assert.deepEqual(await orders.all(), [first, second]);

  await orders.save(second.cancel());
  assert.equal((await orders.find('o-1'))?.status, 'cancelled');
  assert.equal((await orders.all()).length, 2);
}

test('orders in memory keep the contract', () => keepsTheContract(new InMemoryOrders()));

test('orders in files keep the contract', () =>
  inFolder((folder) => keepsTheContract(new FileOrders(join(folder, 'orders')))));

test('orders in files outlive the adapter and leave no drafts', () =>
  inFolder(async (folder) => {
    const placed = order('o-1', '2026-01-01T12:00:00Z');
    await new FileOrders(folder).save(placed);
    assert.deepEqual(await new FileOrders(folder).find('o-1'), placed);
    assert.deepEqual(await readdir(folder), ['o-1.json']);
  }));

test('an id that names another folder finds nothing', () =>
  inFolder(async (folder) => {
    await new FileOrders(folder).save(order('o-1', '2026-01-01T12:00:00Z'));
    assert.equal(await new FileOrders(join(folder, 'inner')).find('../o-1'), undefined);
  }));
