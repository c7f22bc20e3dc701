//! A row of the catalog: one operation, by its name and with documents.

use std::any::type_name;

use serde_json::Value;

use super::client::{Client, Operation};
use crate::base::error::Result;
use crate::base::scope::Scope;
use crate::base::time::BoxFuture;
use crate::document;

/// A request of some row, read and checked.
trait Ready: Send {
    fn run<'a>(self: Box<Self>, client: &'a Client, scope: &'a Scope) -> BoxFuture<'a, Result<Value>>;
}

impl<O: Operation> Ready for O {
    fn run<'a>(self: Box<Self>, client: &'a Client, scope: &'a Scope) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move { document::write(&client.run_checked(*self, scope).await?) })
    }
}

/// A request that was read and checked, for hosts that refuse bad input before they start anything.
pub struct Prepared(Box<dyn Ready>);

impl Prepared {
    /// Runs the operation and gives its result document.
    ///
    /// # Errors
    /// Whatever the operation meets.
    pub async fn run(self, client: &Client, scope: &Scope) -> Result<Value> {
        self.0.run(client, scope).await
    }
}

/// A row of the catalog.
pub struct CatalogRow {
    /// The operation's name, such as `deployment.start`.
    pub name: &'static str,
    /// What it does, one sentence for users.
    pub summary: &'static str,
    /// Whether it changes something in the service.
    pub changes: bool,
    request: fn() -> &'static str,
    answer: fn() -> &'static str,
    prepare: fn(Value) -> Result<Prepared>,
}

impl CatalogRow {
    /// The name of the request type in [`request`](crate::dxp::request).
    #[must_use]
    pub fn request_type(&self) -> String {
        short((self.request)())
    }

    /// Whether this is the type of its requests.
    pub(super) fn asks_by<O: Operation>(&self) -> bool {
        (self.request)() == type_name::<O>()
    }

    /// The name of the result type.
    #[must_use]
    pub fn answer_type(&self) -> String {
        short((self.answer)())
    }

    /// Reads a request document strictly and checks everything that needs no network.
    ///
    /// # Errors
    /// `InvalidArgument` with the JSON path.
    pub fn prepare(&self, document: Value) -> Result<Prepared> {
        (self.prepare)(document)
    }

    /// Reads a request document strictly, runs the operation and gives its result document.
    ///
    /// # Errors
    /// `InvalidArgument` with the JSON path before any network call; then whatever the operation meets.
    pub async fn run(&self, client: &Client, document: Value, scope: &Scope) -> Result<Value> {
        self.prepare(document)?.run(client, scope).await
    }
}

/// A type's name without the paths in it: `alloc::vec::Vec<a::b::C>` becomes `Vec<C>`.
fn short(name: &str) -> String {
    name.split('<').map(|part| part.rsplit("::").next().unwrap_or(part)).collect::<Vec<_>>().join("<")
}

pub(super) const fn row<O: Operation>(name: &'static str, summary: &'static str) -> CatalogRow {
    CatalogRow {
        name,
        summary,
        changes: false,
        request: type_name::<O>,
        answer: type_name::<O::Answer>,
        prepare: prepare::<O>,
    }
}

pub(super) const fn changing<O: Operation>(name: &'static str, summary: &'static str) -> CatalogRow {
    CatalogRow { changes: true, ..row::<O>(name, summary) }
}

fn prepare<O: Operation>(document: Value) -> Result<Prepared> {
    let request: O = document::read("the request", document)?;
    request.check()?;
    Ok(Prepared(Box::new(request)))
}
