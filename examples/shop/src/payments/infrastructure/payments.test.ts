import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Money } from '../../shared/domain/money.ts';
import type { PaymentLog } from '../application/payment-log.ts';
import type { Payment } from '../domain/payment.ts';
import { FilePayments } from './file-payments.ts';
import { InMemoryPayments } from './in-memory-payments.ts';
import { SandboxGateway } from './sandbox-gateway.ts';

const amount = new Money(700, 'EUR');

function payment(id: string, order: string): Payment {
  return { id, order, amount, verdict: { kind: 'charged', receipt: id }, at: new Date('2026-01-01T12:00:00Z') };
}

async function keepsTheContract(payments: PaymentLog): Promise<void> {
  assert.deepEqual(await payments.ofOrder('o-1'), []);
  await payments.append(payment('p-1', 'o-1'));
  await payments.append(payment('p-2', 'o-2'));
  await payments.append(payment('p-3', 'o-1'));
  assert.deepEqual(await payments.ofOrder('o-1'), [payment('p-1', 'o-1'), payment('p-3', 'o-1')]);
}

test('payments in memory keep the contract', () => keepsTheContract(new InMemoryPayments()));

test('payments in a file keep the contract', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shop-payments-'));
  try {
    await keepsTheContract(new FilePayments(join(folder, 'payments.jsonl')));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the sandbox charges a key once, and declines the card made for that', async () => {
  const gateway = new SandboxGateway();
  const first = await gateway.charge('4242424242424242', amount, 'o-1');
  assert.deepEqual(await gateway.charge('4242424242424242', amount, 'o-1'), first);
  assert.notDeepEqual(await gateway.charge('4242424242424242', amount, 'o-2'), first);
  assert.equal((await gateway.charge('4000000000000002', amount, 'o-3')).kind, 'declined');
});
