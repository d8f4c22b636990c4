import { inject, LOGGER } from '@krepis/core';
import { OrderService } from '../../orders/application/order.service.ts';
import { CLOCK } from '../../shared/application/clock.ts';
import { NEW_ID } from '../../shared/application/new-id.ts';
import { BrokenRule } from '../../shared/domain/broken-rule.ts';
import { isCardNumber, maskCard, type Payment } from '../domain/payment.ts';
import { PAYMENT_GATEWAY } from './payment-gateway.ts';
import { PAYMENT_LOG } from './payment-log.ts';

/** Takes money for orders. */
export class PaymentService {
  readonly #orders = inject(OrderService);
  readonly #gateway = inject(PAYMENT_GATEWAY);
  readonly #payments = inject(PAYMENT_LOG);
  readonly #clock = inject(CLOCK);
  readonly #newId = inject(NEW_ID);
  readonly #log = inject(LOGGER);

  /** Charges a card with what an order costs. The order is paid only if the charge went through. */
  async pay(orderId: string, card: string): Promise<Payment> {
    if (!isCardNumber(card)) throw new BrokenRule('CARD_NUMBER', 'this is not the number of a card');
    const order = await this.#orders.find(orderId);
    if (order.status !== 'placed') throw new BrokenRule('ORDER_NOT_OPEN', `order ${orderId} is ${order.status}`);

    // The order's id is the key: two requests at once must not charge twice.
    const verdict = await this.#gateway.charge(card, order.total, orderId);
    const payment = { id: this.#newId(), order: orderId, amount: order.total, verdict, at: this.#clock() };
    await this.#payments.append(payment);
    this.#log.info({ order: orderId, card: maskCard(card), verdict: verdict.kind }, 'payment attempted');
    if (verdict.kind === 'charged') await this.#orders.pay(orderId, order.total);
    return payment;
  }

  async ofOrder(orderId: string): Promise<readonly Payment[]> {
    await this.#orders.find(orderId);
    return this.#payments.ofOrder(orderId);
  }
}
