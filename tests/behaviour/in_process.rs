//! The catalog, in this process.

use std::sync::Arc;

use epicloud::base::event::Recording;
use epicloud::base::status::STATUS_TABLE;
use epicloud::ops::catalog;
use epicloud::{CancelToken, Client, ClientConfig, Error, Result, Scope, Secret};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::runner::{Answer, Runner};

fn answer(outcome: Result<Value>) -> Answer {
    match outcome {
        Ok(document) => Answer { status: 0, document },
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> Answer {
    let row = STATUS_TABLE.iter().find(|row| row.kind == error.kind()).unwrap();
    Answer { status: row.status, document: error.to_json() }
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
            let config = ClientConfig::from_document("config_json", config.clone())?;
            let secret = (!secret.is_empty()).then(|| Secret::from(secret));
            Client::new(config, secret.as_ref())
        };
        self.client = None;
        answer(read().map(|client| {
            self.client = Some(client);
            json!({})
        }))
    }

    fn start(&mut self, operation: &str, request: &Value) -> Answer {
        let row = catalog::find(operation).unwrap_or_else(|| panic!("there is no operation {operation}"));
        let prepared = match row.prepare(request.clone()) {
            Ok(prepared) => prepared,
            Err(error) => return failed(&error),
        };
        let client = self.client.clone().unwrap();
        let cancel = CancelToken::new();
        let scope = Scope::new(Arc::new(Recording::default()), cancel.clone());
        let task = self.runtime.spawn(async move { prepared.run(&client, &scope).await });
        self.running = Some((task, cancel));
        answer(Ok(json!({})))
    }

    fn cancel(&mut self) -> Answer {
        self.running.as_ref().unwrap().1.cancel();
        answer(Ok(json!({})))
    }

    fn end(&mut self) -> Answer {
        let (task, _) = self.running.take().unwrap();
        answer(self.runtime.block_on(task).unwrap())
    }
}
