export { type App, type AppOptions, createApp } from './app/app.ts';
export { HEALTH_CHECK, type HealthCheck, type HealthOptions } from './app/health.ts';
export type { OnInit, OnShutdown } from './app/life-cycle.ts';
export { LOGGER, type Logger, type LogMethod } from './app/logger.ts';
export { type RequestContext, requestContext } from './app/request-context.ts';
export type { ShutdownOptions } from './app/shutdown.ts';
export { type ErrorName, errors, KrepisError } from './errors.ts';
export type {
  Address,
  HttpAdapter,
  HttpAdapterFactory,
  HttpHost,
  HttpRoute,
  InjectRequest,
  InjectResponse,
  ListenOptions,
  LoggerOption,
} from './http/adapter.ts';
export { type FastifyAdapterOptions, fastifyAdapter } from './http/fastify.ts';
export { PROBLEM_MAPPER, Problem, type ProblemMapper, type ProblemOptions } from './http/problem.ts';
export { type HttpReply, type ReplyHeaders, reply } from './http/reply.ts';
export type { Headers, HttpRequest, Method, PathParameters, Query } from './http/request.ts';
export {
  type Handler,
  type Route,
  type RouteDefinition,
  type RouteKey,
  type Routes,
  type RouteTable,
  route,
  routes,
} from './http/routes.ts';
export type { StandardIssue, StandardResult, StandardSchema } from './http/standard-schema.ts';
export type { RequestError, RouteSchemas } from './http/validation.ts';
export { type InjectOptions, inject, injectAsync, onShutdown, type ShutdownHook } from './injection/context.ts';
export type {
  AsyncFactoryProvider,
  ClassProvider,
  ExistingProvider,
  FactoryProvider,
  Lifetime,
  Provider,
  ProviderOf,
  ValueProvider,
} from './injection/provider.ts';
export { type Class, type ConcreteClass, InjectionToken, type Token, type TokenType } from './injection/token.ts';
export { defineModule, type Module, type ModuleOptions } from './module/module.ts';
