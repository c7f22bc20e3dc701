//! The program `epi-sink`: starts one sink from its options, says on stdout where it listens, and runs until it is
//! told to stop. All the work is in the library.

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use epicloud_emulator::program::{Stop, size};
use epicloud_sink::{Sink, SinkConfig, SinkSettings, Verify};

const EXAMPLES: &str = "\
Examples:
  epi-sink
      as fast as the machine allows; prints its addresses as one JSON line

  epi-sink --latency-ms 30 --per-connection 100Mbit --total 1Gbit
      like the network between an office and a data centre

  epi-sink --faulty-every 10 --content-crc
      every tenth block fails; the statistics include the CRC-64 of every
      accepted block

  epi-sink --blob-size 2GiB --blob-md5
      serve a blob to download

  curl http://127.0.0.1:PORT/__control/statistics
      show what was received, as JSON; DELETE resets the statistics

  curl --data '{\"latencyMs\":30,\"total\":0}' http://127.0.0.1:PORT/__control/settings
      change the network for new connections

Signatures are not checked: any SAS URL with a sig= is accepted. Do not expose it
to a network that others use.

Exit codes: 0 after SIGTERM or SIGINT, 1 on failure, 2 on a usage error.";

/// A storage account that discards uploads, to measure transfers against.
#[derive(Debug, Parser)]
#[command(name = "epi-sink", version, max_term_width = 100, after_help = EXAMPLES)]
struct Options {
    /// Address of the HTTP listener; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// Address of the HTTPS listener; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    https: SocketAddr,
    /// Additional round-trip time in milliseconds, for connecting, the TLS handshake and each request
    #[arg(long, value_name = "N", default_value_t = 0)]
    latency_ms: u64,
    /// Limit of each connection, in each direction: bits per second, or with kbit, Mbit or Gbit
    #[arg(long, value_name = "RATE", default_value = "0", hide_default_value = true, value_parser = rate)]
    per_connection: u64,
    /// Limit of all connections together, in each direction
    #[arg(long, value_name = "RATE", default_value = "0", hide_default_value = true, value_parser = rate)]
    total: u64,
    /// Checksums to verify: none, x-ms-content-crc64, or all, which costs CPU
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Checked::Crc64)]
    verify: Checked,
    /// Compute the CRC-64 of every block, even if none was sent
    #[arg(long)]
    content_crc: bool,
    /// Fail every N-th Put Block, with 503, 500 and a connection reset in turn
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    faulty_every: u64,
    /// Size of a blob to download: bytes, or with the suffix KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    blob_size: Option<u64>,
    /// Store the Content-MD5 of that blob
    #[arg(long, requires = "blob_size")]
    blob_md5: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Checked {
    None,
    Crc64,
    All,
}

/// Bits per second.
fn rate(text: &str) -> Result<u64, String> {
    let units = [("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000), ("", 1)];
    let read = units.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)));
    let bits = read.and_then(|(digits, unit)| digits.trim().parse::<u64>().ok()?.checked_mul(*unit));
    bits.ok_or_else(|| {
        "must be a number of bits per second, or one with kbit, Mbit or Gbit, such as 100Mbit".to_owned()
    })
}

impl Options {
    fn into_config(self) -> SinkConfig {
        SinkConfig {
            http: self.http,
            https: self.https,
            settings: SinkSettings {
                latency_ms: self.latency_ms,
                per_connection: self.per_connection,
                total: self.total,
                faulty_every: self.faulty_every,
                verify: match self.verify {
                    Checked::None => Verify::None,
                    Checked::Crc64 => Verify::Crc64,
                    Checked::All => Verify::All,
                },
                content_crc: self.content_crc,
            },
            blob_size: self.blob_size,
            blob_md5: self.blob_md5,
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(failure) => return fail(&failure),
    };
    match runtime.block_on(run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(&reason),
    }
}

fn fail(reason: &dyn Display) -> ExitCode {
    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "epi-sink: {reason}");
    ExitCode::FAILURE
}

async fn run(options: Options) -> Result<(), String> {
    // Before the ready line, so that a signal right after it finds its handler.
    let mut stop = Stop::listen().map_err(|failure| format!("handling signals: {failure}"))?;
    let sink = Sink::start(options.into_config()).await.map_err(|error| error.to_string())?;
    let mut stdout = std::io::stdout();
    let said = writeln!(stdout, "{}", sink.ready_line()).and_then(|()| stdout.flush());
    if said.is_ok() {
        stop.wait().await;
    }
    sink.stop().await.map_err(|error| error.to_string())?;
    said.map_err(|failure| format!("printing the ready line: {failure}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
        let config = Options::parse_from(["epi-sink", "--total", "1Gbit", "--blob-size", "1MiB"]).into_config();
        assert_eq!((config.settings.total, config.settings.verify), (1_000_000_000, Verify::Crc64));
        assert_eq!((config.blob_size, config.blob_md5), (Some(1 << 20), false));
    }

    #[test]
    fn rates_are_read() {
        let table = [
            ("100Mbit", Some(100_000_000)),
            ("1Gbit", Some(1_000_000_000)),
            ("3500kbit", Some(3_500_000)),
            ("3500", Some(3_500)),
            ("1MB", None),
            ("fast", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(rate(text).ok(), expected, "{text}");
        }
    }
}
