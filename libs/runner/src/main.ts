/** Entry of the runner without a snapshot: `node main.cjs`, frames in on descriptor 3 and out on 4. */
import { loadBuiltins } from './builtins.ts';
import { runSession } from './session.ts';

void runSession({ snapshot: false, folder: __dirname, loadBuiltins });
