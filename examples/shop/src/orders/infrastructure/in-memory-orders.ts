import type { OrderRepository } from '../application/order-repository.ts';
import type { Order } from '../domain/order.ts';

/** Orders that last as long as the process. */
export class InMemoryOrders implements OrderRepository {
  readonly #orders = new Map<string, Order>();

  async find(id: string): Promise<Order | undefined> {
    return this.#orders.get(id);
  }

  async all(): Promise<readonly Order[]> {
    return [...this.#orders.values()];
  }

  async save(order: Order): Promise<void> {
    this.#orders.set(order.id, order);
  }
}
