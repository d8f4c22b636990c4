import type { WorkspaceTable } from '../../edit/cargo.ts';
import { lintsTable, packageTable } from '../crate/files.ts';

/** Cargo.toml of an addon: a C library that Node.js loads, and a Rust one for its own tests. */
export function addonManifest(name: string, workspace: WorkspaceTable, edition: string): string {
  const dependency = (key: string, version: string) =>
    key in (workspace.dependencies ?? {}) ? `${key}.workspace = true` : `${key} = "${version}"`;
  return `${packageTable(name, workspace, edition)}
[lib]
crate-type = ["cdylib"]

[dependencies]
${dependency('napi', '3')}
${dependency('napi-derive', '3')}

[build-dependencies]
${dependency('napi-build', '2')}
${lintsTable(workspace)}`;
}

export const BUILD = `fn main() {
    napi_build::setup();
}
`;

export const SOURCE = `use napi_derive::napi;

/// The sum of two numbers; \`null\` where it does not fit.
#[napi]
#[must_use]
pub fn add(left: u32, right: u32) -> Option<u32> {
    left.checked_add(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_what_fits() {
        assert_eq!(add(2, 2), Some(4));
        assert_eq!(add(u32::MAX, 1), None);
    }
}
`;

/** The platforms that Node.js has builds for and people use; package.json is the place to change them. */
const TARGETS = [
  'x86_64-unknown-linux-gnu',
  'x86_64-unknown-linux-musl',
  'aarch64-unknown-linux-gnu',
  'aarch64-unknown-linux-musl',
  'x86_64-apple-darwin',
  'aarch64-apple-darwin',
  'x86_64-pc-windows-msvc',
];

/** package.json of an addon: `napi` says what its binary is called and for which platforms there is one. */
export function addonPackage(packageName: string, crate: string): string {
  const manifest = {
    name: packageName,
    version: '0.1.0',
    main: 'index.js',
    types: 'index.d.ts',
    files: ['index.js', 'index.d.ts'],
    engines: { node: '>= 20' },
    napi: { binaryName: crate, targets: TARGETS },
    devDependencies: { '@napi-rs/cli': '^3.10.0' },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What a build leaves in the folder, and git should not keep. */
export const IGNORED = '*.node\nindex.js\nindex.d.ts\n';
