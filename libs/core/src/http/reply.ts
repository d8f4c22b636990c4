const REPLY = Symbol.for('@krepis/core/reply');

/** Reply headers; a list becomes repeated headers. */
export type ReplyHeaders = Readonly<Record<string, string | number | readonly string[]>>;

/** An answer with its status. */
export interface HttpReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** An object is sent as JSON, a string as text, a Buffer or stream as it is, `undefined` as no body. */
  readonly body: unknown;
}

/**
 * Answers with another status than a handler's plain return value would have: that one is 200, or 204 for `undefined`.
 *
 * @param status HTTP status, 200 to 599
 * @example
 * ```ts
 * 'POST /': async (request) => {
 *   const order = await inject(PlaceOrder).run(request.body);
 *   return reply(201, order, { location: `/orders/${order.id}` });
 * }
 * ```
 */
export function reply(status: number, body?: unknown, headers: ReplyHeaders = {}): HttpReply {
  return Object.freeze({ [REPLY]: true, status, headers, body });
}

/** What a handler returned, as a reply. */
export function toReply(result: unknown): HttpReply {
  if (typeof result === 'object' && result !== null && REPLY in result) return result as unknown as HttpReply;
  return reply(result === undefined ? 204 : 200, result);
}
