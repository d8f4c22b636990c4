import type { WorkspaceTable } from '../../edit/cargo.ts';

/** The `[package]` table of a new crate; what the workspace hands down is inherited. */
export function packageTable(
  name: string,
  workspace: WorkspaceTable | undefined,
  edition: string,
  description?: string,
): string {
  const shared = workspace?.package ?? {};
  const lines = ['[package]', `name = "${name}"`];
  const field = (key: string, value: string | undefined) => {
    if (key in shared) lines.push(`${key}.workspace = true`);
    else if (value !== undefined) lines.push(`${key} = "${value}"`);
  };
  field('version', '0.1.0');
  if (description !== undefined) lines.push(`description = "${description}"`);
  field('edition', edition);
  for (const key of ['rust-version', 'license', 'authors', 'repository']) field(key, undefined);
  if ('publish' in shared) lines.push('publish.workspace = true');
  return `${lines.join('\n')}\n`;
}

/** `[lints]`, where the workspace has some. */
export function lintsTable(workspace: WorkspaceTable | undefined): string {
  return workspace?.lints === undefined ? '' : '\n[lints]\nworkspace = true\n';
}

export const LIBRARY = `/// The sum of two numbers; \`None\` where it does not fit.
#[must_use]
pub fn add(left: u64, right: u64) -> Option<u64> {
    left.checked_add(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_what_fits() {
        assert_eq!(add(2, 2), Some(4));
        assert_eq!(add(u64::MAX, 1), None);
    }
}
`;

export const BINARY = `fn main() {
    println!("{}", greeting("world"));
}

fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        assert_eq!(greeting("Ada"), "Hello, Ada!");
    }
}
`;
