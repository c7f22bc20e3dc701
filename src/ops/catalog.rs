//! The table of all operations. The command line, the C ABI, the shared test vectors and the reference in the
//! documentation are made from it or checked against it.

use std::sync::LazyLock;

use serde_json::Value;

use super::client::{Client, Operation};
use super::job;
pub use super::row::{CatalogRow, Prepared};
use super::services::services;
use crate::base::error::{Error, Result};
use crate::base::scope::Scope;

/// Declares the catalog: the operations of every service, then those of any.
macro_rules! catalog {
    ($($(#[$doc:meta])* $variant:ident, $room:ident, $name:literal;)*) => {
        /// All operations.
        pub static CATALOG: LazyLock<Vec<&'static CatalogRow>> =
            LazyLock::new(|| [$(super::$room::ROWS,)* job::ROWS].into_iter().flatten().collect());
    };
}
services!(catalog);

/// The row of an operation by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static CatalogRow> {
    CATALOG.iter().copied().find(|row| row.name == name)
}

/// The row of the operation that a request asks for.
#[must_use]
pub fn row_of<O: Operation>() -> Option<&'static CatalogRow> {
    CATALOG.iter().copied().find(|row| row.asks_by::<O>())
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
