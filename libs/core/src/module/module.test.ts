import { start } from '../injection/__fixtures__/start.ts';
import { inject } from '../injection/context.ts';
import { InjectionToken } from '../injection/token.ts';
import { defineModule, type Module } from './module.ts';

const PORT = new InjectionToken<string>('PORT');
const NUMBER = new InjectionToken<number>('NUMBER');

class Adapter {
  readonly port = inject(PORT);
}

describe('visibility', () => {
  test('a module sees what the modules it imports export', async () => {
    const inner = defineModule({ providers: [{ provide: PORT, useValue: 'inner' }], exports: [PORT] });
    const { run } = await start(defineModule({ imports: [inner], providers: [Adapter] }));
    expect(run(() => inject(Adapter).port)).toBe('inner');
  });

  test('what is not exported is not seen, and the message says where it is', async () => {
    const inner = defineModule({ name: 'inner', providers: [{ provide: PORT, useValue: 'inner' }] });
    const outer = defineModule({ name: 'outer', imports: [inner], providers: [Adapter] });
    await expect(start(outer)).rejects.toThrow(
      /no provider for PORT in module outer \(needed by Adapter -> PORT\); module inner has one that does not reach here/,
    );
  });

  test('an imported module does not see what its importer provides', async () => {
    const inner = defineModule({ name: 'inner', providers: [Adapter] });
    const outer = defineModule({ imports: [inner], providers: [{ provide: PORT, useValue: 'outer' }] });
    await expect(start(outer)).rejects.toThrow(/no provider for PORT in module inner/);
  });

  test('what a provider injects comes from its own module, whoever asks', async () => {
    const inner = defineModule({
      providers: [Adapter, { provide: PORT, useValue: 'inner' }],
      exports: [Adapter],
    });
    const { run } = await start(defineModule({ imports: [inner], providers: [{ provide: PORT, useValue: 'outer' }] }));
    expect(run(() => inject(Adapter).port)).toBe('inner');
    expect(run(() => inject(PORT))).toBe('outer');
  });

  test('a module passes on a token or a whole module', async () => {
    const source = defineModule({
      providers: [
        { provide: PORT, useValue: 'source' },
        { provide: NUMBER, useValue: 1 },
      ],
      exports: [PORT, NUMBER],
    });
    const byToken = defineModule({ imports: [source], exports: [PORT] });
    const byModule = defineModule({ imports: [source], exports: [source] });
    const token = await start(defineModule({ imports: [byToken] }));
    expect(token.run(() => inject(PORT))).toBe('source');
    expect(() => token.run(() => inject(NUMBER))).toThrow(/KRP8002/);
    const whole = await start(defineModule({ imports: [byModule] }));
    expect(whole.run(() => inject(NUMBER))).toBe(1);
  });

  test('a module imported on two ways is one module', async () => {
    let built = 0;
    class Shared {
      readonly number = ++built;
    }
    const shared = defineModule({ providers: [Shared], exports: [Shared] });
    const left = defineModule({ imports: [shared], exports: [shared] });
    const right = defineModule({ imports: [shared], exports: [shared] });
    const { run } = await start(defineModule({ imports: [left, right] }));
    expect(run(() => inject(Shared).number)).toBe(1);
  });

  test('a function that returns a module gives a module of its own each time', async () => {
    const named = (name: string): Module =>
      defineModule({ name, providers: [{ provide: PORT, useValue: name }], exports: [PORT] });
    const { container } = await start(defineModule({ imports: [named('a'), named('b')] }));
    expect(container.scopes.map(({ name }) => name).slice(0, 2)).toEqual(['module a', 'module b']);
  });

  test('two imported modules that export the same token: asking for it is refused', async () => {
    const named = (name: string): Module =>
      defineModule({ name, providers: [{ provide: PORT, useValue: name }], exports: [PORT] });
    const outer = defineModule({ imports: [named('a'), named('b')], providers: [Adapter] });
    await expect(start(outer)).rejects.toThrow(/KRP8005: PORT has several providers.*: module a, module b/);
  });

  test('multi collects over modules, imported ones first', async () => {
    const inner = defineModule({ providers: [{ provide: NUMBER, multi: true, useValue: 1 }], exports: [NUMBER] });
    const { run } = await start(
      defineModule({ imports: [inner], providers: [{ provide: NUMBER, multi: true, useValue: 2 }] }),
    );
    expect(run(() => inject(NUMBER, { multi: true }))).toEqual([1, 2]);
  });
});

describe('modules that cannot be linked', () => {
  test('a token provided twice', async () => {
    const module = defineModule({ name: 'shop', providers: [Adapter, Adapter] });
    await expect(start(module)).rejects.toThrow('KRP8101: Adapter is provided more than once in module shop');
  });

  test('an export that is neither provided nor imported', async () => {
    const module = defineModule({ name: 'shop', exports: [PORT] });
    await expect(start(module)).rejects.toThrow('KRP8102: module shop exports PORT');
  });

  test.each([
    [
      'imports',
      { imports: [undefined as unknown as Module] },
      /imports\[0\] of module shop is undefined, not a module/,
    ],
    ['providers', { providers: [null as never] }, /providers\[0\] of module shop is null, not a provider/],
    ['exports', { exports: ['PORT' as never] }, /exports\[0\] of module shop is of type string/],
    ['routes', { routes: [{} as never] }, /routes\[0\] of module shop is of type object/],
  ])('a part of %s that is none, as circular file imports leave it', async (_, part, message) => {
    await expect(start(defineModule({ name: 'shop', ...part }))).rejects.toThrow(message);
  });

  test('modules that import each other', async () => {
    const imports: Module[] = [];
    const a = { ...defineModule({ name: 'a' }), imports };
    const b = defineModule({ name: 'b', imports: [a] });
    imports.push(b);
    await expect(start(a)).rejects.toThrow(
      'KRP8104: modules import each other in a circle: module a -> module b -> module a',
    );
  });
});

test('a module is plain and frozen: it can be read, not changed', () => {
  const module = defineModule({ providers: [Adapter] });
  expect(module.providers).toEqual([Adapter]);
  expect(Object.isFrozen(module) && Object.isFrozen(module.providers)).toBe(true);
});

test('providers are compared with the type of their token', () => {
  class Other {
    readonly other = 1;
  }
  // @ts-expect-error a string is no number
  defineModule({ providers: [{ provide: NUMBER, useValue: 'one' }] });
  // @ts-expect-error a promise is no number: `async: true` is missing
  defineModule({ providers: [{ provide: NUMBER, useFactory: async () => 1 }] });
  // @ts-expect-error Other is no Adapter
  defineModule({ providers: [{ provide: Adapter, useClass: Other }] });
  // @ts-expect-error a class whose `static inject` does not fit its constructor
  defineModule({ providers: [Mismatched] });
  const fits = defineModule({ providers: [{ provide: NUMBER, async: true, useFactory: async () => 1 }] });
  expect(fits.providers).toHaveLength(1);
});

class Mismatched {
  static readonly inject = [NUMBER] as const;
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
