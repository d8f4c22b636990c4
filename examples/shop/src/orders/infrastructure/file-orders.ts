import { Money } from '../../shared/domain/money.ts';
import { JsonFolder } from '../../shared/infrastructure/json-folder.ts';
import type { OrderRepository } from '../application/order-repository.ts';
import { Order, type OrderStatus } from '../domain/order.ts';

/** An order as its file holds it. */
interface OrderRecord {
  readonly id: string;
  readonly customer: string;
  readonly status: OrderStatus;
  readonly placedAt: string;
  readonly lines: readonly {
    readonly product: string;
    readonly quantity: number;
    readonly price: { readonly amount: number; readonly currency: string };
  }[];
}

/** Orders in a folder, one file each. */
export class FileOrders implements OrderRepository {
  readonly #records: JsonFolder<OrderRecord>;

  constructor(folder: string) {
    this.#records = new JsonFolder(folder);
  }

  async find(id: string): Promise<Order | undefined> {
    const record = await this.#records.read(id);
    return record && toOrder(record);
  }

  async all(): Promise<readonly Order[]> {
    const orders = (await this.#records.readAll()).map(toOrder);
    return orders.sort((a, b) => a.placedAt.getTime() - b.placedAt.getTime());
  }

  async save({ id, customer, status, placedAt, lines }: Order): Promise<void> {
    await this.#records.write(id, { id, customer, status, placedAt: placedAt.toISOString(), lines });
  }
}

function toOrder(record: OrderRecord): Order {
  return Order.restore({
    ...record,
    placedAt: new Date(record.placedAt),
    lines: record.lines.map((line) => ({ ...line, price: new Money(line.price.amount, line.price.currency) })),
  });
}
