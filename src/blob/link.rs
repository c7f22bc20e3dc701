//! What a SAS link permits, read out of the link alone, before any network call.
//!
//! Only what the link says in plain text is judged (Azure REST "Create a service SAS"): permissions, kind of resource,
//! service version. The signature is never read. A link that leaves these to a stored access policy (`si`) passes; the
//! service decides. So it does about the time, which is in `validity.rs`.

use super::validity::expiry;
use crate::base::error::{Error, Kind, Result};
use crate::base::secret::SafeUrl;
use crate::base::time::rfc3339;

/// What a link is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading a blob.
    Read,
    /// Writing a blob.
    Write,
}

/// What a link must lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkTarget {
    /// A container, below which a blob's name is put.
    Container,
    /// One blob.
    Blob,
}

/// The first `sv` that knows `x-ms-content-crc64` (Azure REST "Put Block").
const CRC64_SINCE: &str = "2019-02-02";
/// The first `sv` that takes blocks beyond 100 MiB (Azure REST "Put Block").
const LARGE_BLOCKS_SINCE: &str = "2019-12-12";

const ASK_FOR_A_NEW_ONE: &str = "request a new SAS URL and run the command again";

/// Checks that a link can serve its purpose. `field` is the name the caller knows the link by.
///
/// # Errors
/// `InvalidArgument` when it is no SAS link, leads elsewhere or would show its signature to the network; `Forbidden` when
/// it lacks the permission.
pub fn check_link(field: &str, link: &SafeUrl, access: Access, target: LinkTarget) -> Result<()> {
    if link.is_plain_remote() {
        return Err(Error::invalid(field, "must start with https://: plain http would expose its signature"));
    }
    let signed = link.query().split('&').filter_map(|pair| pair.split_once('='));
    if !signed.into_iter().any(|(name, value)| name.eq_ignore_ascii_case("sig") && !value.is_empty()) {
        return Err(Error::invalid(field, "is not a SAS URL: it has no signature (sig)")
            .with_next_step("pass the whole SAS URL in quotes, so that the shell does not cut it at an '&'"));
    }
    check_target(field, link, target)?;
    let Some(permissions) = link.parameter("sp") else { return Ok(()) };
    if grants(link, access).is_some() {
        return Ok(());
    }
    let has = |letters: [char; 2]| letters.iter().any(|letter| permissions.contains(*letter));
    let (doing, offered) = match access {
        Access::Read if has(['w', 'c']) => ("reading", "it is for writing"),
        Access::Read => ("reading", "it is for something else"),
        // Creating covers Put Blob, which writes a new blob at once, but not the writing of blocks.
        Access::Write if permissions.contains('c') => ("writing blocks", "it is for creating blobs"),
        Access::Write if has(['r', 'l']) => ("writing", "it is for reading"),
        Access::Write => ("writing", "it is for something else"),
    };
    Err(Error::new(Kind::Forbidden, format!("the SAS URL does not permit {doing}: {offered} (sp={permissions})"))
        .with_next_step(match access {
            Access::Read => "use a SAS URL that permits reading (sp=r)",
            Access::Write => "use a SAS URL that permits writing (sp=w)",
        }))
}

/// The permissions that the link names, if what it is wanted for is among them. Put Block and Put Block List take "write",
/// also for a blob that is not there yet (Azure REST "Put Block", "Create a service SAS").
#[must_use]
pub fn grants(link: &SafeUrl, access: Access) -> Option<String> {
    let needed = match access {
        Access::Read => 'r',
        Access::Write => 'w',
    };
    link.parameter("sp").filter(|permissions| permissions.contains(needed))
}

/// Whether the link says that it permits reading.
#[must_use]
pub fn permits_reading(link: &SafeUrl) -> bool {
    grants(link, Access::Read).is_some()
}

/// Whether blocks written by this link may carry `x-ms-content-crc64`; the service speaks the version of the
/// link's own `sv` when a request names none (spec 3.1).
#[must_use]
pub fn permits_crc64(link: &SafeUrl) -> bool {
    version_at_least(link, CRC64_SINCE)
}

/// The largest block that this link's service version takes.
#[must_use]
pub fn largest_block(link: &SafeUrl) -> u64 {
    if version_at_least(link, LARGE_BLOCKS_SINCE) {
        super::block::LARGEST_BLOCK
    } else {
        super::block::LARGEST_BLOCK_OLD
    }
}

/// The error of a link that is past its time.
pub(super) fn expired(link: &SafeUrl) -> Error {
    let message = match expiry(link) {
        Some(at) => format!("the SAS URL expired at {}", rfc3339(at)),
        None => "the SAS URL has expired".to_owned(),
    };
    Error::new(Kind::Expired, message).with_next_step(ASK_FOR_A_NEW_ONE)
}

/// Versions are dates, `2019-02-02`, so their text sorts as they do.
fn version_at_least(link: &SafeUrl, since: &str) -> bool {
    link.parameter("sv").is_some_and(|version| version.len() == since.len() && version.as_str() >= since)
}

fn check_target(field: &str, link: &SafeUrl, target: LinkTarget) -> Result<()> {
    let resource = link.parameter("sr").unwrap_or_default();
    match target {
        LinkTarget::Container if resource == "b" => {
            Err(Error::invalid(field, "is for a single blob, not for a container"))
        }
        LinkTarget::Blob if resource == "c" && names_only_a_container(link) => {
            Err(Error::invalid(field, "is for a container, not for a blob")
                .with_next_step("add '/' and the name of the blob before the '?'"))
        }
        _ => Ok(()),
    }
}

/// Whether the path ends with the container. The account stands in the host
/// (`account.blob.core.windows.net/container`), or first in the path where the host is an address
/// (`127.0.0.1:10000/devstoreaccount1/container`).
fn names_only_a_container(link: &SafeUrl) -> bool {
    let Ok(url) = url::Url::parse(link.base()) else { return false };
    let account_in_host = matches!(url.host(), Some(url::Host::Domain(name)) if name.contains(".blob."));
    let segments = url.path_segments().map_or(0, |parts| parts.filter(|part| !part.is_empty()).count());
    segments <= if account_in_host { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str = "https://a.blob.core.windows.net/deploymentpackages?sv=2020-12-06&sr=c&sig=CANARY%3D&se=2026-02-01T00%3A00%3A00Z&sp=w";
    const READ: &str =
        "https://a.blob.core.windows.net/bacpacs/x.bacpac?sv=2020-12-06&sr=b&sig=CANARY&se=2026-02-01T00:00:00Z&sp=r";

    fn check(link: &str, access: Access, target: LinkTarget) -> Result<()> {
        let result = check_link("sasUrl", &SafeUrl::parse("sasUrl", link).unwrap(), access, target);
        if let Err(error) = &result {
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
        }
        result
    }

    #[test]
    fn what_a_link_permits_is_read_before_any_call() {
        let expired = WRITE.replace("2026-02-01T00%3A00%3A00Z", "2026-01-31T07%3A00%3A00Z");
        let at_container = WRITE.replace("sp=w", "sp=rl");
        let remote = WRITE.replace("https:", "http:");
        let local = WRITE.replace("https://a.blob.core.windows.net", "http://127.0.0.1:10000/devstoreaccount1");
        let emulator = "https://127.0.0.1:1/a.blob.core.windows.net/deploymentpackages?sr=c&sig=CANARY&sp=w";
        for (link, access, target, expected) in [
            (WRITE, Access::Write, LinkTarget::Container, None),
            (READ, Access::Read, LinkTarget::Blob, None),
            (&local, Access::Write, LinkTarget::Container, None),
            (emulator, Access::Write, LinkTarget::Container, None),
            (&WRITE.replace("sp=w", "sp=racwdl"), Access::Write, LinkTarget::Container, None),
            (
                &WRITE.replace("sp=w", "sp=c"),
                Access::Write,
                LinkTarget::Container,
                Some((Kind::Forbidden, "does not permit writing blocks: it is for creating blobs (sp=c)")),
            ),
            (
                &WRITE.replace("sp=w", "sp=rcl"),
                Access::Write,
                LinkTarget::Container,
                Some((Kind::Forbidden, "does not permit writing blocks: it is for creating blobs (sp=rcl)")),
            ),
            (
                &WRITE.replace("sp=w", "sp=d"),
                Access::Write,
                LinkTarget::Container,
                Some((Kind::Forbidden, "does not permit writing: it is for something else (sp=d)")),
            ),
            (&WRITE.replace("&sp=w", "&si=policy"), Access::Write, LinkTarget::Container, None),
            (
                WRITE,
                Access::Read,
                LinkTarget::Container,
                Some((Kind::Forbidden, "does not permit reading: it is for writing (sp=w)")),
            ),
            (
                &at_container,
                Access::Write,
                LinkTarget::Container,
                Some((Kind::Forbidden, "does not permit writing: it is for reading (sp=rl)")),
            ),
            // The blob storage decides about the time.
            (&expired, Access::Write, LinkTarget::Container, None),
            (&remote, Access::Write, LinkTarget::Container, Some((Kind::InvalidArgument, "https://"))),
            (
                &WRITE.replace("sig=CANARY%3D", "sig="),
                Access::Write,
                LinkTarget::Container,
                Some((Kind::InvalidArgument, "no signature")),
            ),
            (
                "https://a.blob.core.windows.net/c/b",
                Access::Read,
                LinkTarget::Blob,
                Some((Kind::InvalidArgument, "no signature")),
            ),
            (READ, Access::Write, LinkTarget::Container, Some((Kind::InvalidArgument, "a single blob"))),
            (&at_container, Access::Read, LinkTarget::Blob, Some((Kind::InvalidArgument, "is for a container"))),
            (
                &emulator.replace("sp=w", "sp=r"),
                Access::Read,
                LinkTarget::Blob,
                Some((Kind::InvalidArgument, "is for a container")),
            ),
        ] {
            match (check(link, access, target), expected) {
                (Ok(()), None) => {}
                (Err(error), Some((kind, text))) => {
                    assert_eq!(error.kind(), kind, "{link}: {error}");
                    assert!(error.to_string().contains(text), "{link}: {error}");
                }
                (found, expected) => panic!("{link}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn the_links_own_version_decides_about_checksums_and_block_sizes() {
        for (version, crc64, large) in [
            ("sv=2017-04-17&", false, false),
            ("sv=2018-11-09&", false, false),
            ("sv=2019-02-02&", true, false),
            ("sv=2019-12-12&", true, true),
            ("sv=2025-01-05&", true, true),
            ("sv=soon&", false, false),
            ("", false, false),
        ] {
            let link = SafeUrl::parse("x", &format!("https://a.blob.core.windows.net/c?{version}sig=x")).unwrap();
            assert_eq!(permits_crc64(&link), crc64, "{version}");
            assert_eq!(largest_block(&link) == super::super::block::LARGEST_BLOCK, large, "{version}");
        }
    }
}
