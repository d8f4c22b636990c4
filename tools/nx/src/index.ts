/** `@krepis/nx` as Nx loads it: the plugin, and the generators for those who compose them. */
export { default as controllerGenerator } from './generators/controller/generator.ts';
export { default as decoratorGenerator } from './generators/decorator/generator.ts';
export { default as initGenerator } from './generators/init/generator.ts';
export { default as injectGenerator } from './generators/inject/generator.ts';
export { default as methodGenerator } from './generators/method/generator.ts';
export { default as moduleGenerator } from './generators/module/generator.ts';
export { default as serviceGenerator } from './generators/service/generator.ts';
export { createDependencies, createNodes, createNodesV2, name } from './plugin.ts';
