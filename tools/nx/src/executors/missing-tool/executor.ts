import { errors, KrepisError } from '../../errors.ts';

/** Options of the executor `missing-tool`; see schema.json. */
export interface MissingToolOptions {
  readonly tool: 'cargo' | 'buf';
  readonly file: string;
}

const HINTS = {
  cargo: 'Install Rust (https://rustup.rs), or set "rust": false in the plugin\'s options of nx.json.',
  buf: 'Install it with `npm install --save-dev @bufbuild/buf`, or set "messages": false in the plugin\'s options of nx.json.',
} as const;

/** Stands in for a task whose program is not installed: fails, and says which, who asks for it and what to do. */
export default async function missingTool({ tool, file }: MissingToolOptions): Promise<{ success: boolean }> {
  const failure = new KrepisError({
    ...errors.MISSING_TOOL,
    at: { path: file },
    reason: `\`${tool}\` is not on the path`,
    hint: HINTS[tool],
  });
  console.error(failure.message);
  return { success: false };
}
