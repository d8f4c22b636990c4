//! Who runs this program.

use std::fs;

/// Name of the account that runs this process, from `/etc/passwd`; `None` where it is not listed there (network accounts,
/// containers with a bare uid): the caller falls back to `$USER`.
pub fn account_name() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}
