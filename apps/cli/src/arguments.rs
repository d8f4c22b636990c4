//! The command line: what `krepis --help` shows.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Generate and evolve services: every change checked, recorded and reversible.
#[derive(Debug, Parser)]
#[command(
    name = "krepis",
    version,
    about,
    max_term_width = 110,
    disable_help_subcommand = true
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Print data and failures as JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Seconds to wait for another krepis that is writing
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, global = true)]
    pub lock_timeout: f64,
    /// The Node.js to run commands on (a file)
    #[arg(long, value_name = "FILE", global = true)]
    pub node: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a new service into DIR
    New(NewArguments),
    /// Set up krepis in this project: krepis.json, and a baseline of what already breaks its rules
    Init(InitArguments),
    /// Generate into the project: service, controller, module, method, decorator, inject
    #[command(visible_alias = "g")]
    Generate(GenerateArguments),
    /// Print the change a generator would make, without making it
    Plan(PlanArguments),
    /// Apply a change: its JSON form or a unified diff
    Apply(ApplyArguments),
    /// Run commands of krepis.json; their changes become one operation
    Run(RunArguments),
    /// Run any other command so that `krepis undo` takes back what it changes
    Exec(ExecArguments),
    /// Become the command of `exec`
    #[command(hide = true)]
    ExecStart(ExecStartArguments),
    /// Check the architecture rules
    Check(CheckArguments),
    /// Take an operation back (the latest that still stands, or OP)
    Undo(UndoArguments),
    /// Do again what was undone last, or what of OP is undone
    Redo(RedoArguments),
    /// List operations, or show one
    History(HistoryArguments),
    /// Put right what a crash left behind and krepis could not decide alone
    Recover(RecoverArguments),
    /// Show the Node.js that commands run on
    Runtime(RuntimeArguments),
    /// Look whether everything krepis needs is in order
    Doctor(DoctorArguments),
    /// What this workspace keeps in caches; and the remote cache of Nx: from a folder or S3, with signed tokens and entries
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print every error code as Markdown (the source of docs/reference/errors.md)
    #[command(hide = true)]
    Errors,
}

#[derive(Debug, Args)]
pub struct NewArguments {
    /// The folder to write to; it must be empty or not exist
    pub dir: PathBuf,
    /// Name of the service; default: the folder's name
    #[arg(long)]
    pub name: Option<String>,
    /// Take the @krepis packages from tarballs in this folder instead of a registry
    #[arg(long, value_name = "DIR_OF_TARBALLS")]
    pub packages: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct InitArguments {
    /// Print the change only
    #[arg(long)]
    pub dry_run: bool,
}

/// What a generator is told.
#[derive(Debug, Clone, Args)]
pub struct Generator {
    /// service, controller, module, method, decorator or inject
    pub kind: String,
    /// NAME; for method: CLASS 'name(a: string): Promise<T>'; for decorator: CLASS[.MEMBER] '@Name(…)'; for inject: CLASS DEPENDENCY
    pub args: Vec<String>,
    /// Folder for new files, relative to the workspace root
    #[arg(long, value_name = "DIR")]
    pub dir: Option<String>,
    /// Module file to register in
    #[arg(long, value_name = "FILE")]
    pub module: Option<String>,
    /// File that declares the class, where several have its name
    #[arg(long, value_name = "FILE")]
    pub file: Option<String>,
    /// Module specifier to import the decorator from
    #[arg(long, value_name = "SPECIFIER")]
    pub from: Option<String>,
    /// File with the method's body (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
    /// Neither write nor edit tests
    #[arg(long)]
    pub no_tests: bool,
}

#[derive(Debug, Args)]
pub struct GenerateArguments {
    #[command(flatten)]
    pub generator: Generator,
    /// Print the change only
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub verify: VerifyArguments,
}

/// The check after a write.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// Run CMD (by sh, in the workspace's root) after the write, and take the write back if it fails
    #[arg(long = "verify", value_name = "CMD", conflicts_with = "dry_run")]
    pub command: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// The public JSON form, which `krepis apply` takes
    Json,
    /// The protobuf message krepis.v1.ChangeSet
    Proto,
    /// A unified diff
    Patch,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    pub generator: Generator,
    /// How to print the change
    #[arg(long, value_enum, default_value = "json")]
    pub format: PlanFormat,
    /// A change, in JSON, of pending content to plan on top of (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub overlay: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ApplyArguments {
    /// A change in JSON or a unified diff (`-`: standard input)
    pub file: PathBuf,
    /// Print the change only
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub verify: VerifyArguments,
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// Names of commands under `commands` in krepis.json; PLUGIN:COMMAND for a plugin's
    #[arg(required = true)]
    pub commands: Vec<String>,
    /// Let plugins change files of this class: executable-config, ci, agent-control, policy
    #[arg(long = "consent", value_name = "CLASS", value_parser = ["executable-config", "ci", "agent-control", "policy"])]
    pub consents: Vec<String>,
    /// Say what each plugin's process is confined with
    #[arg(long)]
    pub verbose: bool,
    /// Apply nothing unless every command succeeds
    #[arg(long)]
    pub all_or_nothing: bool,
    /// JSON object handed to every command as its options
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub options: String,
    /// Seconds a command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub timeout: f64,
    /// MiB of heap and buffers a command may use
    #[arg(long, value_name = "MIB", default_value_t = 512)]
    pub memory: u32,
    /// How many commands run at once; default: as many as there are cores
    #[arg(short = 'j', long, value_name = "NUMBER")]
    pub jobs: Option<std::num::NonZeroU32>,
    /// Print the change only
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub verify: VerifyArguments,
}

#[derive(Debug, Args)]
pub struct ExecArguments {
    /// Cover these files though they are ignored (a pattern as in .gitignore)
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Leave these files out (a pattern as in .gitignore)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// What the command changes beyond files (a database, a registry), so that undo can say it does not take that back
    #[arg(long = "barrier", value_name = "TEXT")]
    pub barriers: Vec<String>,
    /// One sentence for the history; default: the command line
    #[arg(long)]
    pub title: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct ExecStartArguments {
    /// The workspace
    pub root: PathBuf,
    /// The operation whose record must name this process first
    pub operation: String,
    /// The krepis that started this process
    pub parent: u32,
    /// The program's file
    pub program: PathBuf,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Write the violations there are into the baseline, so that only new ones count
    #[arg(long)]
    pub write_baseline: bool,
    /// Judge the edges of a project graph too: JSON of `nx graph --file` or of the executor @krepis/nx:boundaries (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub graph: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct UndoArguments {
    /// The operation (a ULID, or enough of its end to be unique)
    pub operation: Option<String>,
    /// Restore files that were edited since, losing these edits
    #[arg(long, conflicts_with = "skip")]
    pub force: bool,
    /// Leave files that were edited since as they are
    #[arg(long)]
    pub skip: bool,
    /// Only these files of the operation
    #[arg(long = "path", value_name = "FILE")]
    pub paths: Vec<String>,
    /// Print the change only
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub verify: VerifyArguments,
}

#[derive(Debug, Args)]
pub struct RedoArguments {
    /// The operation (a ULID, or enough of its end to be unique): what of it is undone is done again
    pub operation: Option<String>,
    /// Write files that were edited since, losing these edits
    #[arg(long, conflicts_with = "skip")]
    pub force: bool,
    /// Leave files that were edited since as they are
    #[arg(long)]
    pub skip: bool,
    /// Only these files of the operation
    #[arg(long = "path", value_name = "FILE")]
    pub paths: Vec<String>,
    /// Print the change only
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub verify: VerifyArguments,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArguments {
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// How many operations
    #[arg(short = 'n', long, default_value_t = 20)]
    pub limit: usize,
    /// Show the changes as a graph: what was undone before another change was made is a branch
    #[arg(long)]
    pub graph: bool,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Show one operation
    Show {
        /// The operation (a ULID, or enough of its end to be unique)
        operation: String,
        /// With the diff
        #[arg(long)]
        patch: bool,
    },
    /// Remove what need not be kept any more: `history` in krepis.json says how much is
    Gc {
        /// Say what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Record what another writer is about to do
    #[command(hide = true)]
    Observe {
        /// The process that writes
        #[arg(long)]
        owner_pid: u32,
        /// One sentence for the history
        #[arg(long)]
        title: Option<String>,
        /// The other writer's command line
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Read the state after from disk and close an observed operation
    #[command(hide = true)]
    Complete {
        /// The operation
        operation: String,
    },
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line, and they exclude each other"
)]
pub struct RecoverArguments {
    /// Go back to the state before the interrupted operation
    #[arg(long, conflicts_with_all = ["after", "keep"])]
    pub before: bool,
    /// Go on to the state after it
    #[arg(long, conflicts_with = "keep")]
    pub after: bool,
    /// Leave the files as they are
    #[arg(long)]
    pub keep: bool,
    /// Give up the undo of operations whose files are damaged or missing; damaged files are moved away, not deleted
    #[arg(long, conflicts_with_all = ["before", "after", "keep"])]
    pub forget_damaged: bool,
}

#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Print the names of the crash points (for the crash tests)
    #[arg(long, hide = true)]
    pub failpoints: bool,
    /// Record that plugins may run on this machine without the layers of the sandbox that it lacks
    #[arg(long)]
    pub accept_weaker_sandbox: bool,
}

#[derive(Debug, Args)]
pub struct RuntimeArguments {
    /// Every candidate, and why it was taken or not
    #[arg(long)]
    pub explain: bool,
}

#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// How much the caches of this workspace hold
    Stats,
    /// Remove the caches of this workspace, or one of them; they are rebuilt when they are needed
    Clear {
        /// Its name, as `krepis cache stats` lists it
        kind: Option<String>,
    },
    /// Serve the remote cache, until SIGTERM or SIGINT
    Serve(Box<CacheServeArguments>),
    /// Make a token for the remote cache: for main, or for a pull request that reads main and stores apart from it
    Token(CacheTokenArguments),
    /// Make the key that the server of the remote cache signs with
    Key {
        /// The file to write; it must not exist. Default: ~/.config/krepis/remote-cache.key
        file: Option<PathBuf>,
    },
}

/// Which key signs.
#[derive(Debug, Args)]
pub struct CacheKeyArguments {
    /// The file of the key; default: the key in `KREPIS_CACHE_KEY`, else ~/.config/krepis/remote-cache.key
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Raise it to make all tokens of earlier epochs invalid; entries stay valid
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub token_epoch: u32,
}

#[derive(Debug, Args)]
pub struct CacheTokenArguments {
    #[command(flatten)]
    pub key: CacheKeyArguments,
    /// Where the token stores: `main`, or a name for each pull request (`pr-123`)
    #[arg(long, value_name = "NAME")]
    pub scope: String,
    /// How long it holds: 12h, 30d
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub expires: String,
    /// It stores nothing
    #[arg(long)]
    pub read_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CacheLogLevel {
    /// What went wrong
    Warn,
    /// Every request, too
    Info,
}

#[derive(Debug, Args)]
pub struct CacheServeArguments {
    #[command(flatten)]
    pub key: CacheKeyArguments,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4300")]
    pub listen: std::net::SocketAddr,
    /// The folder of the entries, with S3 of what is under way; default: ~/.cache/krepis/remote-cache
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Bytes of all entries in the folder; what was not used for longest is evicted. Not for S3
    #[arg(long, value_name = "SIZE", default_value = "10GiB")]
    pub max_size: String,
    /// Bytes of one artefact; larger ones are not stored
    #[arg(long, value_name = "SIZE", default_value = "2GiB")]
    pub max_artifact: String,
    /// Bytes of all artefacts that are under way at once, on disk
    #[arg(long, value_name = "SIZE", default_value = "8GiB")]
    pub max_under_way: String,
    /// Connections at once; more wait
    #[arg(long, value_name = "NUMBER", default_value_t = 1024)]
    pub max_connections: usize,
    /// How long a client may stand still
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub idle_timeout: String,
    /// How long requests may take to finish after the signal to stop
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub grace: String,
    /// What is logged, on stderr, as JSON
    #[arg(long, value_enum, default_value = "info")]
    pub log: CacheLogLevel,
    /// Keep the entries in this S3 bucket; credentials come from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`
    #[arg(long, value_name = "NAME")]
    pub s3_bucket: Option<String>,
    /// Region of the bucket
    #[arg(
        long,
        value_name = "NAME",
        env = "AWS_REGION",
        default_value = "us-east-1",
        requires = "s3_bucket"
    )]
    pub s3_region: String,
    /// Address of an S3 server that is not AWS
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_S3", requires = "s3_bucket")]
    pub s3_endpoint: Option<String>,
    /// What every name in the bucket begins with
    #[arg(long, value_name = "TEXT", default_value = "", requires = "s3_bucket")]
    pub s3_prefix: String,
    /// The bucket is in the host name also with --s3-endpoint
    #[arg(long, requires = "s3_bucket")]
    pub s3_virtual_host: bool,
    /// Longest wait for S3 to answer
    #[arg(long, value_name = "TIME", default_value = "10s", requires = "s3_bucket")]
    pub s3_timeout: String,
}
