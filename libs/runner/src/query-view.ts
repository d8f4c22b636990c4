/** The workspace as a plugin sees it: it has no file of it, the master answers what the manifest declares. */
import { createHash } from 'node:crypto';
import type { ClassSite, Entry, HttpRequest, HttpResponse, PluginView, Read } from '@krepis/plugin';
import type { Query, QueryAnswer } from '@krepis/proto';
import type { Channel } from './channel.ts';
import { errors, RunnerError } from './errors.ts';
import { plainJson } from './view.ts';

const KINDS: Record<number, Entry['kind']> = { 1: 'file', 2: 'directory', 3: 'symlink' };

/**
 * A view whose every look is a question to the master. It blocks until the answer is there: a question costs some tens of
 * microseconds.
 */
export class QueryView implements PluginView {
  readonly #channel: Channel;
  readonly #configJson: string;
  readonly #reads = new Map<string, string>();
  readonly #contents = new Map<string, Uint8Array | undefined>();
  #queries = 0;

  /**
   * @param channel - to the master; nobody else reads from it
   * @param configJson - text of krepis.json, empty where it is not told
   */
  constructor(channel: Channel, configJson: string) {
    this.#channel = channel;
    this.#configJson = configJson;
  }

  read(path: string): string | undefined {
    const bytes = this.readBytes(path);
    return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  readBytes(path: string): Uint8Array | undefined {
    const name = String(path);
    // A view is a snapshot: what was seen once stays.
    if (this.#contents.has(name)) return this.#contents.get(name)?.slice();
    const { file } = this.#ask({ $case: 'read', value: name });
    const content = file?.content;
    const where = file?.path ?? name;
    if (!this.#reads.has(where)) {
      this.#reads.set(where, content === undefined ? '' : createHash('sha256').update(content).digest('hex'));
    }
    this.#contents.set(name, content);
    return content?.slice();
  }

  exists(path: string): boolean {
    return this.list(path).length > 0 || this.readBytes(path) !== undefined;
  }

  list(directory: string): readonly Entry[] {
    const { entries } = this.#ask({ $case: 'list', value: String(directory) });
    return entries.map(({ name, kind }) => ({ name, kind: KINDS[kind] ?? 'file' }));
  }

  async findClasses(name: string): Promise<readonly ClassSite[]> {
    const { classes } = this.#ask({ $case: 'className', value: String(name) });
    return classes.map(({ path, line, name, exported }) => ({ path, line, name, exported }));
  }

  get config(): unknown {
    return this.#configJson === '' ? undefined : JSON.parse(plainJson(this.#configJson));
  }

  reads(): readonly Read[] {
    return [...this.#reads].map(([path, digest]) => ({ path, digest }));
  }

  http(request: HttpRequest): HttpResponse {
    const { body } = request;
    const { http } = this.#ask({
      $case: 'http',
      value: {
        method: request.method ?? 'GET',
        url: String(request.url),
        headers: Object.entries(request.headers ?? {}).map(([name, value]) => ({ name, value: String(value) })),
        body: typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array()),
      },
    });
    if (!http) throw new RunnerError(errors.QUERY_FAILED, 'the master gave no answer to a request');
    const headers: Record<string, string> = {};
    for (const { name, value } of http.headers) {
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const text = () => Buffer.from(http.body).toString('utf8');
    return { status: http.status, headers, body: http.body, url: http.url, text, json: () => JSON.parse(text()) };
  }

  #ask(question: NonNullable<Query['question']>): QueryAnswer {
    const id = ++this.#queries;
    this.#channel.send({ $case: 'query', value: { id, question } });
    const message = this.#channel.receive();
    if (message?.$case !== 'answer') throw new RunnerError(errors.QUERY_FAILED, 'the master went away');
    const { error } = message.value;
    if (!error) return message.value;
    const code = { code: error.code, exit: 70, title: error.message };
    throw new RunnerError(code, error.message, { at: error.at, reason: error.reason, hint: error.hint });
  }
}
