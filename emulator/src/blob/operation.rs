//! One request to the blob store: which operation it is, whether its link permits it, and the headers every answer
//! of Azure carries. `read` and `write` do the work.

use super::call::{Call, query};
use super::error::BlobError;
use super::sas::{self, Sas};
use super::spool::Refusal;
use super::storage::{ACCOUNT, Storage};
use super::{list, read, version, write};
use crate::fault::Effect;
use crate::http::{Answer, Answering, Asked, BlobAddress, BodyError, RequestBody, Room};
use crate::random::is_guid;
use crate::timestamp;

/// The operations known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    GetBlob,
    GetProperties,
    GetBlockList,
    ListBlobs,
    PutBlob,
    PutBlock,
    PutBlockList,
}

impl Room for Storage {
    fn name(&self) -> &'static str {
        "blob"
    }

    fn takes(&self, asked: &Asked) -> bool {
        BlobAddress::read(&asked.host, asked.path()).is_some()
    }

    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a> {
        Box::pin(handle(self, asked, body))
    }

    fn failure(&self, asked: &Asked, status: u16, code: Option<&str>, message: &str) -> Answer {
        let error = BlobError::new(status, code.unwrap_or_else(|| usual_code(status)), message);
        finish(self, asked, error.answer(&self.request_id(), asked.now))
    }

    fn effect(&self, asked: &Asked, effect: &Effect) -> Option<Answer> {
        let Effect::ExpiredLink = effect else { return None };
        let second_ago = asked.now - 1_000;
        let error = BlobError::authentication_failed(&sas::out_of_time(None, second_ago, asked.now));
        Some(finish(self, asked, error.answer(&self.request_id(), asked.now)))
    }
}

/// The error code Azure uses most with a status.
fn usual_code(status: u16) -> &'static str {
    match status {
        403 => "AuthenticationFailed",
        404 => "BlobNotFound",
        408 => "RequestTimeout",
        412 => "ConditionNotMet",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServerBusy",
        _ => "OperationFailed",
    }
}

/// Answers a request to the blob store.
async fn handle(storage: &Storage, asked: &Asked, body: &mut RequestBody) -> Result<Answer, BodyError> {
    let result = match BlobAddress::read(&asked.host, asked.path()) {
        None => Err(BlobError::new(404, "ResourceNotFound", "The specified resource does not exist.").into()),
        Some(address) => match admit(storage, asked, &address) {
            Ok((operation, call)) => run(storage, operation, &call, body).await,
            Err(error) => Err(error.into()),
        },
    };
    let answer = match result {
        Ok(answer) => answer,
        Err(Refusal::Body(error)) => return Err(error),
        Err(Refusal::Blob(error)) => {
            // A client that waits for `100 Continue` has sent nothing; any other is still sending.
            if asked.header("expect").is_none() {
                body.drain().await?;
            }
            error.answer(&storage.request_id(), asked.now)
        }
    };
    Ok(finish(storage, asked, answer))
}

async fn run(
    storage: &Storage,
    operation: Operation,
    call: &Call<'_>,
    body: &mut RequestBody,
) -> Result<Answer, Refusal> {
    match operation {
        Operation::GetBlob | Operation::GetProperties => Ok(read::get_blob(storage, call).await?),
        Operation::GetBlockList => Ok(read::get_block_list(storage, call)?),
        Operation::ListBlobs => Ok(list::list_blobs(storage, call)?),
        Operation::PutBlob => write::put_blob(storage, call, body).await,
        Operation::PutBlock => write::put_block(storage, call, body).await,
        Operation::PutBlockList => write::put_block_list(storage, call, body).await,
    }
}

/// Authenticates, finds the operation, and asks whether the permission covers it.
fn admit<'a>(
    storage: &Storage,
    asked: &'a Asked,
    address: &'a BlobAddress,
) -> Result<(Operation, Call<'a>), BlobError> {
    let Some(sas) = Sas::read(asked.query()) else {
        return Err(match asked.header("authorization") {
            Some(_) => BlobError::authentication_failed("Only service SAS is known to this emulator"),
            None => BlobError::no_authentication(),
        });
    };
    if address.account != ACCOUNT {
        return Err(BlobError::authentication_failed("The account is not known"));
    }
    sas.authenticate(&storage.key, address, asked.now, asked.secure)?;
    let version = match asked.header("x-ms-version") {
        None => sas.version.clone(),
        Some(version) if version::is_known(version, asked.now) => version.to_owned(),
        Some(other) => return Err(BlobError::invalid_header("x-ms-version", other)),
    };
    if let Some(lease) = asked.header("x-ms-lease-id").filter(|lease| !is_guid(lease)) {
        return Err(BlobError::invalid_header("x-ms-lease-id", lease));
    }
    let operation = operation(
        &asked.method,
        query(asked, "restype").as_deref(),
        query(asked, "comp").as_deref(),
        address.blob.is_empty(),
    )?;
    let exists = || storage.blobs.exists(&address.container, &address.blob);
    let permitted = match operation {
        Operation::GetBlob | Operation::GetProperties | Operation::GetBlockList => sas.permits_any("r"),
        Operation::ListBlobs => sas.permits_any("l"),
        // `c` writes what is not there yet; overwriting takes `w`.
        Operation::PutBlob => sas.permits_any("w") || sas.permits_any("c") && !exists(),
        // Blocks take `w` in any case ("Put Block", "Put Block List").
        Operation::PutBlock | Operation::PutBlockList => sas.permits_any("w"),
    };
    if !permitted {
        // A link that creates was meant for this, but not for what is there already.
        let overwrites = operation == Operation::PutBlob && sas.permits_any("c");
        return Err(if overwrites { BlobError::unauthorized_overwrite() } else { BlobError::permission_mismatch() });
    }
    Ok((operation, Call { asked, address, sas, version, now: asked.now }))
}

fn operation(method: &str, restype: Option<&str>, comp: Option<&str>, container: bool) -> Result<Operation, BlobError> {
    let unknown = |name: &str, value: &str| BlobError::invalid_query(name, value, "Not known to this emulator.");
    match (container, method, restype, comp) {
        (true, "GET", Some("container"), Some("list")) => Ok(Operation::ListBlobs),
        (true, ..) => Err(BlobError::unsupported_verb()),
        (false, "GET", None, None) => Ok(Operation::GetBlob),
        (false, "HEAD", None, None) => Ok(Operation::GetProperties),
        (false, "GET", None, Some("blocklist")) => Ok(Operation::GetBlockList),
        (false, "PUT", None, None) => Ok(Operation::PutBlob),
        (false, "PUT", None, Some("block")) => Ok(Operation::PutBlock),
        (false, "PUT", None, Some("blocklist")) => Ok(Operation::PutBlockList),
        (false, _, Some(restype), _) => Err(unknown("restype", restype)),
        (false, "GET" | "HEAD" | "PUT", None, Some(comp)) => Err(unknown("comp", comp)),
        (false, ..) => Err(BlobError::unsupported_verb()),
    }
}

fn finish(storage: &Storage, asked: &Asked, answer: Answer) -> Answer {
    with_usual_headers(asked, answer, || storage.request_id())
}

/// The headers every answer carries.
pub fn with_usual_headers(asked: &Asked, answer: Answer, new_id: impl FnOnce() -> String) -> Answer {
    let version = asked.header("x-ms-version").filter(|version| version::is_known(version, asked.now));
    let version = version.map(str::to_owned);
    let version = version.or_else(|| query(asked, "sv").filter(|version| version::is_known(version, asked.now)));
    let mut answer = answer
        .with("server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0")
        .with("x-ms-version", version.unwrap_or_else(|| "2017-04-17".to_owned()))
        .with("date", timestamp::http_date(asked.now));
    // An error names its id in the body too and brings it along.
    if !answer.headers.iter().any(|(name, _)| *name == "x-ms-request-id") {
        answer = answer.with("x-ms-request-id", new_id());
    }
    if let Some(id) = asked.header("x-ms-client-request-id") {
        answer = answer.with("x-ms-client-request-id", id);
    }
    answer
}
