import { InjectionToken } from '@krepis/core';
import type { Money } from '../../shared/domain/money.ts';
import type { Verdict } from '../domain/payment.ts';

/** Whoever moves the money. */
export interface PaymentGateway {
  /** Charges a card. Declined is an answer, not an error. Charging twice with the same `key` charges once. */
  charge(card: string, amount: Money, key: string): Promise<Verdict>;
}

export const PAYMENT_GATEWAY = new InjectionToken<PaymentGateway>('PAYMENT_GATEWAY');
