//! The table of all operations. The command line, the C ABI, the shared test vectors and the reference in the
//! documentation are made from it or checked against it.

use std::any::type_name;

use serde_json::Value;

use super::client::{Client, Operation};
use crate::base::error::{Error, Result};
use crate::base::scope::Scope;
use crate::base::time::BoxFuture;
use crate::document;
use crate::dxp::request as r;

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

const fn row<O: Operation>(name: &'static str, summary: &'static str) -> CatalogRow {
    CatalogRow {
        name,
        summary,
        changes: false,
        request: type_name::<O>,
        answer: type_name::<O::Answer>,
        prepare: prepare::<O>,
    }
}

const fn changing<O: Operation>(name: &'static str, summary: &'static str) -> CatalogRow {
    CatalogRow { changes: true, ..row::<O>(name, summary) }
}

fn prepare<O: Operation>(document: Value) -> Result<Prepared> {
    let request: O = document::read("the request", document)?;
    request.check()?;
    Ok(Prepared(Box::new(request)))
}

/// All operations.
pub static CATALOG: [CatalogRow; 17] = [
    row::<r::Connect>("connect", "Verifies the credentials by listing the deployments of the project."),
    changing::<r::DeployPackages>(
        "package.deploy",
        "Uploads package files, starts a deployment of them and waits for it.",
    ),
    row::<r::GetPackageLocation>("packageLocation.get", "Gets the write-only SAS URL that packages are uploaded to."),
    changing::<r::UploadPackages>("package.upload", "Uploads package files."),
    changing::<r::StartDeployment>(
        "deployment.start",
        "Starts a deployment of packages or of another environment's content.",
    ),
    row::<r::ListDeployments>("deployment.list", "Lists the ten most recent deployments."),
    row::<r::GetDeployment>("deployment.get", "Gets a deployment."),
    row::<r::WaitForDeployment>("deployment.wait", "Waits for a running deployment."),
    changing::<r::CompleteDeployment>("deployment.complete", "Completes a deployment that awaits verification."),
    changing::<r::ResetDeployment>("deployment.reset", "Resets a deployment that awaits verification."),
    changing::<r::StartExport>("databaseExport.start", "Starts a database export."),
    row::<r::GetExport>("databaseExport.get", "Gets a database export."),
    row::<r::WaitForExport>("databaseExport.wait", "Waits for a running database export."),
    changing::<r::SaveExport>(
        "databaseExport.save",
        "Starts a database export or uses an existing one, waits for it, downloads and verifies it.",
    ),
    row::<r::ListContainers>("storageContainer.list", "Lists the storage containers of an environment."),
    row::<r::GetContainerLinks>("storageSas.get", "Creates SAS URLs for storage containers."),
    row::<r::GetEdgeLogLocation>("edgeLogLocation.get", "Gets the read-only SAS URL of the edge logs."),
];

/// The row of an operation by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static CatalogRow> {
    CATALOG.iter().find(|row| row.name == name)
}

/// The row of the operation that a request asks for.
#[must_use]
pub fn row_of<O: Operation>() -> Option<&'static CatalogRow> {
    CATALOG.iter().find(|row| (row.request)() == type_name::<O>())
}

impl Client {
    /// Runs an operation by its name, with documents.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown name or a wrong document, then as [`Client::run`].
    pub async fn run_document(&self, name: &str, document: Value, scope: &Scope) -> Result<Value> {
        let row = find(name).ok_or_else(|| Error::invalid("operation", format!("there is no operation '{name}'")))?;
        row.run(self, document, scope).await
    }
}
