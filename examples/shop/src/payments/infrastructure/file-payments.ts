import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Money } from '../../shared/domain/money.ts';
import type { PaymentLog } from '../application/payment-log.ts';
import type { Payment } from '../domain/payment.ts';

/** Payments in a file, one JSON line each, in the order they were attempted. */
export class FilePayments implements PaymentLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async append(payment: Payment): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true });
    await appendFile(this.#file, `${JSON.stringify(payment)}\n`);
  }

  async ofOrder(order: string): Promise<readonly Payment[]> {
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => toPayment(JSON.parse(line) as Payment))
      .filter((payment) => payment.order === order);
  }
}

// JSON has neither dates nor classes: what was parsed only looks like a payment.
function toPayment(parsed: Payment): Payment {
  return { ...parsed, amount: new Money(parsed.amount.amount, parsed.amount.currency), at: new Date(parsed.at) };
}
