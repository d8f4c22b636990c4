import type { Money } from '../../shared/domain/money.ts';

/** What became of an attempt to charge a card. */
export type Verdict =
  | { readonly kind: 'charged'; readonly receipt: string }
  | { readonly kind: 'declined'; readonly reason: string };

/** One attempt to pay an order. Attempts are kept, also those that failed. */
export interface Payment {
  readonly id: string;
  readonly order: string;
  readonly amount: Money;
  readonly verdict: Verdict;
  readonly at: Date;
}

/** A card number as it may be shown and kept: its last four digits. */
export function maskCard(card: string): string {
  const digits = card.replaceAll(/\D/g, '');
  return `${'*'.repeat(Math.max(digits.length - 4, 0))}${digits.slice(-4)}`;
}

/** Whether a card number can be one at all, by its check digit (ISO/IEC 7812-1, Luhn). */
export function isCardNumber(card: string): boolean {
  if (!/^\d{12,19}$/.test(card)) return false;
  const sum = [...card].reverse().reduce((total, character, index) => {
    const digit = Number(character) * (index % 2 === 0 ? 1 : 2);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return sum % 10 === 0;
}
