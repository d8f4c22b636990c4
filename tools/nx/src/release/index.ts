/** `@krepis/nx/release`: what `release.version.versionActions` of nx.json names. */
export { releaseTargets } from './targets.ts';
export { default } from './version-actions.ts';
