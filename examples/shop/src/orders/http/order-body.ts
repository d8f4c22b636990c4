import { Money } from '../../shared/domain/money.ts';
import { bodySchema } from '../../shared/http/body.ts';
import type { OrderRequest } from '../application/order.service.ts';
import type { Order } from '../domain/order.ts';

/** `{ customer, currency, lines: [{ product, quantity, price }] }`; a price is in cents. */
export const orderBody = bodySchema<OrderRequest>((reader, body) => {
  const { customer, currency, lines } = reader.record(body);
  const code = reader.text(currency, ['currency']);
  const read = reader.list(lines, ['lines']).map((entry, index) => {
    const line = reader.record(entry, ['lines', index]);
    return {
      product: reader.text(line.product, ['lines', index, 'product']),
      quantity: reader.whole(line.quantity, ['lines', index, 'quantity']),
      cents: reader.whole(line.price, ['lines', index, 'price']),
    };
  });
  return {
    customer: reader.text(customer, ['customer']),
    // Amounts are only built from what could be read: the domain would refuse the rest with a less exact message.
    lines:
      reader.issues.length > 0
        ? []
        : read.map(({ product, quantity, cents }) => ({ product, quantity, price: new Money(cents, code) })),
  };
});

/** An order as clients see it. */
export function orderView(order: Order): object {
  const { amount, currency } = order.total;
  return {
    id: order.id,
    customer: order.customer,
    status: order.status,
    placedAt: order.placedAt.toISOString(),
    currency,
    total: amount,
    lines: order.lines.map(({ product, quantity, price }) => ({ product, quantity, price: price.amount })),
  };
}
