//! Starting other programs and never leaving one behind: an interrupt (Ctrl-C, SIGTERM) is noticed here, every
//! child is ended then, and the failure travels up like any other, so that what was started is also stopped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use wait4::{ResUse, Wait4};

use crate::failure::{Doing, Failure, Result};

/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(10);
/// What a child gets to end by itself after an interrupt, before it is told to.
const GRACE: Duration = Duration::from_secs(3);

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second signal changes nothing: the end is at most a few seconds away, and nothing may be left behind.
        let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
    }
    flag
});

/// Whether this program was asked to stop. The first call begins to watch for it.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Fails when this program was asked to stop.
pub(crate) fn check_interrupt() -> Result<()> {
    if interrupted() { Err(Failure::new("interrupted")) } else { Ok(()) }
}

/// The command as a person would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Hides the proxies of whoever runs this: none of them knows this machine.
pub(crate) fn without_proxies(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
}

pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    check_interrupt()?;
    command.spawn().doing(format!("cannot start {}", command.get_program().to_string_lossy()))
}

/// Waits for a child; after an interrupt it is ended and the interrupt is the result.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().doing("cannot wait for a program")? {
            return if interrupted() { Err(Failure::new("interrupted")) } else { Ok(status) };
        }
        if interrupted() {
            // Ctrl-C reaches the whole foreground group, so the child usually ends by itself and may say something.
            if !ended_within(child, GRACE) {
                stop(child);
            }
            return Err(Failure::new("interrupted"));
        }
        thread::sleep(LOOK);
    }
}

/// Waits for a child and tells what it used and when it ended, exactly: the waiting thread looks at nothing else, so
/// that the end is seen when it comes. Past the limit, and after an interrupt, the child is ended and that is a failure.
pub(crate) fn wait_exactly(child: Child, limit: Duration) -> Result<(ResUse, Instant)> {
    let (id, began) = (child.id().to_string(), Instant::now());
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || {
        let used = child.wait4();
        let _ = sender.send((used, Instant::now()));
    });
    let reason = loop {
        match ended.recv_timeout(LOOK) {
            Ok((used, at)) if !interrupted() => return Ok((used.doing("cannot wait for a program")?, at)),
            Ok(_) => return Err(Failure::new("interrupted")),
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::new("cannot wait for a program")),
            Err(RecvTimeoutError::Timeout) if interrupted() => break "interrupted".to_owned(),
            Err(RecvTimeoutError::Timeout) if began.elapsed() > limit => {
                break format!("it did not end within {} seconds", limit.as_secs());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    // Ctrl-C reaches the whole foreground group, so the child usually ends by itself and may say something.
    for ask in [None, Some("TERM"), Some("KILL")] {
        if let Some(name) = ask {
            signal(name, &id);
        }
        if ended.recv_timeout(GRACE).is_ok() {
            break;
        }
    }
    Err(Failure::new(reason))
}

/// Runs a command with the terminal as it is; anything but exit code 0 is a failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = wait(&mut spawn(command)?)?;
    succeeded(command, status)
}

/// Runs commands at once. The first has the terminal as it is; what the others print is kept in the folder, and shown after it.
/// All are waited for before the first failure is told, so that none is cut.
pub(crate) fn run_together(commands: Vec<Command>, folder: &Path) -> Result<()> {
    let mut commands = commands.into_iter();
    let Some(mut first) = commands.next() else { return Ok(()) };
    let others = commands.enumerate().map(|(index, mut command)| {
        let log = folder.join(format!("output-{index}"));
        let file = File::create(&log).doing(format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stderr(file.try_clone().doing("cannot share a file")?).stdout(file);
        let running = Background::start(&mut command)?;
        Ok((command, running, log))
    });
    let others = others.collect::<Result<Vec<_>>>()?;
    let mut outcomes = vec![run(&mut first)];
    for (command, mut running, log) in others {
        let status = wait(&mut running.child)?;
        let text = fs::read_to_string(&log).doing(format!("cannot read {}", log.display()))?;
        println!("$ {}\n{text}", shown(&command));
        outcomes.push(succeeded(&command, status));
    }
    outcomes.into_iter().collect()
}

/// Runs a command and takes its standard output; its standard error goes where ours goes.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let reader = child.stdout.take().map(|mut pipe| {
        thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).map(|_| text)
        })
    });
    let status = wait(&mut child)?;
    succeeded(command, status)?;
    let text = reader.and_then(|reader| reader.join().ok()).ok_or_else(|| Failure::new("the output was lost"))?;
    text.doing(format!("cannot read the output of {}", shown(command)))
}

/// Starts a program in the background that prints when it is ready, and waits for the line that `ready` takes a value from.
pub(crate) fn start_until<T: Send + 'static>(
    command: &mut Command,
    limit: Duration,
    ready: impl Fn(&str) -> Option<T> + Send + 'static,
) -> Result<(Background, T)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut running = Background::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let lines = running.child.stdout.take().ok_or_else(|| Failure::new("the output was lost"))?;
    let (sender, receiver) = mpsc::channel();
    // The thread lives as long as the program, so that the program never finds its output closed or full.
    thread::spawn(move || {
        for line in BufReader::new(lines).lines().map_while(std::io::Result::ok) {
            if let Some(value) = ready(&line) {
                let _ = sender.send(value);
            }
        }
    });
    let began = Instant::now();
    loop {
        check_interrupt()?;
        if let Ok(value) = receiver.recv_timeout(LOOK) {
            return Ok((running, value));
        }
        if let Some(status) = running.child.try_wait().doing("cannot wait for a program")? {
            return Err(Failure::new(format!("{name} ended before it was ready ({status})")));
        }
        if began.elapsed() > limit {
            return Err(Failure::new(format!("{name} was not ready within {} seconds", limit.as_secs())));
        }
    }
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{} ended with {status}", shown(command)))) }
}

/// A program in the background, in a process group of its own: a Ctrl-C in the terminal does not reach it while
/// others still need it, and when this value goes the whole group is ended, with whatever the program started.
pub(crate) struct Background {
    child: Child,
}

impl Background {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        Ok(Self { child: spawn(command)? })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end. Past the limit that is a failure, and the program is ended with this value.
    pub(crate) fn wait_at_most(&mut self, limit: Duration) -> Result<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < limit {
            check_interrupt()?;
            if let Some(status) = self.child.try_wait().doing("cannot wait for a program")? {
                return Ok(status);
            }
            thread::sleep(LOOK);
        }
        Err(Failure::new(format!("it did not end within {} seconds", limit.as_secs())))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Also when the program itself has ended: its group may live on.
        signal("TERM", &format!("-{}", self.child.id()));
        if !ended_within(&mut self.child, GRACE) {
            signal("KILL", &format!("-{}", self.child.id()));
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Asks a program to end, and ends it when it does not.
fn stop(child: &mut Child) {
    signal("TERM", &child.id().to_string());
    if !ended_within(child, GRACE) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Sends a signal to a program, or with a minus in front to a group. std can only kill; the shell's own `kill` can
/// also ask, is on every Unix, and needs no `unsafe` here. Elsewhere nothing is sent and the caller kills.
fn signal(name: &str, whom: &str) {
    if cfg!(unix) {
        let _ = Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\" 2>/dev/null", name, whom]).status();
    }
}

fn ended_within(child: &mut Child, limit: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < limit {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        thread::sleep(LOOK);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_so_that_a_shell_takes_it() {
        let mut command = Command::new("epi");
        command.args(["deploy", "my site.nupkg", "--to", "Integration", "it's"]);
        assert_eq!(shown(&command), r"epi deploy 'my site.nupkg' --to Integration 'it'\''s'");
    }

    #[cfg(unix)]
    #[test]
    fn commands_run_at_once_and_a_failure_of_any_is_told_when_all_have_ended() {
        let folder = std::env::temp_dir().join(format!("xtask-together-{}", std::process::id()));
        crate::workspace::fresh(&folder).unwrap();
        let script = |text: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", text]).current_dir(&folder);
            command
        };
        // Opening one end of a pipe waits for the other end: one after the other they would wait forever.
        let made = Command::new("mkfifo").arg(folder.join("pipe")).status();
        assert!(made.is_ok_and(|status| status.success()));
        let scripts = ["echo met > pipe", "cat pipe; exit 3", "echo ended > last"];
        let outcome = run_together(scripts.map(script).into(), &folder);
        assert!(outcome.is_err_and(|failure| failure.to_string().contains("exit status: 3")));
        let kept = ["output-0", "output-1", "last"].map(|name| fs::read_to_string(folder.join(name)).unwrap());
        assert_eq!(kept, ["met\n", "", "ended\n"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
