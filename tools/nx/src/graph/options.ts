/** The kinds of tasks that the plugin infers; each has an option `<kind>TargetName`. */
export const TASKS = [
  'build',
  'test',
  'lint',
  'fmt',
  'check',
  'bench',
  'napiBuild',
  'typecheck',
  'generate',
  'breaking',
  'pack',
] as const;

export type Task = (typeof TASKS)[number];

/** Options of the plugin, in nx.json beside its name. */
export type PluginOptions = {
  /** Crates from Cargo.toml. Default true. */
  readonly rust?: boolean;
  /** TypeScript packages from package.json and tsconfig.json. Default true. */
  readonly typescript?: boolean;
  /** Messages from buf.yaml and buf.gen.yaml. Default true. */
  readonly messages?: boolean;
} & {
  /** Name of the target, or false to leave it out. Default: the task's own name, `napi-build` for `napiBuild`. */
  readonly [Name in `${Task}TargetName`]?: string | false;
};

/** The name of every task that is not left out. */
export type TargetNames = Readonly<Partial<Record<Task, string>>>;

/** Resolves `<kind>TargetName`. */
export function targetNames(options: PluginOptions): TargetNames {
  const names: Partial<Record<Task, string>> = {};
  for (const task of TASKS) {
    const given = options[`${task}TargetName`];
    if (given !== false) names[task] = given ?? (task === 'napiBuild' ? 'napi-build' : task);
  }
  return names;
}
