import { InjectionToken } from '@krepis/core';
import type { Order } from '../domain/order.ts';

/** Where orders are kept. */
export interface OrderRepository {
  find(id: string): Promise<Order | undefined>;
  /** In the order they were placed. */
  all(): Promise<readonly Order[]>;
  save(order: Order): Promise<void>;
}

export const ORDER_REPOSITORY = new InjectionToken<OrderRepository>('ORDER_REPOSITORY');
