//! The calls: one symbol for each row of the operations catalog, all of one shape.
//!
//! The macro holds that shape once. The generator of the header does not expand macros, so `tests/abi.rs` writes the
//! signature below out for each name before it hands this file to it.

use std::ffi::c_char;
use std::ptr;

use super::client::{ClientState, epi_client};
use super::error::epi_error;
use super::operation::{self, epi_operation};
use super::status::{self, epi_status};
use super::structs::{self, epi_call_options};
use super::text::{self, Out};
use super::{guard, handles};
use crate::base::error::{Error, Kind, Result};
use crate::ops::catalog;

/// The caller's arguments, as they came.
struct Arguments {
    client: *const epi_client,
    request_json: *const c_char,
    options: *const epi_call_options,
    out_operation: *mut *mut epi_operation,
}

impl Arguments {
    /// Checks everything, then starts the operation.
    ///
    /// # Safety
    /// The pointers are as the header asks.
    unsafe fn start(self, name: &'static str) -> Result<epi_status> {
        // SAFETY: NULL or writable, as the header asks.
        let out_operation = unsafe { Out::required("out_operation", self.out_operation) }?;
        out_operation.set(ptr::null_mut());
        let client = handles::find::<ClientState>(self.client)?;
        // SAFETY: NULL or NUL-terminated, as the header asks.
        let request = unsafe { text::document("request_json", self.request_json) }?;
        // SAFETY: NULL, or as large as its `struct_size` says, as the header asks.
        let options = unsafe { structs::read_options(self.options) }?;
        let row = catalog::find(name)
            .ok_or_else(|| Error::new(Kind::Internal, format!("a defect in this library: no operation '{name}'")))?;
        let prepared = row.prepare(request)?;
        let body = Box::new(move |client, scope| -> operation::Running {
            Box::pin(async move { prepared.run(&client, &scope).await })
        });
        out_operation.set(operation::begin(&client, row.name, &options, body)?);
        Ok(status::OK)
    }
}

macro_rules! calls {
    ($($(#[$doc:meta])* fn $symbol:ident = $name:literal;)*) => {
        $(
            $(#[$doc])*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $symbol(
                client: *const epi_client,
                request_json: *const c_char,
                options: *const epi_call_options,
                out_operation: *mut *mut epi_operation,
                out_error: *mut *mut epi_error,
            ) -> epi_status {
                // SAFETY: NULL or writable, as the header asks.
                let out_error = unsafe { Out::new(out_error) };
                let arguments = Arguments { client, request_json, options, out_operation };
                // SAFETY: the caller's pointers, handed on within the call.
                guard::reporting(&out_error, || unsafe { arguments.start($name) })
            }
        )*

        /// The symbol of each operation of the catalog.
        pub const CALLS: &[(&str, &str)] = &[$((stringify!($symbol), $name)),*];
    };
}

calls! {
    /// Verifies the credentials by listing the deployments of the project.
    ///
    /// Request: projectId (the client's own when absent, as in all requests).
    /// Result: projectId, clientKey and authenticationVerified, which is always true:
    /// credentials that are not accepted end in `EPI_STATUS_UNAUTHENTICATED`.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_client_verify = "connect";

    /// Gets the write-only link that packages are uploaded to.
    ///
    /// Request: projectId.
    /// Result: the service's object; its location is a secret that expires.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_package_location_get = "packageLocation.get";

    /// Uploads package files.
    ///
    /// Request: files, a list of objects with path and optionally blobName; sasUrl (a
    /// fresh link of the project when absent); upload, an object with streams (1 to 64;
    /// adapted to the connection when absent), blockSize (bytes, up to 4000 MiB; chosen
    /// by the file's size when absent), integrity of each block ("crc64", or "md5" where
    /// the store does not know that; chosen when absent) and noContentMd5 (false).
    /// Result: packages, one receipt a file in the order of the request. Its integrity is
    /// the checksum by which the blob storage has confirmed each block ("crc64" or
    /// "contentMd5"), or "unverified" when it did not confirm all of them.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_package_upload = "package.upload";

    /// Uploads package files, starts a deployment of them and waits for it.
    ///
    /// Request: files and upload as in `epi_package_upload`; targetEnvironment;
    /// maintenancePage, zeroDowntimeMode, directDeploy, strict and wait as in
    /// `epi_deployment_start`; reuseUploaded (start from packages that are uploaded
    /// already and in use by a deployment, by their names; their content is not
    /// compared). Without wait it waits with the defaults.
    /// Result: packages, the receipts; reused, the names of those that were there, if
    /// any; and deployment as it was last seen.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_package_deploy = "package.deploy";

    /// Starts a deployment of packages, or of another environment's content.
    ///
    /// Request: targetEnvironment; packages, a list of names of uploaded packages, or
    /// sourceEnvironment with sourceApps (a list of "cms" and "commerce"), includeBlob
    /// and includeDb; maintenancePage; zeroDowntimeMode ("ReadOnly" or "ReadWrite",
    /// which switches the maintenance page on); directDeploy; strict (take warnings
    /// for an error); allowFailed (give back a deployment that failed without a text
    /// of the service, instead of an error); wait, an object with timeoutMinutes
    /// (1 to 2147483647, no limit when absent) and pollingIntervalSeconds (the same,
    /// 30 when absent); without wait the call does not wait. Switches that are absent
    /// are false.
    /// Result: the service's deployment object.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_deployment_start = "deployment.start";

    /// Lists the ten most recent deployments.
    ///
    /// Request: projectId.
    /// Result: a list of the service's deployment objects.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_deployment_list = "deployment.list";

    /// Gets one deployment.
    ///
    /// Request: id.
    /// Result: the service's deployment object.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_deployment_get = "deployment.get";

    /// Waits for a deployment that runs.
    ///
    /// Request: id; until ("start", which is the default, "complete", "reset" or
    /// "completeReset"); wait, strict and allowFailed as in `epi_deployment_start`.
    /// Without wait it waits with the defaults.
    /// Result: the service's deployment object.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_deployment_wait = "deployment.wait";

    /// Completes a deployment that awaits its verification.
    ///
    /// Request: id; wait, strict and allowFailed as in `epi_deployment_start`.
    /// Result: the service's deployment object.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_deployment_complete = "deployment.complete";

    /// Resets a deployment that awaits its verification.
    ///
    /// Request: id; resetWithDbRollback; validateBeforeSwap; complete (complete a reset
    /// that awaits its verification; not together with the other two); wait, strict
    /// and allowFailed as in `epi_deployment_start`.
    /// Result: the service's deployment object.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_deployment_reset = "deployment.reset";

    /// Starts an export of a database.
    ///
    /// Request: environment; databaseName ("epicms" or "epicommerce"); retentionHours
    /// (24 when absent); wait as in `epi_deployment_start`; allowFailed (give back a
    /// failed or expired export, instead of an error).
    /// Result: the service's export object. Its download link is a secret.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_database_export_start = "databaseExport.start";

    /// Gets one database export.
    ///
    /// Request: environment, databaseName, id.
    /// Result: the service's export object. Its download link is a secret.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_database_export_get = "databaseExport.get";

    /// Waits for a database export that runs.
    ///
    /// Request: environment, databaseName, id; wait and allowFailed as in
    /// `epi_database_export_start`. Without wait it waits with the defaults.
    /// Result: the service's export object. Its download link is a secret.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_database_export_wait = "databaseExport.wait";

    /// Starts or takes a database export, waits for it, downloads and verifies it.
    ///
    /// Request: environment, databaseName, outputFile; id of an export that exists, or
    /// retentionHours for a new one (24 when absent); newExport (start one even if that of
    /// an interrupted call could go on); overwrite; wait as in `epi_deployment_start`, but
    /// without it it waits with the defaults; download, an object with streams (1 to 16).
    /// Result: id, environment, databaseName, status, file, bytes and how it was
    /// verified. After an interruption the same call goes on with its export, which is
    /// kept in a file beside outputFile, and with what was downloaded of it; a message
    /// event says so. The id is told by an accepted event and by the error of a failure.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_database_export_save = "databaseExport.save";

    /// Lists the storage containers of an environment.
    ///
    /// Request: environment; writable (only those that may be written to).
    /// Result: the service's object.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_storage_container_list = "storageContainer.list";

    /// Makes links to storage containers.
    ///
    /// Request: environment; storageContainer, a list of names; retentionHours (1 to
    /// 168, 24 when absent); writable.
    /// Result: a list of the service's objects. The links in them are secrets.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_storage_sas_get = "storageSas.get";

    /// Gets the read-only link to the edge logs.
    ///
    /// Request: projectId.
    /// Result: the service's object; its location is a secret that expires.
    ///
    /// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
    /// Ownership: everything is copied; the caller frees `out_operation` with
    /// `epi_operation_free`, and `out_error` with `epi_error_free`. `options` and
    /// `out_error` may be NULL.
    /// Threads: any.
    /// Since: 0.1.
    fn epi_edge_log_location_get = "edgeLogLocation.get";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_catalog_has_one_symbol() {
        let mut rows: Vec<&str> = catalog::CATALOG.iter().map(|row| row.name).collect();
        let mut calls: Vec<&str> = CALLS.iter().map(|(_, name)| *name).collect();
        rows.sort_unstable();
        calls.sort_unstable();
        assert_eq!(rows, calls);
    }
}
