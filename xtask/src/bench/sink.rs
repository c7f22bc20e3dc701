//! A running `epi-sink`, which takes uploads, discards them, and counts what it saw.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Doing, Failure, Result};
use crate::process::{self, Background};

/// What a start may take: a certificate, and the MD5 of a blob that can be downloaded.
const READY: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(30);
const STATISTICS: &str = "/__control/statistics";

pub(crate) struct Sink {
    running: Background,
    /// The line that it printed when it was ready.
    ready: Value,
}

impl Sink {
    pub(crate) fn start(program: &Path, options: &[String]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(options);
        let (running, ready) = process::start_until(&mut command, READY, |line| serde_json::from_str(line).ok())?;
        Ok(Self { running, ready })
    }

    /// A member of its first line.
    pub(crate) fn value(&self, name: &str) -> Result<&str> {
        self.ready[name].as_str().ok_or_else(|| Failure::new(format!("the sink's first line has no {name}")))
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.running.id()
    }

    /// What it saw since the last reset.
    pub(crate) fn statistics(&self) -> Result<Value> {
        let answer = self.ask("GET", STATISTICS)?;
        serde_json::from_str(&answer).doing("the sink's statistics are not JSON")
    }

    /// Forgets what it saw.
    pub(crate) fn reset(&self) -> Result<()> {
        self.ask("DELETE", STATISTICS).map(drop)
    }

    /// One request over plain HTTP; a client of its own kind would be the largest part of this program.
    fn ask(&self, method: &str, path: &str) -> Result<String> {
        let endpoint = self.value("endpoint")?;
        let host = endpoint.strip_prefix("http://").unwrap_or(endpoint).trim_end_matches('/');
        let doing = "cannot ask the sink";
        let mut socket = TcpStream::connect(host).doing(doing)?;
        socket.set_read_timeout(Some(ANSWER)).doing(doing)?;
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).doing(doing)?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).doing(doing)?;
        body(&answer).map(str::to_owned).ok_or_else(|| {
            let status = answer.lines().next().unwrap_or("nothing");
            Failure::new(format!("the sink answered {method} {path} with {status}"))
        })
    }
}

/// The body of an answer that is good and sent in one part.
fn body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let good = lines.next()?.split(' ').nth(1)?.starts_with('2');
    let whole = !lines.any(|line| line.to_ascii_lowercase().starts_with("transfer-encoding:"));
    (good && whole).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_good_and_whole_answer_has_a_body() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Some("{}")),
            ("HTTP/1.1 204 No Content\r\n\r\n", Some("")),
            ("HTTP/1.1 404 Not Found\r\n\r\n{}", None),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\n", None),
            ("", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(body(answer), expected, "{answer}");
        }
    }
}
