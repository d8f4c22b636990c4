/** What a confined process was denied, and which declaration would have allowed it. */

/** A denial in words. */
export interface Denied {
  /** What the command did: follows its name in a sentence. */
  readonly what: string;
  /** What to do instead. */
  readonly hint: string;
}

const reads = (resource?: string): Denied => ({
  what: `may not read ${resource ?? 'outside of its own folder'}`,
  hint: 'a plugin reads files of the workspace through its view, where its krepis.plugin.json declares them: "capabilities": { "read": ["src/**"] }',
});
const writes: Denied = {
  what: 'may not write files',
  hint: 'a plugin writes nothing by itself: return the file in the change set; anything but source also needs "capabilities": { "paths": […] }',
};
const programs: Denied = {
  what: 'may not start a program',
  hint: 'no capability allows that yet ("tools" is refused): `krepis exec -- COMMAND` runs a program under the history',
};
const threads: Denied = { what: 'may not start a thread', hint: 'no capability allows that: a plugin has one thread' };
const native: Denied = { what: 'may not load native code', hint: 'no capability allows that: use WebAssembly' };
const signals: Denied = { what: 'may not signal a process', hint: 'no capability allows that' };
const network = (host?: string): Denied => ({
  what: `may not open a connection${host === undefined ? '' : ` to ${host}`}`,
  hint: `the master makes a plugin's requests: view.http({ url }), with the host declared in krepis.plugin.json: "capabilities": { "network": ["${host ?? 'api.example.org'}"] }`,
});

/** Node's names of the rights of its permission model. */
const PERMISSIONS: Record<string, (resource?: string) => Denied> = {
  FileSystem: reads,
  FileSystemRead: reads,
  FileSystemWrite: () => writes,
  ChildProcess: () => programs,
  WorkerThreads: () => threads,
  Worker: () => threads,
  Addon: () => native,
  Addons: () => native,
  FFI: () => native,
  WASI: () => ({ what: 'may not use WASI', hint: 'no capability allows that: WebAssembly without WASI works' }),
  Inspector: () => ({ what: 'may not open the inspector', hint: 'no capability allows that' }),
  Net: network,
};

/** The system calls by which libuv names what failed. */
const CALLS: readonly (readonly [RegExp, (error: SystemError) => Denied])[] = [
  [/^(connect|bind|listen|socket|getaddrinfo|send)/, (error) => network(error.hostname ?? error.address)],
  [/^(spawn|fork)/, () => programs],
  [/^kill/, () => signals],
  [/^(open|read|scandir|opendir|stat|lstat|readlink|access|realpath)/, (error) => reads(error.path)],
  [/^(write|mkdir|rmdir|unlink|rename|link|symlink|chmod|chown|utime|copyfile|ftruncate|mkdtemp)/, () => writes],
];

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly permission?: unknown;
  readonly resource?: unknown;
  readonly path?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/**
 * Looks for a denial in a thrown value and in what caused it. Never throws: a plugin can throw anything.
 *
 * @example denied(error)?.hint
 */
export function denied(error: unknown, depth = 0): Denied | undefined {
  try {
    if (typeof error !== 'object' || error === null || depth > 4) return undefined;
    const found = error as SystemError;
    return (
      ofOne(found) ??
      denied(found.cause, depth + 1) ??
      (Array.isArray(found.errors) ? found.errors.map((one) => denied(one, depth + 1)).find(Boolean) : undefined)
    );
  } catch {
    return undefined;
  }
}

function ofOne(error: SystemError): Denied | undefined {
  const { code } = error;
  if (code === 'ERR_ACCESS_DENIED') {
    const resource = typeof error.resource === 'string' && error.resource !== '' ? error.resource : undefined;
    return PERMISSIONS[String(error.permission)]?.(resource) ?? { what: `may not use ${error.permission}`, hint: '' };
  }
  if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_DLOPEN_FAILED') return native;
  const call = String(error.syscall);
  const isDenied = code === 'EACCES' || code === 'EPERM';
  const isLookup = call.startsWith('getaddrinfo') || call.startsWith('query');
  if (isLookup) return network(error.hostname);
  return isDenied ? CALLS.find(([name]) => name.test(call))?.[1](error) : undefined;
}
