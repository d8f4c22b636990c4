import { inject, reply, route, routes } from '@krepis/core';
import { OrderService } from '../application/order.service.ts';
import { orderBody, orderView } from './order-body.ts';

export const orderRoutes = routes('/orders', {
  'GET /': async () => (await inject(OrderService).list()).map(orderView),

  'GET /:id': async (request) => orderView(await inject(OrderService).find(request.params.id)),

  'POST /': route({ body: orderBody }, async (request) => {
    const order = await inject(OrderService).place(request.body);
    return reply(201, orderView(order), { location: `/orders/${order.id}` });
  }),

  'POST /:id/cancel': async (request) => orderView(await inject(OrderService).cancel(request.params.id)),
});
