import { linkModules } from '../../module/graph.ts';
import type { Module } from '../../module/module.ts';
import { Container } from '../container.ts';
import { type InjectionContext, runInContext } from '../context.ts';

/** A started container, and a way to run code as if it stood in the root module. */
export async function start(root: Module): Promise<{
  readonly container: Container;
  readonly run: <T>(callback: () => T) => T;
}> {
  const container = new Container(linkModules(root));
  await container.start();
  const context: InjectionContext = container.contextOf(container.root, 'test');
  return { container, run: (callback) => runInContext(context, callback) };
}
