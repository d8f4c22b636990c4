/** GitHub's own reading of a workflow: its parser, with its schema and its expressions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const SOURCE = `
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
export async function problems(content) {
  const { context, value } = parseWorkflow({ name: 'ci.yml', content }, new NoOperationTraceWriter());
  const template = value ? await convertWorkflowTemplate(context, value) : {};
  return [...context.errors.getErrors().map((error) => error.message), ...(template.errors ?? []).map((error) => error.Message)];
}`;

let load: ((content: string) => Promise<string[]>) | undefined;

/**
 * What GitHub would say of a workflow's text; empty if it would run it.
 *
 * The package imports JSON in a way that Node refuses, so it is bundled first.
 */
export async function workflowProblems(content: string): Promise<string[]> {
  if (load === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'krepis-github-'));
    try {
      const outfile = join(folder, 'parser.cjs');
      const stdin = { contents: SOURCE, resolveDir: __dirname };
      buildSync({ stdin, bundle: true, format: 'cjs', platform: 'node', outfile, logLevel: 'error' });
      load = (require(outfile) as { problems: (content: string) => Promise<string[]> }).problems;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return load(content);
}
