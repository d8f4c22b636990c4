import { BrokenRule } from './broken-rule.ts';

/** An amount in the minor unit of its currency (cents), so that sums are exact. */
export class Money {
  readonly amount: number;
  /** ISO 4217, such as `EUR`. */
  readonly currency: string;

  constructor(amount: number, currency: string) {
    if (!Number.isSafeInteger(amount) || amount < 0) {
      throw new BrokenRule('MONEY_AMOUNT', `${amount} is not an amount in whole cents`);
    }
    if (!/^[A-Z]{3}$/.test(currency)) throw new BrokenRule('MONEY_CURRENCY', `'${currency}' is not a currency code`);
    this.amount = amount;
    this.currency = currency;
  }

  plus(other: Money): Money {
    if (other.currency !== this.currency) {
      throw new BrokenRule('MONEY_MIXED', `cannot add ${other.currency} to ${this.currency}`);
    }
    return new Money(this.amount + other.amount, this.currency);
  }

  times(factor: number): Money {
    return new Money(this.amount * factor, this.currency);
  }

  equals(other: Money): boolean {
    return this.amount === other.amount && this.currency === other.currency;
  }
}
