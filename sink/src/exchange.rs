//! One request to the store: whether it has a signature, which operation it is, and the headers every answer carries.
//! `upload` and `download` do the work.

use epicloud_emulator::blob::error::BlobError;
use epicloud_emulator::blob::{query, with_usual_headers};
use epicloud_emulator::http::{Answer, Asked, BlobAddress};

use crate::call::{Call, Refusal};
use crate::core::Core;
use crate::message::{Body, Reply, Stopped};
use crate::statistics::count;
use crate::{download, upload};

/// Names in a query that belong to the signature and not to the operation.
const SIGNATURE: [&str; 24] = [
    "sv", "sr", "sp", "st", "se", "sig", "sip", "spr", "si", "ss", "srt", "sdd", "ses", "skoid", "sktid", "skt", "ske",
    "sks", "skv", "saoid", "suoid", "scid", "rscd", "rsct",
];

/// Answers a request to the store.
pub(crate) async fn handle(core: &Core, asked: &Asked, body: &mut Body<'_>) -> Result<Reply, Stopped> {
    let mut reply = match run(core, asked, body).await {
        Ok(reply) => reply,
        Err(Refusal::Stopped(stopped)) => return Err(stopped),
        Err(Refusal::Blob(error)) => error.answer(&core.request_id(), asked.now).into(),
    };
    reply.answer = with_usual_headers(asked, reply.answer, || core.request_id());
    Ok(reply)
}

async fn run(core: &Core, asked: &Asked, body: &mut Body<'_>) -> Result<Reply, Refusal> {
    let address = BlobAddress::read(&asked.host, asked.path());
    let (restype, comp) = (query(asked, "restype"), query(asked, "comp"));
    let is_blob = address.as_ref().is_some_and(|address| !address.blob.is_empty()) && restype.is_none();
    let counters = &core.statistics;
    match (is_blob, asked.method.as_str(), comp.as_deref()) {
        (true, "PUT", Some("block")) => count(&counters.put_block),
        (true, "PUT", Some("blocklist")) => count(&counters.put_block_list),
        (true, "PUT", None) => count(&counters.put_blob),
        (true, "GET", None) => count(&counters.get_blob),
        (true, "HEAD", None) => count(&counters.head),
        (true, "GET", Some("blocklist")) => count(&counters.get_block_list),
        _ => counters.count_other(kind(asked)),
    }
    if query(asked, "sig").is_none_or(|signature| signature.is_empty()) {
        return Err(BlobError::authentication_failed("The sink takes any signature, but there has to be one").into());
    }
    let Some(BlobAddress { container, blob, .. }) = address else {
        return Err(BlobError::new(404, "ResourceNotFound", "The specified resource does not exist.").into());
    };
    let call = Call { core, asked, container, blob };
    match (is_blob, asked.method.as_str(), comp.as_deref()) {
        (true, "PUT", Some("block")) => upload::put_block(&call, body).await,
        (true, "PUT", Some("blocklist")) => upload::put_block_list(&call, body).await,
        (true, "PUT", None) => upload::put_blob(&call, body).await,
        (true, "PUT", Some(comp)) => Ok(upload::touch(&call, comp)?.into()),
        (true, "DELETE", None) => Ok(upload::delete(&call)?.into()),
        (true, "GET", Some("blocklist")) => Ok(download::block_list(&call)?.into()),
        (true, "GET", None) => download::get_blob(&call).map_err(Refusal::from),
        (true, "HEAD", _) | (true, "GET", Some("metadata")) => download::properties(&call).map_err(Refusal::from),
        (true, "GET" | "POST", Some(comp)) => {
            Err(BlobError::invalid_query("comp", comp, "Not known to this sink.").into())
        }
        (true, ..) => Err(BlobError::unsupported_verb().into()),
        (false, method, comp) => Ok(outside(&call, method, restype.as_deref(), comp)?),
    }
}

/// Requests to a container or to the account. All containers exist.
fn outside(call: &Call<'_>, method: &str, restype: Option<&str>, comp: Option<&str>) -> Result<Reply, BlobError> {
    match (method, restype, comp) {
        ("GET", Some("container"), Some("list")) => Ok(download::list(call)?.into()),
        ("GET" | "HEAD", Some("container"), _) => Ok(download::container(call).into()),
        ("GET" | "HEAD", Some("account"), _) => {
            let answer = Answer::empty(200).with("x-ms-sku-name", "Standard_LRS");
            Ok(answer.with("x-ms-account-kind", "StorageV2").with("x-ms-is-hns-enabled", "false").into())
        }
        ("PUT", Some("container"), None) => {
            Err(BlobError::new(409, "ContainerAlreadyExists", "The specified container already exists."))
        }
        (_, Some(restype), _) => Err(BlobError::invalid_query("restype", restype, "Not known to this sink.")),
        _ => Err(BlobError::unsupported_verb()),
    }
}

/// What a request is counted under: its method and the names in its query, with values only where they name the
/// operation.
fn kind(asked: &Asked) -> String {
    let mut names: Vec<&str> = asked
        .query()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some(("comp" | "restype", _)) | None => pair,
            Some((name, _)) => name,
        })
        .filter(|name| !SIGNATURE.contains(name))
        .collect();
    names.sort_unstable();
    format!("{} {}", asked.method, names.join("&")).trim_end().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_requests_are_named_without_their_signature() {
        let table = [
            ("/c?restype=container&comp=list&prefix=a%2Fb&sv=1&sig=secret", "GET comp=list&prefix&restype=container"),
            ("/c/b?sig=secret&comp=tags", "GET comp=tags"),
            ("/c/b?sig=secret", "GET"),
            ("/", "GET"),
        ];
        for (target, expected) in table {
            let asked = Asked {
                method: "GET".to_owned(),
                host: String::new(),
                target: target.to_owned(),
                headers: hyper::HeaderMap::new(),
                secure: false,
                peer_is_loopback: true,
                now: 0,
                twice: false,
            };
            assert_eq!(kind(&asked), expected, "{target}");
        }
    }
}
