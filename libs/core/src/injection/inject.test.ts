import { defineModule } from '../module/module.ts';
import { start } from './__fixtures__/start.ts';
import { inject, onShutdown } from './context.ts';
import { InjectionToken } from './token.ts';

const NUMBER = new InjectionToken<number>('NUMBER');
const WORD = new InjectionToken<string>('WORD');

describe('what a class gets', () => {
  test('a field initialiser injects by class and by token', async () => {
    class Engine {
      readonly power = inject(NUMBER);
    }
    class Car {
      readonly engine = inject(Engine);
    }
    const { run } = await start(defineModule({ providers: [Car, Engine, { provide: NUMBER, useValue: 90 }] }));
    expect(run(() => inject(Car).engine.power)).toBe(90);
  });

  test('`static inject` fills constructor parameters in order', async () => {
    class Label {
      static readonly inject = [WORD, NUMBER] as const;
      readonly text: string;
      constructor(word: string, count: number) {
        this.text = `${word} ${count}`;
      }
    }
    const values = [
      { provide: WORD, useValue: 'tea' },
      { provide: NUMBER, useValue: 2 },
    ] as const;
    const { run } = await start(defineModule({ providers: [Label, ...values] }));
    expect(run(() => inject(Label).text)).toBe('tea 2');
  });

  test('constructor parameters that nothing declares are refused', async () => {
    class Service {
      readonly number: number;
      constructor(number: number) {
        this.number = number;
      }
    }
    // @ts-expect-error the type checker says the same
    const module = defineModule({ providers: [Service] });
    await expect(start(module)).rejects.toThrow(/KRP8006: Service's constructor takes 1 parameter.* names none/);
  });

  test('a class outside an injection context says what to do', () => {
    class Service {
      readonly number = inject(NUMBER);
    }
    expect(() => new Service()).toThrow(/KRP8001.*\n {2}hint: call it in a field initialiser/);
  });
});

describe('kinds of providers', () => {
  test('a singleton is built once, a transient for each place that asks', async () => {
    let built = 0;
    class Once {
      readonly number = ++built;
    }
    class Each {
      readonly stamp = Symbol('each');
    }
    const { run } = await start(
      defineModule({ providers: [Once, { provide: Each, useClass: Each, scope: 'transient' }] }),
    );
    expect(run(() => inject(Once))).toBe(run(() => inject(Once)));
    expect(built).toBe(1);
    expect(run(() => inject(Each))).not.toBe(run(() => inject(Each)));
  });

  test('an abstract class stands for a port', async () => {
    abstract class Clock {
      abstract hour(): number;
    }
    class Noon extends Clock {
      hour(): number {
        return 12;
      }
    }
    const { run } = await start(defineModule({ providers: [{ provide: Clock, useClass: Noon }] }));
    expect(run(() => inject(Clock).hour())).toBe(12);
  });

  test('a factory may inject, and its value is kept', async () => {
    const LIST = new InjectionToken<number[]>('LIST');
    const { run } = await start(
      defineModule({
        providers: [
          { provide: LIST, useFactory: () => [inject(NUMBER)] },
          { provide: NUMBER, useValue: 1 },
        ],
      }),
    );
    expect(run(() => inject(LIST))).toEqual([1]);
    expect(run(() => inject(LIST))).toBe(run(() => inject(LIST)));
  });

  test('`useExisting` is a second name for the same value', async () => {
    class Store {}
    const STORE = new InjectionToken<Store>('STORE');
    const { run } = await start(defineModule({ providers: [{ provide: STORE, useExisting: Store }, Store] }));
    expect(run(() => inject(STORE))).toBe(run(() => inject(Store)));
  });

  test('`useExisting` of nothing is refused at the start', async () => {
    class Store {}
    const STORE = new InjectionToken<Store>('STORE');
    const module = defineModule({ providers: [{ provide: STORE, useExisting: Store }] });
    await expect(start(module)).rejects.toThrow(/KRP8002: no provider for Store.*STORE -> Store/);
  });

  test("a token's own factory serves where no module provides it, and gives way where one does", async () => {
    const ZONE = new InjectionToken<string>('ZONE', { factory: () => 'UTC' });
    const own = await start(defineModule({}));
    expect(own.run(() => inject(ZONE))).toBe('UTC');
    const provided = await start(defineModule({ providers: [{ provide: ZONE, useValue: 'Europe/Vienna' }] }));
    expect(provided.run(() => inject(ZONE))).toBe('Europe/Vienna');
  });

  test('the values undefined, null and false are values', async () => {
    const VALUE = new InjectionToken<unknown>('VALUE');
    for (const value of [undefined, null, false]) {
      const { run } = await start(defineModule({ providers: [{ provide: VALUE, useValue: value }] }));
      expect(run(() => inject(VALUE))).toBe(value);
    }
  });
});

describe('options', () => {
  test('optional gives undefined where nothing provides the token', async () => {
    const { run } = await start(defineModule({}));
    expect(run(() => inject(NUMBER, { optional: true }))).toBeUndefined();
    expect(run(() => inject(NUMBER, { optional: true, multi: true }))).toEqual([]);
  });

  test('optional does not hide an error inside the provider', async () => {
    class Broken {
      readonly number = inject(NUMBER);
    }
    const module = defineModule({ providers: [{ provide: Broken, useClass: Broken, scope: 'transient' }] });
    const { run } = await start(module);
    expect(() => run(() => inject(Broken, { optional: true }))).toThrow(/KRP8002: no provider for NUMBER/);
  });

  test('multi collects every provider in order', async () => {
    const providers = [
      { provide: NUMBER, useValue: 1, multi: true },
      { provide: NUMBER, useFactory: () => 2, multi: true },
    ] as const;
    const { run } = await start(defineModule({ providers }));
    expect(run(() => inject(NUMBER, { multi: true }))).toEqual([1, 2]);
  });

  test('a multi token asked for without multi is refused', async () => {
    const { run } = await start(defineModule({ providers: [{ provide: NUMBER, useValue: 1, multi: true }] }));
    expect(() => run(() => inject(NUMBER))).toThrow(/KRP8005: NUMBER has several providers/);
  });

  test('lazy lets two classes know each other', async () => {
    class Hen {
      readonly egg = inject(Egg, { lazy: true });
    }
    class Egg {
      readonly hen = inject(Hen, { lazy: true });
    }
    const { run } = await start(defineModule({ providers: [Hen, Egg] }));
    const hen = run(() => inject(Hen));
    expect(hen.egg().hen()).toBe(hen);
  });

  test('lazy called while the circle is still being built is a circle', async () => {
    class Hen {
      readonly egg = inject(Egg);
    }
    class Egg {
      readonly hen = inject(Hen, { lazy: true })();
    }
    await expect(start(defineModule({ providers: [Hen, Egg] }))).rejects.toThrow(/KRP8003/);
  });
});

describe('what is wrong is said with the way that led to it', () => {
  test('a missing provider names the chain', async () => {
    class Wheel {
      readonly size = inject(NUMBER);
    }
    class Car {
      readonly wheel = inject(Wheel);
    }
    await expect(start(defineModule({ name: 'cars', providers: [Car, Wheel] }))).rejects.toThrow(
      'KRP8002: no provider for NUMBER in module cars (needed by Car -> Wheel -> NUMBER)',
    );
  });

  test('a circle names every class in it, and only those', async () => {
    class Entry {
      readonly a = inject(A);
    }
    class A {
      readonly b = inject(B);
    }
    class B {
      readonly c = inject(C);
    }
    class C {
      readonly a = inject(A);
    }
    await expect(start(defineModule({ providers: [Entry, A, B, C] }))).rejects.toThrow(
      'KRP8003: providers need each other in a circle: A -> B -> C -> A',
    );
  });

  test('after a failed build the next one starts anew', async () => {
    let attempts = 0;
    class Flaky {
      constructor() {
        attempts += 1;
        if (attempts === 1) throw new Error('not yet');
      }
    }
    const { container, run } = await start(defineModule({ providers: [] }));
    expect(container.built).toEqual([]);
    const module = defineModule({ providers: [{ provide: Flaky, useClass: Flaky, scope: 'transient' }] });
    const flaky = await start(module);
    expect(() => flaky.run(() => inject(Flaky))).toThrow('not yet');
    expect(flaky.run(() => inject(Flaky))).toBeInstanceOf(Flaky);
    expect(() => run(() => inject(Flaky))).toThrow(/KRP8002/);
  });

  test('onShutdown outside a provider is refused', async () => {
    const { run } = await start(defineModule({}));
    expect(() => run(() => onShutdown(() => {}))).toThrow(/KRP8001: onShutdown\(\)/);
  });
});
