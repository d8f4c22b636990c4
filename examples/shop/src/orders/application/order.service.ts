import { inject, LOGGER } from '@krepis/core';
import { CLOCK } from '../../shared/application/clock.ts';
import { NEW_ID } from '../../shared/application/new-id.ts';
import { NotFound } from '../../shared/application/not-found.ts';
import type { Money } from '../../shared/domain/money.ts';
import { Order, type OrderLine } from '../domain/order.ts';
import { ORDER_REPOSITORY } from './order-repository.ts';

/** What a customer asks for. */
export interface OrderRequest {
  readonly customer: string;
  readonly lines: readonly OrderLine[];
}

/** What can be done with orders. */
export class OrderService {
  readonly #orders = inject(ORDER_REPOSITORY);
  readonly #clock = inject(CLOCK);
  readonly #newId = inject(NEW_ID);
  readonly #log = inject(LOGGER);

  async place(request: OrderRequest): Promise<Order> {
    const order = Order.place({ ...request, id: this.#newId(), placedAt: this.#clock() });
    await this.#orders.save(order);
    this.#log.info({ order: order.id }, 'order placed');
    return order;
  }

  async find(id: string): Promise<Order> {
    const order = await this.#orders.find(id);
    if (order === undefined) throw new NotFound('order', id);
    return order;
  }

  list(): Promise<readonly Order[]> {
    return this.#orders.all();
  }

  async pay(id: string, amount: Money): Promise<Order> {
    return this.#replace(id, (order) => order.pay(amount));
  }

  async cancel(id: string): Promise<Order> {
    return this.#replace(id, (order) => order.cancel());
  }

  async #replace(id: string, step: (order: Order) => Order): Promise<Order> {
    const order = step(await this.find(id));
    await this.#orders.save(order);
    this.#log.info({ order: id, status: order.status }, 'order changed');
    return order;
  }
}
