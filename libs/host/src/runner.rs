//! One runner process: started, fed, listened to, and its end explained.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use krepis_change::Failure;
use krepis_proto::v1::{MasterFrame, QueryAnswer, RunnerFrame, StartCommands, master_frame, runner_frame};
use prost::Message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::guard::{Guard, pid};
use crate::output::{Decoder, OUTPUT_LIMIT};
use crate::{FrameDecoder, Interrupts, encode_frame, errors};

/// Bytes read at once: a pipe's worth.
const CHUNK: usize = 64 * 1024;
/// Bytes of stderr kept to explain a death.
const LAST_WORDS: usize = 4096;
/// How long a runner may take to write its compile cache, which it does after its last result.
const GRACE: Duration = Duration::from_secs(3);

/// A runner at work.
#[derive(Debug)]
pub(crate) struct Runner {
    child: Child,
    /// Leads the child's group.
    guard: Option<Guard>,
    ended: Option<ExitStatus>,
    /// Readable when the user wants an end.
    bell: Option<OwnedFd>,
    frames_in: Option<PipeReader>,
    frames_out: Option<PipeWriter>,
    outgoing: VecDeque<u8>,
    decoder: FrameDecoder,
    stdout: Option<std::process::ChildStdout>,
    stderr: Option<std::process::ChildStderr>,
    decoders: [Decoder; 2],
    last_words: VecDeque<u8>,
    deadline: Option<Instant>,
}

/// What came of waiting.
#[derive(Debug)]
pub(crate) enum Event {
    /// The runner said something.
    Frame(runner_frame::Frame),
    /// Something was written to stdout or stderr.
    Output(String),
    /// Nothing more will come.
    End,
    /// The time is up.
    TimedOut,
    /// A signal asks this program to stop.
    Interrupted,
}

impl Runner {
    /// Starts Node with `arguments` and queues the commands.
    pub fn start(
        program: &Path,
        arguments: &[&Path],
        compile_cache: Option<&Path>,
        commands: StartCommands,
        time_limit: Option<Duration>,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&commands.root);
        clean(&mut command, compile_cache);
        let mut runner = Self::spawn(command, time_limit, |_| Ok(()))?.0;
        runner.give(commands)?;
        Ok(runner)
    }

    /// Starts what `command` says, with frames on descriptors 3 and 4 and its output captured. `prepare` is the last to
    /// touch the command: what it hangs on it runs in the child when everything else is in place. Where it fails, nothing is
    /// started.
    pub fn spawn<T>(
        mut command: Command,
        time_limit: Option<Duration>,
        prepare: impl FnOnce(&mut Command) -> Result<T, Failure>,
    ) -> Result<(Self, T), Failure> {
        let program = command.get_program().to_owned();
        let failed = |error: io::Error| {
            Failure::new(
                &errors::RUNNER_NOT_STARTED,
                format!("{} could not be started", program.display()),
            )
            .reason(error.to_string())
        };
        let (child_reads, frames_out) = io::pipe().map_err(failed)?;
        let (frames_in, child_writes) = io::pipe().map_err(failed)?;
        let guard = Guard::start();
        let group = guard.as_ref().and_then(Guard::group);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Without a guard it leads a group of its own.
            .process_group(group.map_or(0, Pid::as_raw_pid));
        command
            .fd_mappings(vec![
                FdMapping {
                    parent_fd: child_reads.into(),
                    child_fd: 3,
                },
                FdMapping {
                    parent_fd: child_writes.into(),
                    child_fd: 4,
                },
            ])
            .map_err(|error| failed(io::Error::other(error)))?;
        let prepared = prepare(&mut command)?;
        let mut child = command.spawn().map_err(failed)?;
        // It holds our copies of the child's ends: with them open no end of file would ever come.
        drop(command);
        rustix::io::ioctl_fionbio(&frames_out, true).map_err(|error| failed(error.into()))?;
        let runner = Self {
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            guard,
            ended: None,
            bell: None,
            frames_in: Some(frames_in),
            frames_out: Some(frames_out),
            outgoing: VecDeque::new(),
            decoder: FrameDecoder::default(),
            decoders: Default::default(),
            last_words: VecDeque::new(),
            deadline: time_limit.and_then(|limit| Instant::now().checked_add(limit)),
        };
        Ok((runner, prepared))
    }

    /// Queues the commands.
    pub fn give(&mut self, commands: StartCommands) -> Result<(), Failure> {
        let start = MasterFrame {
            frame: Some(master_frame::Frame::Start(commands)),
        };
        self.outgoing.extend(encode_frame(&start.encode_to_vec())?);
        Ok(())
    }

    /// The process.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Bytes that it has asked for and not yet read.
    pub fn backlog(&self) -> usize {
        self.outgoing.len()
    }

    /// What is left of its time.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// From here on a signal ends the waiting with [`Event::Interrupted`].
    pub fn watch(&mut self, interrupts: &Interrupts) {
        // Without a second descriptor the signal is seen when the run has ended.
        self.bell = interrupts.bell().try_clone_to_owned().ok();
    }

    /// Queues an answer.
    pub fn answer(&mut self, answer: QueryAnswer) -> Result<(), Failure> {
        let frame = MasterFrame {
            frame: Some(master_frame::Frame::Answer(answer)),
        };
        self.outgoing.extend(encode_frame(&frame.encode_to_vec())?);
        Ok(())
    }

    /// Waits for the next event. The failure is a damaged frame.
    pub fn next(&mut self) -> Result<Event, Failure> {
        loop {
            if let Some(payload) = self.decoder.next_payload()? {
                let frame = RunnerFrame::decode(payload.as_slice())
                    .ok()
                    .and_then(|frame| frame.frame);
                return frame.map(Event::Frame).ok_or_else(|| {
                    Failure::new(&errors::BAD_FRAME, "a frame holds no message of this version").hint(
                        "the krepis program and its runner are of different versions; install the CLI again",
                    )
                });
            }
            let Some(frames_in) = &self.frames_in else {
                return Ok(self.remaining_output().map_or(Event::End, Event::Output));
            };
            let mut watched = vec![PollFd::new(frames_in, PollFlags::IN)];
            let stdout = watch(&mut watched, self.stdout.as_ref(), PollFlags::IN);
            let stderr = watch(&mut watched, self.stderr.as_ref(), PollFlags::IN);
            let bell = watch(&mut watched, self.bell.as_ref(), PollFlags::IN);
            let waiting = self.frames_out.as_ref().filter(|_| !self.outgoing.is_empty());
            watch(&mut watched, waiting, PollFlags::OUT);
            let timeout = match self
                .deadline
                .map(|deadline| deadline.checked_duration_since(Instant::now()))
            {
                Some(None) => return Ok(Event::TimedOut),
                Some(Some(left)) => Timespec::try_from(left).ok(),
                None => None,
            };
            match poll(&mut watched, timeout.as_ref()) {
                Ok(0) => return Ok(Event::TimedOut),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(broken(&error.into())),
            }
            let is_ready = |index: Option<usize>| {
                index
                    .and_then(|index| watched.get(index))
                    .is_some_and(|fd| !fd.revents().is_empty())
            };
            let frames_ready = is_ready(Some(0));
            let (stdout_ready, stderr_ready) = (is_ready(stdout), is_ready(stderr));
            if is_ready(bell) {
                return Ok(Event::Interrupted);
            }
            drop(watched);
            self.write();
            // Output first: it was written before the frame that may end the run.
            let mut text = String::new();
            if stdout_ready {
                text.push_str(&read_some(&mut self.stdout, &mut self.decoders[0]).unwrap_or_default());
            }
            if stderr_ready && let Some(words) = read_some(&mut self.stderr, &mut self.decoders[1]) {
                self.remember(&words);
                text.push_str(&words);
            }
            if frames_ready {
                self.read_frames()?;
            }
            if !text.is_empty() {
                return Ok(Event::Output(text));
            }
        }
    }

    /// Ends the process, at once or as soon as it has ended by itself; gives what it still had to say.
    pub fn finish(&mut self, at_once: bool) -> Option<String> {
        self.frames_out = None;
        let mut text = String::new();
        if !at_once {
            let deadline = Instant::now() + GRACE;
            self.deadline = Some(deadline);
            while self.frames_in.is_some() {
                match self.next() {
                    Ok(Event::Output(more)) => text.push_str(&more),
                    Ok(Event::Frame(_)) => {}
                    Ok(Event::End | Event::TimedOut | Event::Interrupted) | Err(_) => break,
                }
            }
            self.wait_until(deadline);
        }
        text.push_str(&self.remaining_output().unwrap_or_default());
        self.kill();
        (!text.is_empty()).then_some(text)
    }

    /// How it ended, in words, and what it said last.
    pub fn death(&mut self) -> Death {
        let by_itself = self.wait_until(Instant::now() + Duration::from_millis(500));
        self.kill();
        let status = self.ended.filter(|_| by_itself);
        let words = String::from_utf8_lossy(self.last_words.make_contiguous()).into_owned();
        let how = match status {
            None => "it closed its frames without ending".to_owned(),
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("it was ended by {}", signal_name(signal)),
                (None, code) => format!("it ended with exit code {}", code.unwrap_or_default()),
            },
        };
        Death {
            how,
            out_of_memory: words.contains("heap out of memory"),
            last_lines: last_lines(&words),
        }
    }

    /// Ends the process and whatever its commands started.
    fn kill(&mut self) {
        if self.ended.is_some() {
            return;
        }
        // Before it is waited for: until then its group's number cannot be another's.
        let ended = match (&mut self.guard, pid(&self.child)) {
            (Some(guard), _) => guard.end_group().is_ok(),
            (None, Some(group)) => kill_process_group(group, Signal::KILL).is_ok(),
            (None, None) => false,
        };
        if !ended {
            drop(self.child.kill());
        }
        self.ended = self.child.wait().ok();
    }

    /// Whether it has ended by itself before the deadline.
    fn wait_until(&mut self, deadline: Instant) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            if let Some(pid) = pid(&self.child)
                && matches!(waitid(WaitId::Pid(pid), options), Ok(Some(_)))
            {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn write(&mut self) {
        let Some(writer) = &mut self.frames_out else {
            return;
        };
        while !self.outgoing.is_empty() {
            match writer.write(self.outgoing.as_slices().0) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It reads no more: that it has ended is seen on the other side.
                Err(_) => {
                    self.frames_out = None;
                    self.outgoing.clear();
                    return;
                }
            }
        }
    }

    fn read_frames(&mut self) -> Result<(), Failure> {
        let Some(reader) = &mut self.frames_in else {
            return Ok(());
        };
        let mut chunk = vec![0; CHUNK];
        match reader.read(&mut chunk) {
            Ok(0) => {
                self.frames_in = None;
                if !self.decoder.is_empty() {
                    return Err(Failure::new(
                        &errors::BAD_FRAME,
                        "the runner ended inside a frame",
                    ));
                }
            }
            Ok(count) => self.decoder.push(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(&error)),
        }
        Ok(())
    }

    /// What still lies in the pipes after the frames have ended. Programs that a command left behind may hold the pipes
    /// open: nothing is waited for.
    fn remaining_output(&mut self) -> Option<String> {
        let [first, second] = &mut self.decoders;
        let mut text = drain(&mut self.stdout, first);
        let words = drain(&mut self.stderr, second);
        self.remember(&words);
        text.push_str(&words);
        (!text.is_empty()).then_some(text)
    }

    /// Keeps the end of what was written to stderr.
    fn remember(&mut self, words: &str) {
        self.last_words.extend(words.bytes());
        let surplus = self.last_words.len().saturating_sub(LAST_WORDS);
        self.last_words.drain(..surplus);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a runner ended.
#[derive(Debug)]
pub(crate) struct Death {
    /// In words.
    pub how: String,
    /// Whether V8 said that the heap was exhausted.
    pub out_of_memory: bool,
    /// What it wrote to stderr last.
    pub last_lines: Option<String>,
}

/// Variables that change what Node does before our code runs.
fn clean(command: &mut Command, compile_cache: Option<&Path>) {
    for name in [
        "NODE_OPTIONS",
        "NODE_V8_COVERAGE",
        "NODE_CHANNEL_FD",
        "NODE_REPL_EXTERNAL_MODULE",
        "ELECTRON_RUN_AS_NODE",
    ] {
        command.env_remove(name);
    }
    match compile_cache {
        Some(folder) => command.env("NODE_COMPILE_CACHE", folder),
        None => command.env_remove("NODE_COMPILE_CACHE"),
    };
}

/// Adds a descriptor, where there is one; its place in the list.
fn watch<'a>(watched: &mut Vec<PollFd<'a>>, fd: Option<&'a impl AsFd>, flags: PollFlags) -> Option<usize> {
    watched.push(PollFd::new(fd?, flags));
    Some(watched.len() - 1)
}

fn read_some<R: Read>(reader: &mut Option<R>, decoder: &mut Decoder) -> Option<String> {
    let mut chunk = vec![0; CHUNK];
    match reader.as_mut()?.read(&mut chunk) {
        Ok(count) if count > 0 => Some(decoder.push(&chunk[..count])),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
        Ok(_) | Err(_) => {
            *reader = None;
            Some(decoder.end().to_owned())
        }
    }
}

/// What lies in a pipe, at most a command's worth of it: nobody reads more than that of a flood.
fn drain<R: Read + AsFd>(reader: &mut Option<R>, decoder: &mut Decoder) -> String {
    let mut text = String::new();
    if let Some(pipe) = reader.as_ref()
        && rustix::io::ioctl_fionbio(pipe, true).is_err()
    {
        *reader = None;
    }
    while text.len() <= OUTPUT_LIMIT
        && let Some(words) = read_some(reader, decoder)
    {
        text.push_str(&words);
    }
    text
}

fn broken(error: &io::Error) -> Failure {
    Failure::new(&errors::RUNNER_DIED, "the connection to the runner broke").reason(error.to_string())
}

fn last_lines(words: &str) -> Option<String> {
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = &lines[lines.len().saturating_sub(5)..];
    (!tail.is_empty()).then(|| tail.join("\n"))
}

fn signal_name(signal: i32) -> String {
    let known = Signal::from_named_raw(signal);
    known.map_or_else(
        || format!("signal {signal}"),
        |known| format!("signal {signal} ({known:?})"),
    )
}
