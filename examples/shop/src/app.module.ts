import { defineModule, PROBLEM_MAPPER } from '@krepis/core';
import { ordersModule } from './orders/orders.module.ts';
import { paymentsModule } from './payments/payments.module.ts';
import { toProblem } from './problems.ts';

export const appModule = defineModule({
  name: 'shop',
  imports: [
    ordersModule,
    paymentsModule, // imports the orders itself: it charges what they cost
  ],
  providers: [
    // Domain and application throw errors of their own; HTTP statuses are given here.
    { provide: PROBLEM_MAPPER, multi: true, useValue: toProblem },
  ],
});
