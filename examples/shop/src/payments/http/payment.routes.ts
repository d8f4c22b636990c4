import { inject, Problem, reply, route, routes } from '@krepis/core';
import { bodySchema } from '../../shared/http/body.ts';
import { PaymentService } from '../application/payment.service.ts';
import type { Payment } from '../domain/payment.ts';

const paymentBody = bodySchema((reader, body) => {
  const { order, card } = reader.record(body);
  return { order: reader.text(order, ['order']), card: reader.text(card, ['card']) };
});

export const paymentRoutes = routes('/payments', () => {
  const payments = inject(PaymentService);

  return {
    'GET /:order': async (request) => (await payments.ofOrder(request.params.order)).map(paymentView),

    'POST /': route({ body: paymentBody }, async (request) => {
      const payment = await payments.pay(request.body.order, request.body.card);
      const { verdict } = payment;
      if (verdict.kind === 'declined') {
        throw new Problem(402, { detail: verdict.reason, extensions: { code: 'CARD_DECLINED', payment: payment.id } });
      }
      return reply(201, paymentView(payment));
    }),
  };
});

function paymentView({ id, order, amount, verdict, at }: Payment): object {
  return { id, order, total: amount.amount, currency: amount.currency, ...verdict, at: at.toISOString() };
}
