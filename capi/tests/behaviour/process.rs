//! A program that speaks the protocol of `tests/vectors/README.md`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::runner::{Answer, Runner};

/// A program that speaks the protocol.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(super) fn start(mut command: Command) -> Self {
        // A proxy of the developer's must not be asked for addresses of this machine.
        for (name, _) in std::env::vars().filter(|(name, _)| name.to_ascii_uppercase().ends_with("_PROXY")) {
            command.env_remove(name);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// How it lays the two structs out.
    pub(super) fn layout(&mut self) -> Value {
        self.ask(&["layout"]).document
    }

    fn ask(&mut self, fields: &[&str]) -> Answer {
        assert!(fields.iter().all(|field| !field.contains(['\t', '\n'])), "{fields:?}");
        let line = fields.join("\t") + "\n";
        let sent = self.input.as_mut().unwrap().write_all(line.as_bytes());
        let mut answer = String::new();
        let read = self.output.read_line(&mut answer).unwrap();
        assert!(sent.is_ok() && read > 0, "the runner ended instead of answering {}", fields[0]);
        let (status, document) = answer.trim_end_matches('\n').split_once('\t').unwrap_or_else(|| panic!("'{answer}'"));
        Answer {
            status: status.parse().unwrap_or_else(|_| panic!("'{answer}'")),
            document: serde_json::from_str(document).unwrap_or_else(|error| panic!("{error} in '{answer}'")),
        }
    }
}

impl Runner for Process {
    fn client(&mut self, config: &Value, secret: &str) -> Answer {
        self.ask(&["client", &config.to_string(), secret])
    }

    fn start(&mut self, operation: &str, request: &Value) -> Answer {
        self.ask(&["start", operation, &request.to_string()])
    }

    fn cancel(&mut self) -> Answer {
        self.ask(&["cancel"])
    }

    fn end(&mut self) -> Answer {
        self.ask(&["end"])
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its input ends, and so does it, with success.
        self.input = None;
        let status = self.child.wait().unwrap();
        if !std::thread::panicking() {
            assert!(status.success(), "the runner ended with {status}");
        }
    }
}
