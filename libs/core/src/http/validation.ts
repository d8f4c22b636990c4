import { errors } from '../errors.ts';
import { Problem } from './problem.ts';
import type { HttpRequest } from './request.ts';
import type { StandardIssue, StandardSchema } from './standard-schema.ts';

/** The parts of a request a route can have checked, in the order they are checked. */
const PARTS = ['params', 'query', 'body'] as const;

/** Standard Schemas for parts of a request; a handler gets what they put out. */
export interface RouteSchemas {
  readonly params?: StandardSchema;
  readonly query?: StandardSchema;
  readonly body?: StandardSchema;
}

/** One thing wrong with a request, as it stands in the problem's `errors`. `path` is a JSON Pointer (RFC 6901). */
export interface RequestError {
  readonly in: (typeof PARTS)[number];
  readonly path: string;
  readonly message: string;
}

/**
 * The request with its parts as the schemas put them out.
 *
 * @throws Problem 400 with `code` KRP8301 and every error of every part at once
 */
export async function validateRequest(request: HttpRequest, schemas: RouteSchemas): Promise<HttpRequest> {
  const valid: Partial<Record<(typeof PARTS)[number], unknown>> = {};
  const found: RequestError[] = [];
  for (const part of PARTS) {
    const schema = schemas[part];
    if (schema === undefined) continue;
    const result = await schema['~standard'].validate(request[part]);
    if (result.issues === undefined) valid[part] = result.value;
    else found.push(...result.issues.map((issue) => ({ in: part, path: pointer(issue), message: issue.message })));
  }
  if (found.length > 0) {
    const { code, message } = errors.INVALID_REQUEST;
    throw new Problem(400, { detail: message, extensions: { code, errors: found } });
  }
  return { ...request, ...valid } as HttpRequest;
}

function pointer(issue: StandardIssue): string {
  return (issue.path ?? [])
    .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
    .map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
