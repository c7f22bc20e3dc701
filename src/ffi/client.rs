//! `epi_client`: one account at one service.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::error::{epi_error, reporting};
use super::handles::{self, Held};
use super::operation_state::Work;
use super::panic;
use super::runtime::Runtime;
use super::status::{self, epi_status};
use super::text::{self, Out};
use crate::base::error::{Error, Result};
use crate::base::secret::Secret;
use crate::ops::client::{Client, ClientConfig};

/// One account at one service: a handle made by `epi_client_new`.
///
/// Any number of operations may run on it at once. They share its connections.
///
/// Since: 0.1.
pub struct epi_client {
    _opaque: [u8; 0],
}

/// What a client handle stands for.
pub(super) struct ClientState {
    pub(super) client: Client,
    pub(super) runtime: Arc<Runtime>,
    /// Those that were started and whose handles are not yet freed.
    operations: Mutex<Vec<Weak<Work>>>,
}

impl Held for ClientState {
    type Opaque = epi_client;
    const NAME: &'static str = "client";
}

impl ClientState {
    pub(super) fn new(client: Client) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { client, runtime: Runtime::shared()?, operations: Mutex::default() }))
    }

    fn operations(&self) -> MutexGuard<'_, Vec<Weak<Work>>> {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn remember(&self, work: &Arc<Work>) {
        let mut operations = self.operations();
        operations.retain(|known| known.strong_count() > 0);
        operations.push(Arc::downgrade(work));
    }
}

/// Longer than any credential; a larger number is an uninitialised or negative one.
const LONGEST_SECRET: usize = 1 << 16;

/// Copies the secret of the caller.
///
/// # Safety
/// `secret` is NULL or points to `length` readable bytes.
unsafe fn read_secret(secret: *const c_void, length: usize) -> Result<Option<Secret>> {
    match (secret.is_null(), length) {
        (true, 0) => Ok(None),
        (true, _) => Err(Error::invalid("secret", format!("must not be NULL with a secret_len of {length}"))),
        (false, LONGEST_SECRET..) => {
            Err(Error::invalid("secret_len", format!("{length} is longer than any secret ({LONGEST_SECRET})")))
        }
        // SAFETY: not NULL and readable by this function's contract. The copy zeroes itself.
        (false, _) => {
            Ok(Some(Secret::new(unsafe { std::slice::from_raw_parts(secret.cast::<u8>(), length) }.to_vec())))
        }
    }
}

/// Makes a client. Checks the configuration; nothing is sent yet.
///
/// `config_json` is an object whose member service names the service: "dxp" (when
/// absent), "guidewire" or "redis-enterprise". It holds no secret. All services have
/// endpoint, caFile (a PEM file of certificate authorities to trust besides the
/// system's) and callTimeoutSeconds (how long the answers of one request to the service
/// are waited for; 120). The other members are:
/// - dxp, where all may be left out: clientKey, projectId (for requests that name none)
///   and stateDir (the folder that keeps what a cut upload needs to go on; one of the
///   user's own for state). Without endpoint it is the live service.
/// - guidewire: endpoint (the base URL of the Database API of the region), clientId,
///   tenantId and starSystemId; and where they are needed tokenUrl (known for the
///   published regions), scopes, maxRetentionDays (14) and starSystemList ("backup" or
///   "backups").
/// - redis-enterprise: endpoint (such as https://cluster:9443) and user; and where they
///   are needed authentication ("basic" or "jwt") and certificateSha256 (the fingerprint
///   of the one certificate to trust, instead of caFile).
///
/// `secret` is the client secret as the service gave it, or the user's password for
/// redis-enterprise, `secret_len` bytes; white space and line ends around it
/// are left out, and UTF-16 is read. NULL and 0 make a client of dxp for what needs no
/// account, such as uploading to a link.
///
/// Returns: `EPI_STATUS_OK`, or why there is no client.
/// Ownership: everything is copied; the copy of `secret` is zeroed when the client
/// and its operations are gone. The caller frees `out_client` with
/// `epi_client_free`, and `out_error`, which may be NULL, with `epi_error_free`.
/// Blocks: while it reads caFile and the certificates of the system and starts threads:
/// milliseconds, or as long as the disk takes.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_client_new(
    config_json: *const c_char,
    secret: *const c_void,
    secret_len: usize,
    out_client: *mut *mut epi_client,
    out_error: *mut *mut epi_error,
) -> epi_status {
    // SAFETY: NULL or writable, as the header asks.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || {
        // SAFETY: as above.
        let out_client = unsafe { Out::required("out_client", out_client) }?;
        out_client.set(ptr::null_mut());
        // SAFETY: NULL or NUL-terminated, as the header asks.
        let config =
            ClientConfig::from_document("config_json", unsafe { text::document("config_json", config_json) }?)?;
        // SAFETY: NULL or `secret_len` readable bytes, as the header asks.
        let secret = unsafe { read_secret(secret, secret_len) }?;
        let state = ClientState::new(Client::new(config, secret.as_ref())?)?;
        out_client.set(handles::give(state));
        Ok(status::OK)
    })
}

/// Cancels all operations of a client, as `epi_operation_cancel` does each.
///
/// Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT` if `client` is no client.
/// Ownership: borrows `client`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_client_cancel_all(client: *const epi_client) -> epi_status {
    panic::plain(|| {
        let client = handles::find::<ClientState>(client)?;
        client.runtime.check_process()?;
        let operations: Vec<Arc<Work>> = client.operations().iter().filter_map(Weak::upgrade).collect();
        for work in operations {
            work.stop();
        }
        Ok(status::OK)
    })
}

/// Frees a client.
///
/// Its operations go on, and are waited for and freed as before. NULL is fine and
/// does nothing; so is a handle that was freed.
///
/// Returns: nothing.
/// Ownership: ends `client`.
/// Blocks: no.
/// Threads: last.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_client_free(client: *mut epi_client) {
    panic::value((), || {
        let Some(state) = handles::take::<ClientState>(client) else { return };
        if state.runtime.check_process().is_err() {
            // In a forked child, closing the parent's connections would take them out of the parent's event queue.
            std::mem::forget(state);
        }
    });
}
