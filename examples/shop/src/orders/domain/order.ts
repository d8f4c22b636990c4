import { BrokenRule } from '../../shared/domain/broken-rule.ts';
import type { Money } from '../../shared/domain/money.ts';

export type OrderStatus = 'placed' | 'paid' | 'cancelled';

/** A product, how many of it, and what one of it costs. */
export interface OrderLine {
  readonly product: string;
  readonly quantity: number;
  readonly price: Money;
}

interface OrderState {
  readonly id: string;
  readonly customer: string;
  readonly lines: readonly OrderLine[];
  readonly status: OrderStatus;
  readonly placedAt: Date;
}

/** What a customer has ordered. An order is a value: its steps give a new one. */
export class Order {
  readonly id: string;
  readonly customer: string;
  readonly lines: readonly OrderLine[];
  readonly status: OrderStatus;
  readonly placedAt: Date;

  private constructor(state: OrderState) {
    this.id = state.id;
    this.customer = state.customer;
    this.lines = state.lines;
    this.status = state.status;
    this.placedAt = state.placedAt;
  }

  static place(order: Omit<OrderState, 'status'>): Order {
    if (order.lines.length === 0) throw new BrokenRule('ORDER_EMPTY', 'an order has at least one line');
    for (const { product, quantity } of order.lines) {
      if (quantity < 1) throw new BrokenRule('ORDER_QUANTITY', `${quantity} of ${product} cannot be ordered`);
    }
    const placed = new Order({ ...order, status: 'placed' });
    // Lines of two currencies have no total; better said now than when it is to be paid.
    void placed.total;
    return placed;
  }

  /** An order as it was stored; its rules held when it was placed. */
  static restore(state: OrderState): Order {
    return new Order(state);
  }

  get total(): Money {
    return this.lines.map(({ price, quantity }) => price.times(quantity)).reduce((sum, part) => sum.plus(part));
  }

  pay(amount: Money): Order {
    if (this.status !== 'placed') throw new BrokenRule('ORDER_NOT_OPEN', `order ${this.id} is ${this.status}`);
    if (!amount.equals(this.total))
      throw new BrokenRule('ORDER_AMOUNT', `order ${this.id} is paid as a whole or not at all`);
    return new Order({ ...this, status: 'paid' });
  }

  cancel(): Order {
    if (this.status === 'cancelled') return this;
    if (this.status === 'paid') throw new BrokenRule('ORDER_PAID', `order ${this.id} is paid and cannot be cancelled`);
    return new Order({ ...this, status: 'cancelled' });
  }
}
