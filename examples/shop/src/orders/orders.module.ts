import { join } from 'node:path';
import { defineModule, inject } from '@krepis/core';
import { DATA_FOLDER } from '../shared/infrastructure/data-folder.ts';
import { OrderService } from './application/order.service.ts';
import { ORDER_REPOSITORY, type OrderRepository } from './application/order-repository.ts';
import { orderRoutes } from './http/order.routes.ts';
import { FileOrders } from './infrastructure/file-orders.ts';
import { InMemoryOrders } from './infrastructure/in-memory-orders.ts';

export const ordersModule = defineModule({
  name: 'orders',
  providers: [OrderService, { provide: ORDER_REPOSITORY, useFactory: orderRepository }],
  routes: [orderRoutes],
  exports: [OrderService],
});

function orderRepository(): OrderRepository {
  const folder = inject(DATA_FOLDER);
  return folder === undefined ? new InMemoryOrders() : new FileOrders(join(folder, 'orders'));
}
