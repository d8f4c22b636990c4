import { setImmediate as turn } from 'node:timers/promises';
import { defineModule } from '../module/module.ts';
import { start } from './__fixtures__/start.ts';
import { inject, injectAsync } from './context.ts';
import { InjectionToken } from './token.ts';

const POOL = new InjectionToken<{ readonly id: number }>('POOL');
const OTHER = new InjectionToken<string>('OTHER');

test('an async factory is awaited before classes that inject its value are built', async () => {
  class Store {
    readonly pool = inject(POOL);
  }
  const { run } = await start(
    defineModule({
      providers: [
        Store,
        {
          provide: POOL,
          async: true,
          useFactory: async () => {
            await turn();
            return { id: 1 };
          },
        },
      ],
    }),
  );
  expect(run(() => inject(Store).pool)).toEqual({ id: 1 });
});

test('two that wait for the same singleton get one', async () => {
  let built = 0;
  const pool = async (): Promise<{ id: number }> => {
    await turn();
    built += 1;
    return { id: built };
  };
  const BOTH = new InjectionToken<readonly { readonly id: number }[]>('BOTH');
  const { run } = await start(
    defineModule({
      providers: [
        { provide: BOTH, async: true, useFactory: () => Promise.all([injectAsync(POOL), injectAsync(POOL)]) },
        { provide: POOL, async: true, useFactory: pool },
      ],
    }),
  );
  const [first, second] = run(() => inject(BOTH));
  expect(first).toBe(second);
  expect(run(() => inject(POOL))).toBe(first);
  expect(built).toBe(1);
});

test('two at once from outside get one singleton of a class with async dependencies', async () => {
  let built = 0;
  class Store {
    static readonly inject = [POOL] as const;
    readonly number = ++built;
    readonly pool: { readonly id: number };
    constructor(pool: { readonly id: number }) {
      this.pool = pool;
    }
  }
  const FIRST = new InjectionToken<Store>('FIRST');
  const SECOND = new InjectionToken<Store>('SECOND');
  const { run } = await start(
    defineModule({
      providers: [
        {
          provide: FIRST,
          async: true,
          useFactory: () => Promise.all([injectAsync(Store), turn()]).then(([store]) => store),
        },
        { provide: SECOND, async: true, useFactory: () => injectAsync(Store) },
        Store,
        { provide: POOL, async: true, useFactory: async () => ({ id: 7 }) },
      ],
    }),
  );
  expect(run(() => inject(FIRST))).toBe(run(() => inject(SECOND)));
  expect(run(() => inject(Store).pool.id)).toBe(7);
  expect(built).toBe(1);
});

test('the injection context ends with the synchronous part of an async factory', async () => {
  const seen: unknown[] = [];
  await start(
    defineModule({
      providers: [
        {
          provide: OTHER,
          async: true,
          useFactory: async () => {
            await turn();
            try {
              inject(POOL);
            } catch (error) {
              seen.push(error);
            }
            return 'done';
          },
        },
      ],
    }),
  );
  expect(seen).toEqual([expect.objectContaining({ code: 'KRP8001' })]);
});

test('an async value that is not ready yet says how to wait for it', async () => {
  const module = defineModule({
    providers: [
      { provide: OTHER, async: true, useFactory: async () => `pool ${inject(POOL).id}` },
      { provide: POOL, async: true, useFactory: async () => ({ id: 1 }) },
    ],
  });
  await expect(start(module)).rejects.toThrow(
    /KRP8004: POOL .* \(needed by OTHER -> POOL\)\n {2}hint: use `await injectAsync/,
  );
});

test('async factories that wait for each other are a circle, not a deadlock', async () => {
  const module = defineModule({
    providers: [
      { provide: OTHER, async: true, useFactory: async () => `pool ${(await injectAsync(POOL)).id}` },
      { provide: POOL, async: true, useFactory: async () => ({ id: (await injectAsync(OTHER)).length }) },
    ],
  });
  await expect(start(module)).rejects.toThrow('KRP8003: providers need each other in a circle: OTHER -> POOL -> OTHER');
});

test('two chains that meet in a circle are seen, whichever comes last', async () => {
  const A = new InjectionToken<unknown>('A');
  const B = new InjectionToken<unknown>('B');
  const BOTH = new InjectionToken<unknown>('BOTH');
  const module = defineModule({
    providers: [
      { provide: BOTH, async: true, useFactory: () => Promise.all([injectAsync(A), injectAsync(B)]) },
      { provide: A, async: true, useFactory: () => injectAsync(B) },
      { provide: B, async: true, useFactory: () => injectAsync(A) },
    ],
  });
  await expect(start(module)).rejects.toThrow(/KRP8003.*(A -> B -> A|B -> A -> B)/);
});

test('a failed async factory fails the start with its own error, and can be tried again', async () => {
  let attempts = 0;
  const TRIED = new InjectionToken<string>('TRIED');
  const { run } = await start(
    defineModule({
      providers: [
        {
          provide: TRIED,
          async: true,
          useFactory: () => injectAsync(OTHER).catch(() => 'failed once'),
        },
        {
          provide: OTHER,
          async: true,
          useFactory: async () => {
            attempts += 1;
            if (attempts === 1) throw new Error('no connection');
            return 'connected';
          },
        },
      ],
    }),
  );
  expect(run(() => inject(TRIED))).toBe('failed once');
  expect(run(() => inject(OTHER))).toBe('connected');

  const never = { provide: OTHER, async: true, useFactory: () => Promise.reject(new Error('no connection')) } as const;
  await expect(start(defineModule({ providers: [never] }))).rejects.toThrow('no connection');
});

test('multi waits for every provider', async () => {
  const ALL = new InjectionToken<readonly string[]>('ALL');
  const { run } = await start(
    defineModule({
      providers: [
        { provide: ALL, async: true, useFactory: () => injectAsync(OTHER, { multi: true }) },
        { provide: OTHER, multi: true, async: true, useFactory: async () => 'late' },
        { provide: OTHER, multi: true, useValue: 'early' },
      ],
    }),
  );
  expect(run(() => inject(ALL))).toEqual(['late', 'early']);
});
