import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Ids become file names: one that could name another folder is not looked up at all.
const ID = /^[\w-]{1,64}$/;

/** Values in a folder, one JSON file each. */
export class JsonFolder<T> {
  readonly #folder: string;
  #writes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(id: string): Promise<T | undefined> {
    if (!ID.test(id)) return undefined;
    try {
      return JSON.parse(await readFile(join(this.#folder, `${id}.json`), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async readAll(): Promise<readonly T[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    const values = await Promise.all(ids.sort().map((id) => this.read(id)));
    return values.filter((value) => value !== undefined);
  }

  async write(id: string, value: T): Promise<void> {
    if (!ID.test(id)) throw new Error(`'${id}' cannot be a file name`);
    await mkdir(this.#folder, { recursive: true });
    // Written beside and renamed: a reader sees the old value or the new one, never half of it.
    const draft = join(this.#folder, `${id}.${process.pid}.${this.#writes++}.draft`);
    await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`);
    await rename(draft, join(this.#folder, `${id}.json`));
  }
}
