import type { View } from '@krepis/plugin';
import { ts } from 'ts-morph';

/** A plain object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A configuration file in JSON, comments and trailing commas allowed; `undefined` if there is none or it holds no object.
 * What a broken one says is ignored: it is the concern of the tool it belongs to.
 */
export function readJson(view: View, path: string): Readonly<Record<string, unknown>> | undefined {
  const text = view.read(path);
  if (text === undefined) return undefined;
  const { config } = ts.parseConfigFileTextToJson(path, text) as { config?: unknown };
  return isRecord(config) ? config : undefined;
}
