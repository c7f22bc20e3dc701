//! The peer of `capi/tests/c/bench.c`: the same short calls, from Rust and without the C ABI.
//!
//! `rust-calls NUMBER`, with the account in `EPI_CONFIG` and `EPI_SECRET`.

use std::env;
use std::error::Error;

use epicloud::{Client, DxpConfig, Scope, Secret};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let number: u32 = env::args().nth(1).ok_or("usage: rust-calls NUMBER")?.parse()?;
    let config: DxpConfig = serde_json::from_str(&env::var("EPI_CONFIG")?)?;
    let client = Client::new(config, Some(&Secret::from(env::var("EPI_SECRET")?.as_str())))?;
    let runtime = tokio::runtime::Runtime::new()?;
    for _ in 0..number {
        runtime.block_on(client.run_document("deployment.list", json!({}), &Scope::silent()))?;
    }
    Ok(())
}
