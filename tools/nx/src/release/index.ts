/** `@krepis/nx/release`: what `release.version.versionActions` of nx.json names. */
export { default } from './version-actions.ts';
