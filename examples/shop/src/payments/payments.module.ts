import { join } from 'node:path';
import { defineModule, inject } from '@krepis/core';
import { ordersModule } from '../orders/orders.module.ts';
import { DATA_FOLDER } from '../shared/infrastructure/data-folder.ts';
import { PaymentService } from './application/payment.service.ts';
import { PAYMENT_GATEWAY } from './application/payment-gateway.ts';
import { PAYMENT_LOG, type PaymentLog } from './application/payment-log.ts';
import { paymentRoutes } from './http/payment.routes.ts';
import { FilePayments } from './infrastructure/file-payments.ts';
import { InMemoryPayments } from './infrastructure/in-memory-payments.ts';
import { SandboxGateway } from './infrastructure/sandbox-gateway.ts';

export const paymentsModule = defineModule({
  name: 'payments',
  imports: [ordersModule],
  providers: [
    PaymentService,
    // Until the shop has a contract with a provider, no money moves.
    { provide: PAYMENT_GATEWAY, useClass: SandboxGateway },
    { provide: PAYMENT_LOG, useFactory: paymentLog },
  ],
  routes: [paymentRoutes],
});

function paymentLog(): PaymentLog {
  const folder = inject(DATA_FOLDER);
  return folder === undefined ? new InMemoryPayments() : new FilePayments(join(folder, 'payments.jsonl'));
}
