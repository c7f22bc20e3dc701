//! The blob store by itself: links, checksums, blocks, conditions, lists.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use epicloud_emulator::{LinkScheme, LinkSpec};
use reqwest::RequestBuilder;

use crate::caller::{Stage, block_id, bytes, manual, md5_of, outcome, within};

const HOUR: Duration = Duration::from_secs(3_600);
const NAME: &str = "cms.app.1.nupkg";

fn link(stage: &Stage, permissions: &str) -> String {
    within(&stage.emulator.package_link(permissions, HOUR), NAME)
}

fn put_block(stage: &Stage, link: &str, id: &str, block: &[u8]) -> RequestBuilder {
    stage.client.put(format!("{link}&comp=block&blockid={id}")).body(block.to_vec())
}

async fn code(request: RequestBuilder) -> (u16, String) {
    let (status, code, _) = outcome(request.send().await.unwrap()).await;
    (status, code)
}

fn told<'a>(answer: &'a reqwest::Response, header: &str) -> &'a str {
    answer.headers()[header].to_str().unwrap()
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn crc64(bytes: &[u8]) -> String {
    let mut digest = crc64fast_nvme::Digest::new();
    digest.write(bytes);
    STANDARD.encode(digest.sum64().to_le_bytes())
}

#[tokio::test]
async fn links_are_really_checked() {
    let stage = manual().await;
    stage.emulator.put_blob("deploymentpackages", NAME, b"content").unwrap();
    let good = link(&stage, "r");
    assert_eq!(stage.client.get(&good).send().await.unwrap().text().await.unwrap(), "content");
    let denied = refusal(403, "AuthenticationFailed");
    for changed in [good.replace("sp=r", "sp=rw"), good.replace("sr=c", "sr=b"), good.replace("sig=", "sig=A")] {
        assert_eq!(code(stage.client.get(&changed)).await, denied, "{changed}");
    }
    let bare = good.split('?').next().unwrap();
    assert_eq!(code(stage.client.get(bare)).await, refusal(401, "NoAuthenticationInformation"));
    assert_eq!(code(stage.client.get(link(&stage, "w"))).await, refusal(403, "AuthorizationPermissionMismatch"));
    let one = stage.emulator.blob_link("deploymentpackages", NAME, "r", HOUR);
    assert_eq!(stage.client.get(&one).send().await.unwrap().status(), 200);
    assert_eq!(code(stage.client.get(one.replace(NAME, "cms.app.2.nupkg"))).await, denied);

    for version in ["2017-04-17", "2018-11-09", "2019-02-02", "2020-12-06", "2021-12-02"] {
        let spec = LinkSpec {
            version: Some(version.to_owned()),
            scheme: Some(LinkScheme::Http),
            ..LinkSpec::new("deploymentpackages", Some(NAME), "r", HOUR)
        };
        let answer = stage.client.get(stage.emulator.link(&spec)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["x-ms-version"].to_str().unwrap()), (200, version));
    }

    stage.emulator.clock().advance(HOUR + Duration::from_secs(1));
    let (status, code, body) = outcome(stage.client.get(&good).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (403, "AuthenticationFailed"));
    assert!(body.contains("<AuthenticationErrorDetail>Signature not valid in the specified time frame"), "{body}");
    assert!(body.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code>"));
}

#[tokio::test]
async fn checksums_of_blocks_are_really_checked() {
    let stage = manual().await;
    let link = link(&stage, "w");
    let block = bytes(100_000);
    let id = block_id(0);
    let put = || put_block(&stage, &link, &id, &block);
    assert_eq!(code(put().header("content-md5", md5_of(&block))).await.0, 201);
    assert_eq!(code(put().header("content-md5", md5_of(b"x"))).await, refusal(400, "Md5Mismatch"));
    assert_eq!(code(put().header("content-md5", "x")).await, refusal(400, "InvalidMd5"));
    let answer = put().header("x-ms-content-crc64", crc64(&block)).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["x-ms-content-crc64"].to_str().unwrap()),
        (201, crc64(&block).as_str())
    );
    assert_eq!(code(put().header("x-ms-content-crc64", crc64(b"x"))).await, refusal(400, "Crc64Mismatch"));
    let both = put().header("x-ms-content-crc64", crc64(&block)).header("content-md5", md5_of(&block));
    assert_eq!(code(both).await, refusal(400, "InvalidHeaderValue"));
    let old = put().header("x-ms-version", "2018-11-09").header("x-ms-content-crc64", crc64(&block));
    assert_eq!(code(old).await, refusal(400, "InvalidHeaderValue"));
}

#[tokio::test]
async fn block_lists_follow_the_rules() {
    let stage = manual().await;
    let link = link(&stage, "rw");
    let commit =
        |list: &str| stage.client.put(format!("{link}&comp=blocklist")).body(format!("<BlockList>{list}</BlockList>"));
    let id = |index| block_id(index);
    for index in 0..3 {
        assert_eq!(code(put_block(&stage, &link, &id(index), format!("block{index}").as_bytes())).await.0, 201);
    }
    assert_eq!(code(put_block(&stage, &link, "AAAA", b"x")).await, refusal(400, "InvalidBlobOrBlock"));
    // Of the same length as text, but not as the id that it stands for.
    let shorter = STANDARD.encode(&STANDARD.decode(id(0)).unwrap()[1..]);
    assert_eq!(shorter.len(), id(0).len());
    assert_eq!(code(put_block(&stage, &link, &shorter, b"x")).await, refusal(400, "InvalidBlobOrBlock"));
    assert_eq!(code(put_block(&stage, &link, "%3F", b"x")).await, refusal(400, "InvalidQueryParameterValue"));
    assert_eq!(
        code(put_block(&stage, &link, &id(3), b"").header("content-length", 0)).await,
        refusal(400, "InvalidHeaderValue")
    );
    assert_eq!(code(stage.client.get(&link)).await, refusal(404, "BlobNotFound"));
    let lists = stage.client.get(format!("{link}&comp=blocklist&blocklisttype=all")).send().await.unwrap();
    assert_eq!(lists.text().await.unwrap().matches("<Size>6</Size>").count(), 3);

    assert_eq!(code(commit(&format!("<Latest>{}</Latest>", id(9)))).await, refusal(400, "InvalidBlockList"));
    assert_eq!(code(commit("<Latest>")).await, refusal(400, "InvalidXmlDocument"));
    let list = format!("<Latest>{}</Latest><Uncommitted>{}</Uncommitted>", id(1), id(0));
    assert_eq!(code(commit(&list)).await.0, 201);
    assert_eq!(stage.client.get(&link).send().await.unwrap().text().await.unwrap(), "block1block0");
    // The third block was dropped by the commit.
    assert_eq!(code(commit(&format!("<Latest>{}</Latest>", id(2)))).await, refusal(400, "InvalidBlockList"));
    assert_eq!(code(commit(&format!("<Committed>{}</Committed>", id(0)))).await.0, 201);
    assert_eq!(stage.client.get(&link).send().await.unwrap().text().await.unwrap(), "block0");
}

#[tokio::test]
async fn blobs_are_put_got_and_headed_with_conditions() {
    let stage = manual().await;
    let link = link(&stage, "rw");
    let put = |content: &'static str| stage.client.put(&link).header("x-ms-blob-type", "BlockBlob").body(content);
    assert_eq!(code(stage.client.put(&link).body("x")).await, refusal(400, "MissingRequiredHeader"));
    let first = put("0123456789").header("content-type", "text/plain").send().await.unwrap();
    assert_eq!(first.status(), 201);
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let head = stage.client.head(&link).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "10");
    assert_eq!(head.headers()["content-type"], "text/plain");
    assert_eq!(head.headers()["content-md5"], md5_of(b"0123456789").as_str());

    let get = || stage.client.get(&link);
    let part = get().header("range", "bytes=2-4").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.text().await.unwrap().as_str()), (206, "234"));
    assert_eq!(code(get().header("range", "bytes=10-")).await, refusal(416, "InvalidRange"));
    assert_eq!(get().header("if-none-match", &etag).send().await.unwrap().status(), 304);
    assert_eq!(get().header("if-match", &etag).send().await.unwrap().status(), 200);
    assert_eq!(code(put("x").header("if-none-match", "*")).await, refusal(409, "BlobAlreadyExists"));
    assert_eq!(put("other").header("if-match", &etag).send().await.unwrap().status(), 201);
    assert_eq!(code(get().header("if-match", &etag)).await, refusal(412, "ConditionNotMet"));

    stage.emulator.lease("deploymentpackages", NAME).unwrap();
    assert_eq!(code(put("x")).await, refusal(412, "LeaseIdMissing"));
    let other = "00000000-0000-0000-0000-000000000000";
    let mismatch = refusal(412, "LeaseIdMismatchWithBlobOperation");
    assert_eq!(code(put("x").header("x-ms-lease-id", other)).await, mismatch);
    // A read needs no id, but one that is given has to be right.
    assert_eq!(get().send().await.unwrap().status(), 200);
    let list = || stage.client.get(format!("{link}&comp=blocklist"));
    for read in [get(), stage.client.head(&link), list()] {
        let answer = read.header("x-ms-lease-id", other).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), told(&answer, "x-ms-error-code")), (412, &*mismatch.1));
    }
    stage.emulator.release("deploymentpackages", NAME);
    let absent = refusal(412, "LeaseNotPresentWithBlobOperation");
    for request in [get(), list(), put("x"), put_block(&stage, &link, &block_id(0), b"x")] {
        assert_eq!(code(request.header("x-ms-lease-id", other)).await, absent);
    }
    let new = link.replace(NAME, "cms.app.2.nupkg");
    assert_eq!(code(put_block(&stage, &new, &block_id(0), b"x").header("x-ms-lease-id", other)).await, absent);
    assert_eq!(code(get().header("x-ms-lease-id", "mine")).await, refusal(400, "InvalidHeaderValue"));
    assert_eq!(put("x").send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_range_is_answered_with_the_checksum_that_is_asked_for() {
    let stage = manual().await;
    let content = bytes(6 << 20);
    stage.emulator.put_blob("deploymentpackages", NAME, &content).unwrap();
    let link = link(&stage, "r");
    let get = |range: Option<&str>, headers: &[(&'static str, &str)]| {
        let mut request = stage.client.get(&link);
        if let Some(range) = range {
            request = request.header("x-ms-range", range);
        }
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let md5 = ("x-ms-range-get-content-md5", "true");
    let crc = ("x-ms-range-get-content-crc64", "true");
    let part = &content[1_000..5_000];
    let answer = get(Some("bytes=1000-4999"), &[md5]).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), told(&answer, "content-md5")), (206, &*md5_of(part)));
    assert!(!answer.headers().contains_key("x-ms-content-crc64"));
    let answer = get(Some("bytes=1000-4999"), &[crc]).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), told(&answer, "x-ms-content-crc64")), (206, &*crc64(part)));
    assert!(!answer.headers().contains_key("content-md5"));

    // 4 MiB at most, and of what there is: the last range is shorter than asked for.
    let largest = get(Some("bytes=0-4194303"), &[md5]).send().await.unwrap();
    assert_eq!(&largest.headers()["content-md5"], &*md5_of(&content[..4 << 20]));
    assert_eq!(get(Some("bytes=4194304-99999999"), &[crc]).send().await.unwrap().status(), 206);
    for kind in [md5, crc] {
        assert_eq!(code(get(Some("bytes=0-4194304"), &[kind])).await, refusal(400, "OutOfRangeInput"));
        assert_eq!(code(get(None, &[kind])).await, refusal(400, "InvalidHeaderValue"));
        assert_eq!(code(get(Some("bytes=0-9"), &[(kind.0, "yes")])).await, refusal(400, "InvalidHeaderValue"));
        assert_eq!(get(None, &[(kind.0, "false")]).send().await.unwrap().status(), 200);
    }
    assert_eq!(code(get(Some("bytes=0-9"), &[md5, crc])).await, refusal(400, "InvalidHeaderValue"));
    // A version from before CRC-64 does not know its header.
    let old = get(Some("bytes=0-9"), &[crc, ("x-ms-version", "2018-11-09")]).send().await.unwrap();
    assert!(old.status() == 206 && !old.headers().contains_key("x-ms-content-crc64"));

    let behind = get(Some("bytes=6291456-"), &[]).send().await.unwrap();
    assert_eq!((behind.status().as_u16(), told(&behind, "content-range")), (416, "bytes */6291456"));
}

#[tokio::test]
async fn a_blob_that_is_put_is_answered_with_both_checksums() {
    let stage = manual().await;
    let link = link(&stage, "w");
    let put = || stage.client.put(&link).header("x-ms-blob-type", "BlockBlob").body("0123456789");
    for request in [
        put(),
        put().header("content-md5", md5_of(b"0123456789")),
        put().header("x-ms-content-crc64", crc64(b"0123456789")),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(&answer.headers()["content-md5"], &*md5_of(b"0123456789"));
        assert_eq!(&answer.headers()["x-ms-content-crc64"], &*crc64(b"0123456789"));
    }
    let old = put().header("x-ms-version", "2018-11-09").send().await.unwrap();
    assert!(old.headers().contains_key("content-md5") && !old.headers().contains_key("x-ms-content-crc64"));
}

#[tokio::test]
async fn a_damaged_block_is_refused_with_both_sums_by_their_names() {
    let stage = manual().await;
    let link = link(&stage, "w");
    let put = put_block(&stage, &link, &block_id(0), b"sent").header("x-ms-content-crc64", crc64(b"meant"));
    let (_, _, body) = outcome(put.send().await.unwrap()).await;
    for (name, sum) in [("UserSpecifiedCrc", crc64(b"meant")), ("ServerCalculatedCrc", crc64(b"sent"))] {
        assert!(body.contains(&format!("<{name}>{sum}</{name}>")), "{body}");
    }
}

#[tokio::test]
async fn versions_that_no_service_knows_are_refused() {
    let stage = manual().await;
    stage.emulator.put_blob("deploymentpackages", NAME, b"content").unwrap();
    let good = link(&stage, "r");
    for (version, known) in [("2021-12-02", true), ("2025-01-05", true), ("2021-12-03", false), ("2999-01-01", false)] {
        let spec = LinkSpec {
            version: Some(version.to_owned()),
            scheme: Some(LinkScheme::Http),
            ..LinkSpec::new("deploymentpackages", Some(NAME), "r", HOUR)
        };
        let signed = code(stage.client.get(stage.emulator.link(&spec))).await;
        let asked = code(stage.client.get(&good).header("x-ms-version", version)).await;
        if known {
            assert_eq!((signed.0, asked.0), (200, 200), "{version}");
        } else {
            assert_eq!(signed, refusal(403, "AuthenticationFailed"), "{version}");
            assert_eq!(asked, refusal(400, "InvalidHeaderValue"), "{version}");
        }
    }
}

#[tokio::test]
async fn a_create_link_does_not_overwrite() {
    let stage = manual().await;
    let link = link(&stage, "c");
    let put = || stage.client.put(&link).header("x-ms-blob-type", "BlockBlob").body("x");
    assert_eq!(put().send().await.unwrap().status(), 201);
    assert_eq!(code(put()).await, refusal(403, "UnauthorizedBlobOverwrite"));
}

#[tokio::test]
async fn a_create_link_does_not_write_blocks() {
    let stage = manual().await;
    let denied = refusal(403, "AuthorizationPermissionMismatch");
    for (permissions, permitted) in [("c", false), ("rc", false), ("w", true), ("cw", true)] {
        let link = link(&stage, permissions);
        let expected = if permitted { (201, String::new()) } else { denied.clone() };
        assert_eq!(code(put_block(&stage, &link, &block_id(0), b"x")).await, expected, "{permissions}");
        let list = format!("<BlockList><Latest>{}</Latest></BlockList>", block_id(0));
        let list = stage.client.put(format!("{link}&comp=blocklist")).body(list);
        assert_eq!(code(list).await, expected, "{permissions}");
    }
}

#[tokio::test]
async fn containers_are_listed_in_pages() {
    let stage = manual().await;
    for index in 0..5 {
        stage.emulator.put_blob("logs", &format!("a/{index}&.json"), b"{}").unwrap();
    }
    stage.emulator.put_blob("logs", "b", b"").unwrap();
    let link = stage.emulator.container_link("logs", "l", HOUR);
    let list = |more: &str| {
        let request = stage.client.get(format!("{link}&restype=container&comp=list{more}"));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let all = list("").await;
    assert_eq!(all.matches("<Blob>").count(), 6);
    assert!(all.contains("<Name>a/0&amp;.json</Name>") && all.contains("<NextMarker></NextMarker>"), "{all}");
    let page = list("&prefix=a%2F&maxresults=2").await;
    assert_eq!(page.matches("<Blob>").count(), 2);
    assert!(page.contains("<NextMarker>a/2&amp;.json</NextMarker>"), "{page}");
    assert!(list("&prefix=a%2F&marker=a%2F2%26.json").await.contains("a/4&amp;.json"));
    assert!(list("&delimiter=%2F").await.contains("<BlobPrefix><Name>a/</Name></BlobPrefix>"));
    let write_only = stage.emulator.container_link("logs", "w", HOUR);
    let refused = stage.client.get(format!("{write_only}&restype=container&comp=list"));
    assert_eq!(code(refused).await, refusal(403, "AuthorizationPermissionMismatch"));
    let missing = stage.emulator.container_link("nothing", "l", HOUR);
    let refused = stage.client.get(format!("{missing}&restype=container&comp=list"));
    assert_eq!(code(refused).await, refusal(404, "ContainerNotFound"));
}

#[tokio::test]
async fn the_message_is_the_reason_phrase_too() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = manual().await;
    stage.emulator.put_blob("deploymentpackages", NAME, b"x").unwrap();
    stage.emulator.lease("deploymentpackages", NAME).unwrap();
    let spec = LinkSpec { scheme: Some(LinkScheme::Http), ..LinkSpec::new("deploymentpackages", None, "w", HOUR) };
    let link = within(&stage.emulator.link(&spec), NAME);
    let (host, target) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!(
        "PUT /{target}&comp=block&blockid={} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
        block_id(0)
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let expected =
        "HTTP/1.1 412 There is currently a lease on the blob and no lease ID was specified in the request.\r\n";
    assert!(answer.starts_with(expected), "{answer}");
}
