//! Programs of this user that are run for what they say: credential helpers, and cargo. Each ends in limited time, and says a
//! limited number of bytes.

use std::io::{self, Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use registry::file;

/// How often it is looked whether a program ended.
const BEAT: Duration = Duration::from_millis(10);

/// How long what a program wrote is waited for after its end. Another one that it started may hold on to its output.
const GRACE: Duration = Duration::from_secs(1);

/// How far a program may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How long it may run.
    pub(crate) time: Duration,
    /// How much it may write, to each of its two outputs.
    pub(crate) output: u64,
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Output {
    /// Whether it ended well.
    pub(crate) success: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Why a program said nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The system does not start it.
    #[error("it cannot be started")]
    Start(#[source] io::Error),
    /// It took too long, and was ended.
    #[error("it was not done after {} seconds, and was ended", limit.as_secs_f64())]
    Slow {
        /// How long it had.
        limit: Duration,
    },
    /// It wrote too much, and was ended.
    #[error("it wrote more than {limit} bytes, and was ended")]
    Loud {
        /// How much it might write.
        limit: u64,
    },
    /// Its end or its output cannot be had.
    #[error("it cannot be listened to")]
    Lost(#[source] io::Error),
}

/// Runs a command, with something to read.
pub(crate) fn run(
    command: &mut Command,
    input: &[u8],
    limits: Limits,
) -> Result<Output, ProcessError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(ProcessError::Start)?;
    let listened = listen(&mut child, input, limits);
    if listened.is_err() {
        // It may have ended by itself just now: then there is nothing to end.
        let _ = child.kill();
        let _ = child.wait();
    }
    listened
}

fn listen(child: &mut Child, input: &[u8], limits: Limits) -> Result<Output, ProcessError> {
    let until = Instant::now() + limits.time;
    // As much as a pipe holds goes in at once. Whoever reads nothing needs nothing.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input);
    }
    let stdout = child.stdout.take().map(|pipe| gather(pipe, limits.output));
    let stderr = child.stderr.take().map(|pipe| gather(pipe, limits.output));
    let mut outputs = [stdout, stderr].map(|pipe| (pipe, None));
    let mut ended = None;
    loop {
        for (pipe, gathered) in &mut outputs {
            let Some(receiver) = pipe else { continue };
            match receiver.recv_timeout(BEAT) {
                Ok(Ok(bytes)) => {
                    *gathered = Some(bytes);
                    *pipe = None;
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
                    let limit = limits.output;
                    return Err(ProcessError::Loud { limit });
                }
                Ok(Err(error)) => return Err(ProcessError::Lost(error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => *pipe = None,
            }
        }
        if ended.is_none() {
            let status = child.try_wait().map_err(ProcessError::Lost)?;
            ended = status.map(|status| (status, Instant::now()));
        }
        let is_quiet = outputs.iter().all(|(pipe, _)| pipe.is_none());
        match ended {
            Some((status, at)) if is_quiet || at.elapsed() > GRACE => {
                let [(_, stdout), (_, stderr)] = outputs;
                return Ok(Output {
                    success: status.success(),
                    stdout: stdout.unwrap_or_default(),
                    stderr: stderr.unwrap_or_default(),
                });
            }
            _ if Instant::now() > until => {
                let limit = limits.time;
                return Err(ProcessError::Slow { limit });
            }
            _ if is_quiet => thread::sleep(BEAT),
            _ => {}
        }
    }
}

/// Reads an output to its end, within a limit.
fn gather(pipe: impl Read + Send + 'static, limit: u64) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let read = file::read_stream(pipe, limit);
        // Nobody waits any more where it was too late.
        let _ = sender.send(read);
    });
    receiver
}
