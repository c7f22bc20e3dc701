//! `epi` at a terminal of the tests' own: what is drawn there, what is coloured, and what fits.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use epicloud_emulator::{Config, Effect, Emulator, Phase, Rule, Speed, Step};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::fixture::Epi;
use super::virtual_time::{content, until};

/// A command at a terminal.
struct AtTerminal {
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl AtTerminal {
    /// Runs it at a terminal of so many columns, which says what it is.
    fn start(epi: &Epi, arguments: &[&str], columns: u16, variables: &[(&str, &str)]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let side = File::options().read(true).write(true).open(name).unwrap();
        let mut command = epi.command(arguments);
        command.env_remove("COLUMNS").envs(variables.iter().copied());
        command.stdout(Stdio::from(side.try_clone().unwrap())).stderr(Stdio::from(side));
        let child = command.spawn().unwrap();
        drop(command);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&shown);
        let mut terminal = File::from(terminal);
        let reader = std::thread::spawn(move || {
            let mut some = [0; 4096];
            // The last one to leave a terminal makes reading from it an error.
            while let Ok(count @ 1..) = terminal.read(&mut some) {
                kept.lock().unwrap().extend_from_slice(&some[..count]);
            }
        });
        Self { child, shown, reader: Some(reader) }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    async fn shows(&self, words: &str) {
        until(words, || self.shown().contains(words)).await;
    }

    /// Its exit code and all that it has shown.
    async fn end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        until("the end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        self.reader.take().unwrap().join().unwrap();
        (status.unwrap().code(), self.shown())
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

/// What was drawn, each time that a line was: without the sequences that take the one before away.
fn drawn(shown: &str) -> Vec<String> {
    let shown = console::strip_ansi_codes(shown);
    shown.split(['\r', '\n']).map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

const XTERM: (&str, &str) = ("TERM", "xterm-256color");

async fn emulator(speed: Speed) -> Emulator {
    Emulator::start(Config { speed, ..Config::default() }).await.unwrap()
}

/// A deployment that stands still, and its id.
async fn running(epi: &Epi) -> String {
    let start = ["deployment", "start", "--to", "Preproduction", "--source-environment", "Integration", "--include-db"];
    let started = epi.run(&[&start[..], &["--output", "json"]].concat()).await.json();
    started["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_at_a_terminal_counts_each_second_and_fits_it() {
    let emulator = emulator(Speed::Manual).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let id = running(&epi).await;
    for (columns, words) in [(80, "next status request in "), (40, "next in ")] {
        let wait = ["deployment", "wait", "--id", &id, "--polling-interval", "3"];
        let epi = AtTerminal::start(&epi, &wait, columns, &[XTERM]);
        // Time goes on, and down to the next request.
        for words in [format!("{words}3 s"), format!("{words}2 s"), format!("{words}1 s"), " 5 s, ".to_owned()] {
            epi.shows(&words).await;
        }
        let kill = std::process::Command::new("kill").args(["-INT", &epi.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let (code, shown) = epi.end().await;
        assert_eq!(code, Some(130), "{shown}");
        let drawn = drawn(&shown);
        let bars: Vec<&String> = drawn.iter().filter(|line| line.contains(words)).collect();
        assert!(bars.iter().all(|line| line.chars().count() < usize::from(columns)), "{bars:?}");
        assert!(bars.iter().all(|line| line.contains("InProgress")), "{bars:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_cannot_redraw_gets_the_form_of_a_log() {
    let emulator = emulator(Speed::Instant).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    for (index, variables) in [&[("TERM", "dumb")][..], &[], &[("TERM", "")]].into_iter().enumerate() {
        let name = format!("site.cms.app.{index}.nupkg");
        epi.write(&name, &content(1, 3 << 20));
        let to = format!("ADE{}", index + 1);
        let deploy = ["deploy", &name, "--to", &to, "--polling-interval", "1"];
        let (code, shown) = AtTerminal::start(&epi, &deploy, 80, variables).end().await;
        assert_eq!(code, Some(0), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.replace("\r\n", "\n").contains('\r'), "{variables:?}: {shown:?}");
        for words in [format!("waiting for {to}: InProgress"), format!("uploading {name}: 100 %, 3.00 MiB of 3.00 MiB")]
        {
            assert!(shown.contains(&words), "'{words}' is not in {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_says_is_cleaned_before_it_is_drawn() {
    let emulator = emulator(Speed::Instant).await;
    emulator.script(
        Phase::Deploy,
        vec![
            Step::new(1, 40, "In\u{1b}[31mPro\u{9b}7mgress\u{202e}"),
            Step::new(2000, 100, "AwaitingVerification").warning("slow\u{1b}]0;title\u{7}slot"),
        ],
    );
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("site.cms.app.1.nupkg", &content(1, 1000));
    let deploy = ["deploy", "site.cms.app.1.nupkg", "--to", "ADE1", "--polling-interval", "1"];
    for (columns, variables) in [(80, &[XTERM][..]), (80, &[("TERM", "dumb")])] {
        let (_, shown) = AtTerminal::start(&epi, &deploy, columns, variables).end().await;
        for sequence in ["\u{1b}[31m", "\u{9b}", "\u{202e}", "\u{1b}]0", "\u{7}"] {
            assert!(!shown.contains(sequence), "{sequence:?} in {shown:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_shows_no_sequence_and_keeps_its_value() {
    let emulator = emulator(Speed::Instant).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let said = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b";
    emulator.faults().add(Rule::new(Effect::Failure { errors: vec![said.into()] }));
    for form in ["json", "jsonl"] {
        let run = epi.run(&["deployment", "list", "--output", form]).await;
        assert!(
            run.stdout.chars().all(|letter| letter == '\n' || (!letter.is_control() && letter != '\u{202e}')),
            "{run:?}"
        );
        let document: serde_json::Value =
            serde_json::from_str(run.stdout.lines().collect::<String>().as_str()).unwrap();
        assert_eq!(document["error"]["errors"][0], said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clap_repeats_is_cleaned() {
    let run = Epi::bare().run(&["deployment", "show", "--\u{1b}[2Jx\u{9b}m"]).await;
    assert!(run.code == Some(1) && run.stderr.contains("error: "), "{run:?}");
    assert!(run.stderr.chars().all(|letter| letter == '\n' || !letter.is_control()), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_coloured_at_a_terminal_that_shows_colours() {
    let emulator = emulator(Speed::Instant).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let show = ["deployment", "show", "--id", "nothing"];
    for (variables, coloured) in [
        (&[XTERM][..], true),
        (&[("TERM", "dumb")], false),
        (&[], false),
        (&[XTERM, ("NO_COLOR", "1")], false),
        (&[XTERM, ("NO_COLOR", "")], true),
        (&[XTERM, ("CLICOLOR", "0")], false),
    ] {
        let (code, shown) = AtTerminal::start(&epi, &show, 80, variables).end().await;
        assert_eq!(code, Some(3), "{shown}");
        assert_eq!(shown.contains("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "), coloured, "{variables:?}: {shown:?}");
        assert!(shown.contains("error:"), "{shown:?}");
    }
    for (name, coloured) in [("CLICOLOR_FORCE", true), ("CI", false)] {
        let run = epi.command(&show).env(name, "1").output().unwrap();
        assert_eq!(String::from_utf8(run.stderr).unwrap().contains('\u{1b}'), coloured, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_fits_its_terminal_and_is_whole_in_a_pipe() {
    let emulator = emulator(Speed::Manual).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("mysite.cms.app.1.0.0-20261128.1.nupkg", &content(1, 1000));
    let deploy = ["deploy", "mysite.cms.app.1.0.0-20261128.1.nupkg", "--to", "ADE1", "--wait-timeout", "1"];
    let mut started = epi.command(&deploy).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the deployment", || emulator.requests().iter().any(|request| request.path.contains("/deployments/"))).await;
    emulator.clock().advance(Duration::from_secs(10_000));
    started.kill().and_then(|()| started.wait().map(drop)).unwrap();

    let whole = epi.run(&["deployment", "list"]).await.stdout;
    let row: Vec<&str> = whole.lines().nth(1).unwrap().split_whitespace().collect();
    let (id, time, packages) = (row[0], row[4], row[5]);
    assert!(id.len() == 36 && time.contains('T') && packages == "mysite.cms.app.1.0.0-20261128.1.nupkg", "{whole}");
    for columns in [40, 80, 200] {
        let (code, shown) = AtTerminal::start(&epi, &["deployment", "list"], columns, &[XTERM]).end().await;
        assert_eq!(code, Some(0), "{shown}");
        for words in [id, "mysite.cms.app.1", "ADE1"] {
            assert!(shown.contains(words), "'{words}' is not in {shown}");
        }
        assert!(!shown.contains(time), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= usize::from(columns)), "{columns}: {shown}");
    }
}
