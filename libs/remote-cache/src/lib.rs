//! The remote cache: Nx's self-hosted cache contract over a folder or S3.
//!
//! Three things are signed with the server's key: tokens (who may do what), and with every entry its scope, its hash, and
//! the SHA-256 and length of its artefact. So neither a pull request (by its token) nor whoever writes the back end can
//! make main take an artefact that main did not make (CVE-2025-36852).
//!
//! ```no_run
//! use krepis_remote_cache::{BackEnd, Key, Level, Limits, Log, Settings, serve};
//!
//! let (log, _writer) = Log::to(std::io::stderr(), Level::Info);
//! let settings = Settings {
//!     listen: "127.0.0.1:0".parse().unwrap(),
//!     key: Key::read("/etc/krepis/cache.key".as_ref()).unwrap(),
//!     token_epoch: 1,
//!     folder: "/var/cache/krepis".into(),
//!     back_end: BackEnd::Folder { most: 10 << 30 },
//!     limits: Limits::default(),
//!     log,
//! };
//! serve(settings, |address| println!("listening on {address}")).unwrap();
//! ```

pub mod errors;
mod folder;
mod hex;
mod key;
mod log;
mod name;
mod payload;
mod progress;
mod receive;
mod record;
mod s3;
mod serve;
mod server;
mod settings;
mod spool;
mod store;
mod token;

pub use key::Key;
pub use log::{Level, Log, LogWriter};
pub use name::{Scope, TaskHash};
pub use record::{Digest, Record, Records};
pub use s3::{S3Credentials, S3Settings};
pub use serve::serve;
pub use server::Server;
pub use settings::{BackEnd, Limits, Settings, parse_duration, parse_size};
pub use token::{Access, Token, Tokens};
