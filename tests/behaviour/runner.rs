//! The ways of calling the library: in this process, or through a program that speaks the protocol of
//! `tests/vectors/README.md`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use epicloud::base::event::Recording;
use epicloud::base::status::STATUS_TABLE;
use epicloud::ops::catalog;
use epicloud::{CancelToken, Client, ClientConfig, Error, Result, Scope, Secret};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What a call gave: the number of its status, and the result or the error.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: i32,
    pub(super) document: Value,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        self.status == 0
    }

    fn of(outcome: Result<Value>) -> Self {
        match outcome {
            Ok(document) => Self { status: 0, document },
            Err(error) => Self::failed(&error),
        }
    }

    fn failed(error: &Error) -> Self {
        let row = STATUS_TABLE.iter().find(|row| row.kind == error.kind()).unwrap();
        Self { status: row.status, document: error.to_json() }
    }
}

/// One way of calling the library.
pub(super) trait Runner {
    fn client(&mut self, config: &Value, secret: &str) -> Answer;
    fn start(&mut self, operation: &str, request: &Value) -> Answer;
    fn cancel(&mut self) -> Answer;
    fn end(&mut self) -> Answer;
}

/// The catalog, in this process.
pub(super) struct InProcess {
    runtime: Runtime,
    client: Option<Client>,
    running: Option<(JoinHandle<Result<Value>>, CancelToken)>,
}

impl InProcess {
    pub(super) fn new() -> Self {
        Self { runtime: Runtime::new().unwrap(), client: None, running: None }
    }
}

impl Runner for InProcess {
    fn client(&mut self, config: &Value, secret: &str) -> Answer {
        let read = || {
            let config: ClientConfig = epicloud::ops::document::read("config_json", config.clone())?;
            let secret = (!secret.is_empty()).then(|| Secret::from(secret));
            Client::new(&config, secret.as_ref())
        };
        self.client = None;
        Answer::of(read().map(|client| {
            self.client = Some(client);
            json!({})
        }))
    }

    fn start(&mut self, operation: &str, request: &Value) -> Answer {
        let row = catalog::find(operation).unwrap_or_else(|| panic!("there is no operation {operation}"));
        let prepared = match row.prepare(request.clone()) {
            Ok(prepared) => prepared,
            Err(error) => return Answer::failed(&error),
        };
        let client = self.client.clone().unwrap();
        let cancel = CancelToken::new();
        let scope = Scope::new(Arc::new(Recording::default()), cancel.clone());
        let task = self.runtime.spawn(async move { prepared.run(&client, &scope).await });
        self.running = Some((task, cancel));
        Answer::of(Ok(json!({})))
    }

    fn cancel(&mut self) -> Answer {
        self.running.as_ref().unwrap().1.cancel();
        Answer::of(Ok(json!({})))
    }

    fn end(&mut self) -> Answer {
        let (task, _) = self.running.take().unwrap();
        Answer::of(self.runtime.block_on(task).unwrap())
    }
}

/// A program that speaks the protocol.
pub(super) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
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

impl Runner for Program {
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

impl Drop for Program {
    fn drop(&mut self) {
        // Its input ends, and so does it, with success.
        self.input = None;
        let status = self.child.wait().unwrap();
        if !std::thread::panicking() {
            assert!(status.success(), "the runner ended with {status}");
        }
    }
}
