import { Problem } from '@krepis/core';
import { NotFound } from './shared/application/not-found.ts';
import { BrokenRule } from './shared/domain/broken-rule.ts';

/** What the shop's own errors mean over HTTP. The only place that knows both. */
export function toProblem(error: unknown): Problem | undefined {
  if (error instanceof NotFound) return problem(404, error);
  if (error instanceof BrokenRule) return problem(422, error);
  return undefined;
}

function problem(status: number, { message, code }: Error & { readonly code: string }): Problem {
  return new Problem(status, { detail: message, extensions: { code } });
}
