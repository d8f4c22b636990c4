/** Before the tests: what they install is what the sources say. The binaries are those of `npm run build`. */
import { node, ok, repository } from './krepis.ts';

export default function build(): void {
  ok(node, ['tools/tasks/build.mjs', 'packages', 'runner'], repository);
}
