import type { ChangeSet } from './change-set.ts';
import type { View } from './view.ts';

/** A request of a plugin. The master makes it: a plugin's own process has no network. */
export interface HttpRequest {
  /** Absolute: `https:`, or `http:` where the manifest declares the host with `http://`. */
  readonly url: string;
  /** Default: `GET`. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** `host`, `content-length` and others that say how the message travels are the master's to set. */
  readonly headers?: Readonly<Record<string, string>>;
  /** At most 16 MiB. */
  readonly body?: string | Uint8Array;
}

/** What came back. A status of 400 and above is an answer, not an error. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; several of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 16 MiB. */
  readonly body: Uint8Array;
  /** Where it came from, redirects followed. */
  readonly url: string;
  /** The body as UTF-8 text. */
  text(): string;
  /** The body as JSON. */
  json(): unknown;
}

/** The workspace as a plugin's command sees it: what its manifest declares under `read`, and HTTP to what it declares under `network`. */
export interface PluginView extends View {
  /**
   * Makes a request to a declared host: at most 30 s, five redirects, each to a declared host.
   *
   * @throws an error that names the missing declaration, or says why there was no answer
   * @example
   * const response = view.http({ url: 'https://api.example.org/schema.json' });
   * const schema = response.json();
   */
  http(request: HttpRequest): HttpResponse;
}

/**
 * A command of a plugin: the default export of a module named under `commands` in `krepis.plugin.json`. It runs in a
 * confined process of its own.
 *
 * @example
 * ```ts
 * const command: PluginCommand = (view) =>
 *   changes(view, 'schema').create('src/schema.json', view.http({ url: 'https://api.example.org/schema.json' }).text()).done();
 * export default command;
 * ```
 */
export type PluginCommand<Options = Record<string, unknown>> = (
  view: PluginView,
  options: Options,
) => ChangeSet | Promise<ChangeSet>;
