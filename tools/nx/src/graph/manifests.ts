/**
 * The files the plugin is asked about; Nx leaves out what git ignores.
 *
 * Beside manifests these are the files whose mere presence makes a target, so that nothing is looked up on the disk.
 */
export const MANIFESTS =
  '**/{Cargo.toml,Cargo.lock,package.json,project.json,buf.yaml,buf.gen.yaml,buf.work.yaml,tsconfig.json,tsconfig.build.json,tsconfig.lib.json,jest.config.*,vitest.config.*,eslint.config.*,src/main.rs,src/bin/*.rs,src/bin/*/main.rs,benches/*.rs,benches/*/main.rs}';
