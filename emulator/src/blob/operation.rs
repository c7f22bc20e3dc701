//! One request to the blob store: which operation it is, whether its link permits it, and the headers every answer
//! of Azure carries. `read` and `write` do the work.

use super::error::BlobError;
use super::sas::{self, Sas};
use super::spool::Refusal;
use super::{list, read, version, write};
use crate::clock::Milliseconds;
use crate::core::Core;
use crate::http::{Answer, Asked, BlobAddress, BodyError, RequestBody, decode};
use crate::identity::{ACCOUNT, is_guid};
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

/// A request whose link is right.
pub(crate) struct Call<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) address: &'a BlobAddress,
    pub(crate) sas: Sas,
    /// The service version it is answered by.
    pub(crate) version: String,
    pub(crate) now: Milliseconds,
}

impl Call<'_> {
    /// A query parameter, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        query(self.asked, name)
    }

    pub(crate) fn lease(&self) -> Option<&str> {
        self.asked.header("x-ms-lease-id")
    }
}

/// Answers a request to the blob store.
pub(crate) async fn handle(
    core: &Core,
    asked: &Asked,
    address: &BlobAddress,
    body: &mut RequestBody,
) -> Result<Answer, BodyError> {
    let result = match admit(core, asked, address) {
        Ok((operation, call)) => run(core, operation, &call, body).await,
        Err(error) => Err(error.into()),
    };
    let answer = match result {
        Ok(answer) => answer,
        Err(Refusal::Body(error)) => return Err(error),
        Err(Refusal::Blob(error)) => {
            // A client that waits for `100 Continue` has sent nothing; any other is still sending.
            if asked.header("expect").is_none() {
                body.drain().await?;
            }
            error.answer(&core.request_id(), asked.now)
        }
    };
    Ok(finish(core, asked, answer))
}

/// An error in Azure's form, for fault rules.
pub(crate) fn error_answer(core: &Core, asked: &Asked, status: u16, code: &str, message: &str) -> Answer {
    let error = BlobError::new(status, code, message);
    finish(core, asked, error.answer(&core.request_id(), asked.now))
}

/// What a link answers after its time, for fault rules.
pub(crate) fn expired_link_answer(core: &Core, asked: &Asked) -> Answer {
    let second_ago = asked.now - 1_000;
    let error = BlobError::authentication_failed(&sas::out_of_time(None, second_ago, asked.now));
    finish(core, asked, error.answer(&core.request_id(), asked.now))
}

async fn run(core: &Core, operation: Operation, call: &Call<'_>, body: &mut RequestBody) -> Result<Answer, Refusal> {
    match operation {
        Operation::GetBlob | Operation::GetProperties => Ok(read::get_blob(core, call).await?),
        Operation::GetBlockList => Ok(read::get_block_list(core, call)?),
        Operation::ListBlobs => Ok(list::list_blobs(core, call)?),
        Operation::PutBlob => write::put_blob(core, call, body).await,
        Operation::PutBlock => write::put_block(core, call, body).await,
        Operation::PutBlockList => write::put_block_list(core, call, body).await,
    }
}

/// Authenticates, finds the operation, and asks whether the permission covers it.
fn admit<'a>(core: &Core, asked: &'a Asked, address: &'a BlobAddress) -> Result<(Operation, Call<'a>), BlobError> {
    let Some(sas) = Sas::read(asked.query()) else {
        return Err(match asked.header("authorization") {
            Some(_) => BlobError::authentication_failed("Only service SAS is known to this emulator"),
            None => BlobError::no_authentication(),
        });
    };
    if address.account != ACCOUNT {
        return Err(BlobError::authentication_failed("The account is not known"));
    }
    sas.authenticate(&core.account_key, address, asked.now, asked.secure)?;
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
    let exists = || core.blobs.exists(&address.container, &address.blob);
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

/// A query parameter, decoded.
pub(crate) fn query(asked: &Asked, name: &str) -> Option<String> {
    asked.query().split('&').find_map(|pair| {
        let (known, value) = pair.split_once('=').unwrap_or((pair, ""));
        (known == name).then(|| decode(value))
    })
}

fn finish(core: &Core, asked: &Asked, answer: Answer) -> Answer {
    with_usual_headers(asked, answer, || core.request_id())
}

/// The headers every answer carries.
pub(crate) fn with_usual_headers(asked: &Asked, answer: Answer, new_id: impl FnOnce() -> String) -> Answer {
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
