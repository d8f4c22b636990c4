//! The modules that Node brings along.

/// `module.builtinModules` of Node 24, sorted, with those that need `node:` in front.
const BUILTINS: [&str; 46] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "quic",
    "readline",
    "repl",
    "sea",
    "sqlite",
    "stream",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Builtins that exist with `node:` in front only; without it they are packages.
const PREFIXED_ONLY: [&str; 4] = ["quic", "sea", "sqlite", "test"];

/// Subpaths that builtins have.
const SUBPATHS: [&str; 13] = [
    "assert/strict",
    "dns/promises",
    "fs/promises",
    "inspector/promises",
    "path/posix",
    "path/win32",
    "readline/promises",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "timers/promises",
    "util/types",
    "test/reporters",
];

/// True for a module name that Node answers itself; in rules also one that needs `node:`.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.binary_search(&name).is_ok() || SUBPATHS.contains(&name)
}

/// True for a specifier without `node:` that Node answers itself.
pub fn is_bare_builtin(specifier: &str) -> bool {
    is_builtin(specifier) && !PREFIXED_ONLY.contains(&specifier) && specifier != "test/reporters"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(BUILTINS.is_sorted());
        assert!(is_bare_builtin("fs/promises"));
        assert!(is_builtin("test") && !is_bare_builtin("test"));
        assert!(!is_builtin("fastify"));
    }
}
