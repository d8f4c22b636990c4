import type { PaymentLog } from '../application/payment-log.ts';
import type { Payment } from '../domain/payment.ts';

/** Payments that last as long as the process. */
export class InMemoryPayments implements PaymentLog {
  readonly #payments: Payment[] = [];

  async append(payment: Payment): Promise<void> {
    this.#payments.push(payment);
  }

  async ofOrder(order: string): Promise<readonly Payment[]> {
    return this.#payments.filter((payment) => payment.order === order);
  }
}
