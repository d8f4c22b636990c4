import type { Table } from '../../manifests.ts';
import { strings, table } from '../../manifests.ts';
import { isPlatformFolder, type Target } from '../../napi/target.ts';
import type { Addon } from './addon.ts';

/** Fields a platform package takes from its addon, as `napi create-npm-dirs` does. */
const INHERITED: Readonly<Record<2 | 3, readonly string[]>> = {
  2: ['description', 'keywords', 'author', 'homepage', 'license', 'engines', 'publishConfig', 'repository', 'bugs'],
  3: ['description', 'keywords', 'author', 'authors', 'homepage', 'license', 'engines', 'repository', 'bugs'],
};

/** Whether the target is WebAssembly, which only version 3 packs. */
export const isWasm = (target: Target) => target.arch === 'wasm32';

/**
 * The package.json of a platform package, field by field in the order `@napi-rs/cli` writes them.
 *
 * For WebAssembly without `dependencies` and `engines`: their versions come from the registry.
 *
 * @see https://github.com/napi-rs/napi-rs/blob/main/cli/src/api/create-npm-dirs.ts
 */
export function platformPackage(addon: Addon, target: Target): Table {
  const wasm = isWasm(target);
  const binary = `${addon.binaryName}.${target.folder}.${wasm ? 'wasm' : 'node'}`;
  const identity = { name: `${addon.packageName}-${target.folder}`, version: addon.version };
  const cpu = wasm ? wasmCpu(addon) : target.arch === 'universal' ? undefined : [target.arch];
  const common = { main: binary, files: [binary] };
  const inherited = Object.fromEntries(
    INHERITED[addon.major].flatMap((field) => (addon.json[field] === undefined ? [] : [[field, addon.json[field]]])),
  );
  const os = wasm ? {} : { os: [target.platform] };
  const libc = target.abi === 'gnu' ? ['glibc'] : target.abi === 'musl' ? ['musl'] : undefined;
  const json =
    addon.major === 2
      ? { ...identity, ...os, cpu, ...common, ...inherited, libc }
      : { ...identity, cpu, ...common, ...inherited, ...publishConfig(addon), ...os, libc };
  if (wasm) Object.assign(json, webAssembly(addon, target, binary));
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}

function publishConfig({ json }: Addon): Table {
  const config = table(json.publishConfig);
  if (!config) return {};
  const picked = ['registry', 'access'].flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]]));
  return { publishConfig: Object.fromEntries(picked) };
}

function wasmCpu({ targets, wasmCpu }: Addon): string[] | undefined {
  return targets.every(isWasm) || !wasmCpu ? undefined : ['wasm32'];
}

function webAssembly({ binaryName }: Addon, target: Target, binary: string): Table {
  const stem = `${binaryName}.${target.folder.replace(/^wasm32-/, '')}`;
  const [main, types, browser] = [`${stem}.cjs`, `${stem}.d.cts`, `${stem}-browser.js`];
  const shared = { main, types, browser, type: 'module', engines: undefined };
  if (target.triple.endsWith('-threads')) {
    return { ...shared, files: [binary, main, types, browser, 'wasi-worker.mjs', 'wasi-worker-browser.mjs'] };
  }
  const [deferred, deferredTypes, module] = [`${stem}-deferred.js`, `${stem}-deferred.d.ts`, `${binary}.d.ts`];
  const wasm = { types: `./${module}`, default: `./${binary}` };
  return {
    ...shared,
    files: [binary, main, types, browser, deferred, deferredTypes, module],
    exports: {
      '.': { types: `./${types}`, browser: `./${browser}`, require: `./${main}`, default: `./${main}` },
      './workerd': { types: `./${deferredTypes}`, default: `./${deferred}` },
      './wasm': wasm,
      './wasm.wasm': wasm,
      './package.json': './package.json',
    },
  };
}

/** The README that `@napi-rs/cli` puts beside it. */
export function readme({ packageName }: Addon, { folder, triple }: Target): string {
  return `# \`${packageName}-${folder}\`\n\nThis is the **${triple}** binary for \`${packageName}\`\n`;
}

/** Whether a README is one that was made, not written. */
export function isMadeReadme(text: string): boolean {
  return /^# `[^`]+`\n\nThis is the \*\*[^*]+\*\* binary for `[^`]+`\n?$/.test(text);
}

/** Whether a package.json in the folder of that name is a platform package of this addon. */
export function isPlatformPackage(json: Table, folder: string, { packageName, binaryName }: Addon): boolean {
  if (json.name === `${packageName}-${folder}`) return true;
  const binaries = [`${binaryName}.${folder}.node`, `${binaryName}.${folder}.wasm`];
  return [...strings(json.files), json.main].some((file) => binaries.includes(String(file)));
}

/**
 * The value a field should have, given the one that is there: files of the user's own stay in `files`, and further
 * settings in `publishConfig`; a binary of another platform, or under another name, does not.
 */
export function merged(field: string, expected: unknown, there: unknown): unknown {
  if (field === 'files') {
    const wanted = strings(expected);
    const isBinary = (file: string) => isPlatformFolder(/\.([^.]+)\.(?:node|wasm)$/.exec(file)?.[1] ?? '');
    const kept = strings(there).filter((file) => wanted.includes(file) || !isBinary(file));
    return [...kept, ...wanted.filter((file) => !kept.includes(file))];
  }
  if (field === 'publishConfig') return { ...table(there), ...table(expected) };
  return expected;
}
