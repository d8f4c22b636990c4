import { InjectionToken } from '@krepis/core';
import type { Payment } from '../domain/payment.ts';

/** Every attempt to pay; nothing is ever taken out. */
export interface PaymentLog {
  append(payment: Payment): Promise<void>;
  /** Attempts for an order, oldest first. */
  ofOrder(order: string): Promise<readonly Payment[]>;
}

export const PAYMENT_LOG = new InjectionToken<PaymentLog>('PAYMENT_LOG');
