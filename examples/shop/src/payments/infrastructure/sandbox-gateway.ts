import type { Money } from '../../shared/domain/money.ts';
import type { PaymentGateway } from '../application/payment-gateway.ts';
import type { Verdict } from '../domain/payment.ts';

/** The test card that payment providers let fail, by convention. */
const DECLINED_CARD = '4000000000000002';

/** A gateway that moves no money: every card is charged but one. */
export class SandboxGateway implements PaymentGateway {
  readonly #charged = new Map<string, Verdict>();

  async charge(card: string, _amount: Money, key: string): Promise<Verdict> {
    if (card === DECLINED_CARD) return { kind: 'declined', reason: 'the bank said no' };
    const verdict = this.#charged.get(key) ?? { kind: 'charged', receipt: `sandbox-${this.#charged.size + 1}` };
    this.#charged.set(key, verdict);
    return verdict;
  }
}
