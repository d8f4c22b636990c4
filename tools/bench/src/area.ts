import type { Row } from './report.ts';

/** A group of rows that is measured together: `npm run bench -- NAME`. */
export interface Area {
  readonly name: string;
  /** @throws Error if something measured does not work; a goal that is missed is no error. */
  measure(bench: Bench): Promise<readonly Row[]>;
}

/** What an area works with. */
export interface Bench {
  /** The built `krepis`. */
  readonly krepis: string;
  /** The packages as users install them. */
  readonly tarballs: Tarballs;
  /** The `pnpm` of this repository. */
  readonly pnpm: string;
  /** Folder the peers are installed in; kept between runs. */
  readonly peers: string;
  /** Empty folder of this run. */
  readonly scratch: string;
  /** What `env` names as krepis's cache; empty at the start. */
  readonly cache: string;
  /** Environment of everything that is run. */
  readonly env: NodeJS.ProcessEnv;
}

/** Tarballs of `npm run pack`. */
export interface Tarballs {
  readonly packages: readonly { readonly name: string; readonly file: string }[];
  /** sha256 hex over all of them. */
  readonly digest: string;
}
