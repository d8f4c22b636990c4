/** What the workflow has to know of the workspace. */
export interface WorkflowFacts {
  readonly packageManager: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** Version that the workspace uses; pinned where the runner does not bring the tool. */
  readonly packageManagerVersion: string;
  /** `.nvmrc` or `.node-version`, if the workspace has one. */
  readonly nodeVersionFile: string | undefined;
  /** True with a Cargo.toml. */
  readonly rust: boolean;
  /** The branch that pull requests go to. */
  readonly branch: string;
  readonly shards: number;
  readonly targets: readonly string[];
  /** True if Nx's self-hosted remote cache is to be used. */
  readonly remoteCache: boolean;
}

/**
 * The text of a GitHub Actions workflow that runs `nx affected` over several machines.
 *
 * Only GitHub's own actions are used, by major version: they come from the party that runs the workflow anyway, and a
 * pinned digest without a bot that raises it is a version that never gets its fixes. Nothing of GitHub's `${{ }}` stands
 * in a shell text: values go there by environment variables, so that no branch or project name becomes code.
 *
 * @see https://docs.github.com/en/actions/reference/security/secure-use
 */
export function workflow(facts: WorkflowFacts): string {
  const { branch, shards, targets, remoteCache } = facts;
  const run = EXEC[facts.packageManager];
  return `# Written by \`nx g @krepis/nx:ci-workflow\`, and yours from now on.
name: CI

on:
  push:
    branches: [${JSON.stringify(branch)}]
  pull_request:

permissions:
  contents: read
  actions: read # to find the last run that passed

concurrency:
  group: ci-\${{ github.ref }}
  # A newer push to a pull request replaces the older run; every commit of ${branch} is checked.
  cancel-in-progress: \${{ github.event_name == 'pull_request' }}

env:
  TARGETS: ${targets.join(',')}
  NX_TUI: 'false'
  NX_NO_CLOUD: 'true'

jobs:
  plan:
    name: What is affected
    runs-on: ubuntu-latest
    timeout-minutes: 60
${remoteCache ? CACHE : ''}    outputs:
      any: \${{ steps.shards.outputs.any }}
      matrix: \${{ steps.shards.outputs.matrix }}
    steps:
${setup(facts)}
      - name: Generated files are in sync
        run: ${run} nx sync:check

      - name: The commit to compare with
        id: base
        env:
          GH_TOKEN: \${{ github.token }}
        run: |
          # A pull request: where it left its target. A push: the last commit of this branch that passed here.
          passed=
          if [ "$GITHUB_EVENT_NAME" = pull_request ]; then
            base=$(git merge-base "origin/$GITHUB_BASE_REF" HEAD)
          else
            workflow=\${GITHUB_WORKFLOW_REF%%@*}
            passed=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "\${workflow##*/}" --branch "$GITHUB_REF_NAME" \\
              --event push --status success --limit 1 --json databaseId,headSha --jq '.[0] | "\\(.databaseId) \\(.headSha)"') || passed=
            base=\${passed##* }
          fi
          if [ -n "$base" ] && git merge-base --is-ancestor "$base" HEAD; then
            echo "Compared with $base."
            echo "scope=--base=$base" >> "$GITHUB_OUTPUT"
          else
            echo "There is no commit to compare with: everything is affected."
            echo "scope=--all" >> "$GITHUB_OUTPUT"
          fi

      - name: What tasks took earlier
        uses: actions/cache@v5
        with:
          path: .nx/krepis-durations.json
          key: nx-durations-\${{ github.run_id }}
          restore-keys: nx-durations-

      - name: What tasks took in the last run
        env:
          GH_TOKEN: \${{ github.token }}
          BRANCH: ${JSON.stringify(branch)}
        run: |
          # Only for the balance of the machines: without it every task counts the same.
          workflow=\${GITHUB_WORKFLOW_REF%%@*}
          last=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "\${workflow##*/}" --branch "$BRANCH" \\
            --status success --limit 1 --json databaseId --jq '.[0].databaseId') || last=
          if [ -n "$last" ] && gh run download "$last" --repo "$GITHUB_REPOSITORY" --pattern 'nx-profile-*' --dir .nx/profiles; then
            for profile in .nx/profiles/*/nx-profile.json; do
              ${run} krepis-nx-shard record --profile="$profile" --durations=.nx/krepis-durations.json
            done
          else
            echo "No times of an earlier run."
          fi

      - name: ${remoteCache ? 'Split the affected tasks; what several machines need runs here, once' : 'Split the affected tasks'}
        id: shards
        env:
          SCOPE: \${{ steps.base.outputs.scope }}
        run: |
          ${run} krepis-nx-shard --shards=${shards} --targets="$TARGETS" "$SCOPE" \\
            --durations=.nx/krepis-durations.json${remoteCache ? ' $SHARED' : ''} --github >> "$GITHUB_OUTPUT"

  shard:
    name: Shard \${{ matrix.shard }}
    needs: plan
    if: needs.plan.outputs.any == 'true'
    runs-on: ubuntu-latest
    timeout-minutes: 60
${remoteCache ? CACHE : ''}    strategy:
      fail-fast: false
      matrix: \${{ fromJSON(needs.plan.outputs.matrix) }}
    steps:
${setup(facts)}
      - name: The tasks of this machine
        env:
          PROJECTS: \${{ matrix.projects }}
          NX_PROFILE: nx-profile.json
        run: ${run} nx run-many --targets="$TARGETS" --projects="$PROJECTS"

      - name: What the tasks took
        uses: actions/upload-artifact@v6
        with:
          name: nx-profile-\${{ strategy.job-index }}
          path: nx-profile.json
          retention-days: 30

  # One name for branch protection, whatever the number of machines.
  ci:
    name: CI
    needs: [plan, shard]
    if: always()
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Every part passed
        env:
          PLAN: \${{ needs.plan.result }}
          ANY: \${{ needs.plan.outputs.any }}
          SHARDS: \${{ needs.shard.result }}
        run: |
          echo "plan: $PLAN, affected: $ANY, shards: $SHARDS"
          [ "$PLAN" = success ]
          # Skipped is fine only if there was nothing to do.
          [ "$SHARDS" = success ] || { [ "$SHARDS" = skipped ] && [ "$ANY" = false ]; }
`;
}

/** How the package manager runs an installed command. */
const EXEC = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' } as const;

const INSTALL = {
  npm: 'npm ci',
  pnpm: 'pnpm install --frozen-lockfile',
  yarn: 'yarn install --immutable',
  bun: 'bun install --frozen-lockfile',
} as const;

/**
 * The remote cache. Which token a job gets is GitHub's to say, by its environment: a pull request may change this file,
 * but not the rule that \`ci-trusted\` is for the protected branch only (CVE-2025-36852). A pull request from a fork has
 * no token at all, and then no cache: Nx ends where a server refuses it.
 */
const CACHE = `    # Each environment holds its own secret NX_CACHE_TOKEN: the trusted one writes what everybody reads, the other
    # only what its pull request reads. \`ci-trusted\` must be limited to the protected branch in the settings.
    environment: \${{ github.event_name == 'push' && 'ci-trusted' || 'ci-pull-request' }}
    env:
      NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN: \${{ secrets.NX_CACHE_TOKEN }}
      # A pull request from a fork has no token: it runs without the cache.
      NX_SELF_HOSTED_REMOTE_CACHE_SERVER: \${{ secrets.NX_CACHE_TOKEN != '' && vars.NX_CACHE_SERVER || '' }}
      SHARED: \${{ secrets.NX_CACHE_TOKEN != '' && vars.NX_CACHE_SERVER != '' && '--shared-cache --run-shared' || '' }}
`;

function setup(facts: WorkflowFacts): string {
  const { packageManager: name, packageManagerVersion: version } = facts;
  const tool = {
    npm: '',
    pnpm: `npm install --global pnpm@${version}`,
    yarn: version.startsWith('1.') ? '' : 'npm install --global corepack && corepack enable',
    bun: `npm install --global bun@${version}`,
  }[name];
  const node = facts.nodeVersionFile ? `node-version-file: ${facts.nodeVersionFile}` : `node-version: 24`;
  const steps = [
    `      - uses: actions/checkout@v7
        with:
          fetch-depth: 0 # \`nx affected\` compares with earlier commits
          persist-credentials: false
`,
    ...(tool === '' ? [] : [`      - name: Package manager\n        run: ${tool}\n`]),
    `      - uses: actions/setup-node@v6
        with:
          ${node}
${name === 'bun' ? '' : `          cache: ${name}\n`}`,
    ...(facts.rust ? [RUST] : []),
    `      - name: Dependencies
        run: ${INSTALL[name]}
`,
  ];
  return steps.join('\n');
}

/** The registry only: \`target/\` grows without end, and what it holds Nx caches by exact inputs. */
const RUST = `      - name: Rust, as rust-toolchain.toml says
        run: |
          rustup show active-toolchain || rustup toolchain install
          rustup component add clippy rustfmt

      - name: Crates that Cargo has downloaded
        uses: actions/cache@v5
        with:
          path: |
            ~/.cargo/registry/index
            ~/.cargo/registry/cache
            ~/.cargo/git/db
          key: cargo-\${{ runner.os }}-\${{ hashFiles('**/Cargo.lock') }}
          restore-keys: cargo-\${{ runner.os }}-
`;
