import { addMember } from './cargo.ts';

const member = (text: string) => addMember(text, 'libs/geo');

test('a new member goes where a sorted list stays sorted, in the form that is there', () => {
  expect(member('[workspace]\nmembers = ["apps/cli"]\n')).toBe('[workspace]\nmembers = ["apps/cli", "libs/geo"]\n');
  expect(member("[workspace]\nmembers = [\n\t'apps/cli', # first\n]\n")).toBe(
    "[workspace]\nmembers = [\n\t'apps/cli', # first\n\t'libs/geo',\n]\n",
  );
  expect(member('[workspace]\r\nmembers = [\r\n  "a",\r\n  "b" # two\r\n]\r\n')).toBe(
    '[workspace]\r\nmembers = [\r\n  "a",\r\n  "b", # two\r\n  "libs/geo"\r\n]\r\n',
  );
  expect(member('workspace.members = []\n')).toBe('workspace.members = ["libs/geo"]\n');
  expect(member('[workspace] # ours\nresolver = "3"\n')).toBe(
    '[workspace] # ours\nmembers = ["libs/geo"]\nresolver = "3"\n',
  );
});

test('a pattern that covers the folder is enough', () => {
  const text = '[workspace]\nmembers = ["libs/*"]\n';
  expect(member(text)).toBe(text);
});

test('a folder that is excluded, a file without a workspace, a broken file: errors', () => {
  expect(() => member('[workspace]\nmembers = []\nexclude = ["libs"]\n')).toThrow(/KRP7056[\s\S]*exclude/);
  expect(() => member('[package]\nname = "a"\n')).toThrow(/KRP7056[\s\S]*at: Cargo\.toml/);
  expect(() => member('[workspace]\nmembers = [\n')).toThrow(/KRP7010[\s\S]*at: Cargo\.toml:\d/);
});
