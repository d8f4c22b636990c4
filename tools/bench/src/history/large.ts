/** Ten thousand files at once: written over, made, removed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import { run, wallTime } from '../measure.ts';
import type { InstalledCrate } from '../peers.ts';
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import { folder, git, gitVersion, jj, krepis, said, settle, workspace } from './places.ts';
import { assertTree, changeSet, removeNaively, type Tree, tree, writeNaively } from './trees.ts';

const FILES = 10_000;
const BYTES = 4096;
/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { measured: 5, warmUp: 1 };
const NAIVE = 'a loop of writeFileSync (as Nx writes)';

/** The two states that a round goes to and comes back from. */
interface Turn {
  readonly id: 'overwrite' | 'create';
  readonly from: Tree;
  readonly to: Tree;
}

export async function large(bench: Bench, jjCrate: InstalledCrate | null): Promise<Row[]> {
  const [one, other] = [tree(FILES, BYTES, 1), tree(FILES, BYTES, 2)];
  return [
    ...(await overwrite(bench, jjCrate, { id: 'overwrite', from: one, to: other })),
    ...(await create(bench, jjCrate, { id: 'create', from: new Map(), to: one })),
  ];
}

async function overwrite(bench: Bench, jjCrate: InstalledCrate | null, turn: Turn): Promise<Row[]> {
  const times = await measure(bench, jjCrate, turn, (ours) => krepis(bench, ours, 'undo'));
  const gitName = gitVersion(bench);
  const jjName = jjCrate?.name;
  const notes = unmeasured(jjCrate);
  return [
    row({
      id: 'overwrite/apply',
      title: '`krepis apply` over 10,000 files of 4 KiB, the whole history durable before the first write',
      unit: 'ms',
      goal: { max: 1, of: 'ratio' },
      ours: summarize(times.ours.there),
      peers: peers(times, 'there', gitName, 'checkout', jjName, 'new'),
      against: NAIVE,
      notes: [
        ...notes,
        'ours is the whole process, the 42 MB of the change set read and parsed; the loop is measured within a running Node.js',
        `the second goal is 1.5 s: ${times.ours.there.length > 0 && summarize(times.ours.there).median <= 1500 ? 'reached' : 'missed'}`,
      ],
    }),
    row({
      id: 'overwrite/undo',
      title: '`krepis undo` of it, beside writing the old texts back without knowing what is there',
      unit: 'ms',
      goal: { max: 1, of: 'ratio' },
      ours: summarize(times.ours.back),
      peers: {
        ...peers(times, 'back', gitName, 'checkout', jjName, 'undo'),
        [`${gitName} stash`]: summarize(times.stash),
      },
      against: NAIVE,
      notes,
    }),
  ];
}

async function create(bench: Bench, jjCrate: InstalledCrate | null, turn: Turn): Promise<Row[]> {
  const removal = join(folder(bench, 'changes'), 'removal.json');
  writeFileSync(removal, changeSet('remove all', turn.to, turn.from));
  const times = await measure(bench, jjCrate, turn, (ours) => krepis(bench, ours, 'apply', removal));
  const gitName = gitVersion(bench);
  const notes = unmeasured(jjCrate);
  return (['create', 'delete'] as const).map((id) => {
    const way = id === 'create' ? 'there' : 'back';
    return row({
      id: `${id}/apply`,
      title: `\`krepis apply\` that ${id === 'create' ? 'makes' : 'removes'} 10,000 files of 4 KiB`,
      unit: 'ms',
      goal: { max: 1.3, of: 'ratio' },
      ours: summarize(times.ours[way]),
      peers: peers(times, way, gitName, 'checkout', jjCrate?.name, 'new'),
      against: NAIVE,
      notes,
    });
  });
}

interface Ways {
  readonly there: number[];
  readonly back: number[];
}

interface Times {
  readonly ours: Ways;
  readonly naive: Ways;
  readonly git: Ways;
  readonly stash: number[];
  readonly jj: Ways;
}

function peers(
  times: Times,
  way: keyof Ways,
  gitName: string,
  gitVerb: string,
  jjName: string | undefined,
  jjVerb: string,
) {
  return {
    [NAIVE]: summarize(times.naive[way]),
    [`${gitName} ${gitVerb}`]: summarize(times.git[way]),
    ...(jjName === undefined ? {} : { [`${jjName} ${jjVerb}`]: summarize(times.jj[way]) }),
  };
}

function unmeasured(jjCrate: InstalledCrate | null): string[] {
  return jjCrate === null ? ['jj could not be built here and is left out'] : [];
}

/** Each round goes there and back once with each of them, one after the other, every one in a tree of its own. */
async function measure(
  bench: Bench,
  jjCrate: InstalledCrate | null,
  { id, from, to }: Turn,
  back: (ours: string) => ReturnType<typeof krepis>,
): Promise<Times> {
  const change = join(folder(bench, 'changes'), `${id}.json`);
  writeFileSync(change, changeSet(`${id} all`, from, to));
  const ours = workspace(bench, `${id}-ours`);
  const naive = folder(bench, `${id}-naive`);
  const repository = folder(bench, `${id}-git`);
  for (const root of [ours, naive]) writeNaively(root, from);
  const commits = await gitCommits(bench, repository, from, to);
  const jjRoot = folder(bench, `${id}-jj`);
  const revisions = jjCrate === null ? null : await jjRevisions(bench, jjCrate, jjRoot, from, to);

  const ways = (): Ways => ({ there: [], back: [] });
  const times: Times = { ours: ways(), naive: ways(), git: ways(), stash: [], jj: ways() };
  const timed = (work: () => void): number => {
    settle();
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  const timedProcess = async (command: ReturnType<typeof krepis>): Promise<number> => {
    settle();
    return wallTime(command);
  };
  for (let round = -ROUNDS.warmUp; round < ROUNDS.measured; round += 1) {
    const keep = (list: number[], time: number) => {
      if (round >= 0) list.push(time);
    };
    keep(times.ours.there, await timedProcess(krepis(bench, ours, 'apply', change)));
    assertTree(ours, to);
    keep(
      times.naive.there,
      timed(() => writeNaively(naive, to)),
    );
    keep(times.git.there, await timedProcess(git(bench, repository, 'checkout', '-q', commits.to)));
    assertTree(repository, to);
    if (revisions !== null && jjCrate !== null)
      keep(times.jj.there, await timedProcess(jj(bench, jjCrate.program, jjRoot, 'new', '-q', revisions.to)));

    keep(times.ours.back, await timedProcess(back(ours)));
    assertTree(ours, from);
    keep(
      times.naive.back,
      timed(() => (from.size > 0 ? writeNaively(naive, from) : removeNaively(naive, to))),
    );
    keep(times.git.back, await timedProcess(git(bench, repository, 'checkout', '-q', commits.from)));
    assertTree(repository, from);
    if (revisions !== null && jjCrate !== null) {
      const verb = from.size > 0 ? ['undo', '-q'] : ['new', '-q', revisions.from];
      keep(times.jj.back, await timedProcess(jj(bench, jjCrate.program, jjRoot, ...verb)));
      assertTree(jjRoot, from);
    }
    if (from.size > 0) {
      // The change lies in the working tree; stash keeps it and takes it back.
      writeNaively(repository, to);
      keep(times.stash, await timedProcess(git(bench, repository, 'stash', '-q')));
      assertTree(repository, from);
      await run(git(bench, repository, 'stash', 'drop', '-q'));
    }
  }
  return times;
}

async function gitCommits(bench: Bench, root: string, from: Tree, to: Tree): Promise<{ from: string; to: string }> {
  await run(git(bench, root, 'init', '-q'));
  // Only where there was no file before are there none after: a repository is never empty.
  writeFileSync(join(root, 'README.md'), '# A repository\n');
  const commit = async (files: Tree): Promise<string> => {
    writeNaively(root, files);
    await run(git(bench, root, 'add', '-A'));
    await run(git(bench, root, 'commit', '-q', '-m', 'state'));
    return said(git(bench, root, 'rev-parse', 'HEAD')).trim();
  };
  const commits = { from: await commit(from), to: await commit(to) };
  await run(git(bench, root, 'checkout', '-q', commits.from));
  return commits;
}

async function jjRevisions(
  bench: Bench,
  { program }: InstalledCrate,
  root: string,
  from: Tree,
  to: Tree,
): Promise<{ from: string; to: string }> {
  await run(jj(bench, program, root, 'git', 'init'));
  writeFileSync(join(root, 'README.md'), '# A repository\n');
  const commit = async (files: Tree): Promise<string> => {
    writeNaively(root, files);
    await run(jj(bench, program, root, 'commit', '-q', '-m', 'state'));
    return said(jj(bench, program, root, 'log', '--no-graph', '-r', '@-', '-T', 'commit_id')).trim();
  };
  const revisions = { from: await commit(from), to: await commit(to) };
  await run(jj(bench, program, root, 'new', '-q', revisions.from));
  return revisions;
}
