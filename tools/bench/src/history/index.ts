/**
 * Area `history`: what it costs that every change can be taken back, beside writing without any of it, and beside git
 * and jj.
 */
import type { Area } from '../area.ts';
import { installCrate, JJ } from '../peers.ts';
import { command } from './command.ts';
import { crowd } from './crowd.ts';
import { large } from './large.ts';
import { log } from './log.ts';
import { size } from './size.ts';
import { small } from './small.ts';

export const history: Area = {
  name: 'history',
  async measure(bench) {
    const jj = installCrate(bench.peers, JJ);
    return [
      ...(await large(bench, jj)),
      ...(await small(bench)),
      ...(await command(bench)),
      ...(await crowd(bench)),
      await size(bench),
      ...(await log(bench)),
    ];
  },
};
