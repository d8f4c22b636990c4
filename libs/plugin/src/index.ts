/** What an author of Krepis generators and commands imports. */
export type { ChangeSet, Command, FileChange, FindEdit, SpanEdit } from './change-set.ts';
export { type ChangeBuilder, type CreateOptions, changes, type TextEdit } from './changes.ts';
export { digest } from './digest.ts';
export { type ErrorDefinition, errors } from './errors.ts';
export type { HttpRequest, HttpResponse, PluginCommand, PluginView } from './http.ts';
export { type Place, Refusal, type RefusalDetails, refuse } from './refusal.ts';
export type { ClassSite, Entry, Read, View } from './view.ts';
