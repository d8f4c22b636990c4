import { errors, KrepisError } from '../../errors.ts';

/** Options of the executor `missing`; see schema.json. */
export interface MissingOptions {
  readonly what: 'cargo' | 'buf' | 'Cargo.lock';
  readonly path: string;
  readonly line?: number;
  readonly reason: string;
}

const FAILURES = {
  cargo: {
    ...errors.MISSING_TOOL,
    hint: 'Install Rust (https://rustup.rs), or set "rust": false in the plugin\'s options of nx.json.',
  },
  buf: {
    ...errors.MISSING_TOOL,
    hint: 'Install it with `npm install --save-dev @bufbuild/buf`, or set "messages": false in the plugin\'s options of nx.json.',
  },
  'Cargo.lock': errors.NO_CARGO_LOCK,
} as const;

/** Stands in for a task that cannot run: fails, and says what is missing, who asks for it and what to do. */
export default async function missing({ what, path, line, reason }: MissingOptions): Promise<{ success: boolean }> {
  console.error(new KrepisError({ ...FAILURES[what], at: { path, line }, reason }).message);
  return { success: false };
}
