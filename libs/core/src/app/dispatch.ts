import type { HttpRoute } from '../http/adapter.ts';
import { Problem, type ProblemMapper, problemReply, toProblem } from '../http/problem.ts';
import { type HttpReply, toReply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Route } from '../http/routes.ts';
import { validateRequest } from '../http/validation.ts';
import { type InjectionContext, runInContext } from '../injection/context.ts';
import { runInRequest } from './request-context.ts';

/** Makes what a server calls for a route: request context, validation, the handler in its injection context, problems. */
export function dispatch(
  { method, path, schemas, handler }: Route,
  context: InjectionContext,
  fail: (error: unknown, request: HttpRequest) => HttpReply,
): HttpRoute {
  const isChecked = Object.keys(schemas).length > 0;

  async function answer(request: HttpRequest): Promise<HttpReply> {
    try {
      const valid = isChecked ? await validateRequest(request, schemas) : request;
      return toReply(await runInContext(context, () => handler(valid)));
    } catch (error) {
      return fail(error, request);
    }
  }

  return {
    method,
    path,
    handle: (request) => runInRequest({ id: request.id, log: request.log }, () => answer(request)),
  };
}

/** The reply to a request that failed. What the client is not told is logged. */
export function failureReply(error: unknown, request: HttpRequest, mappers: readonly ProblemMapper[]): HttpReply {
  let problem: Problem;
  try {
    problem = toProblem(error, mappers);
  } catch (mapperError) {
    request.log.error({ err: mapperError }, 'a problem mapper failed');
    problem = new Problem(500, { cause: error });
  }
  if (problem.status >= 500) request.log.error({ err: problem.cause ?? problem }, problem.message);
  return problemReply(problem, request);
}
