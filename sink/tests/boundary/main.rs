//! The sink from outside: uploads counted and summed, the blob to download, faults, settings, and what clients ask besides.

#![expect(clippy::unwrap_used, reason = "a test fails by panic, its helpers too")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use epicloud_sink::{Sink, SinkConfig, SinkSettings, Verify};
use md5::{Digest, Md5};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

const NAME: &str = "cms.app.1.nupkg";

struct Stage {
    sink: Sink,
    client: Client,
}

/// A client that trusts the authority in this file.
fn client(ca_file: &std::path::Path) -> Client {
    // A second installation is refused, and is the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(ca_file).unwrap()).unwrap();
    Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap()
}

/// A link to a blob, from one to its container.
fn within(container_link: &str, blob: &str) -> String {
    let (base, query) = container_link.split_once('?').unwrap();
    format!("{base}/{blob}?{query}")
}

/// Status, error code and body of an answer of the blob store.
async fn outcome(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let code = response.headers().get("x-ms-error-code").map_or("", |code| code.to_str().unwrap()).to_owned();
    (status, code, response.text().await.unwrap())
}

/// The Base64 of the MD5.
fn md5_of(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

/// A block id in EpiCloud's form (spec 3.2, step 3), percent-encoded.
fn block_id(index: u32) -> String {
    let mut id = [0; 48];
    id[..4].copy_from_slice(&index.to_le_bytes());
    STANDARD.encode(id).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Bytes that are not all alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 + index / 251) as u8).collect()
}

async fn stage(config: SinkConfig) -> Stage {
    let sink = Sink::start(config).await.unwrap();
    let client = client(sink.ca_file());
    Stage { sink, client }
}

async fn stage_with(settings: SinkSettings) -> Stage {
    stage(SinkConfig { settings, ..SinkConfig::default() }).await
}

impl Stage {
    fn put_block(&self, index: u32, block: &[u8]) -> RequestBuilder {
        let link = within(&self.sink.container_link(true), NAME);
        self.client.put(format!("{link}&comp=block&blockid={}", block_id(index))).body(block.to_vec())
    }

    fn put_block_list(&self, indexes: &[u32]) -> RequestBuilder {
        let link = within(&self.sink.container_link(true), NAME);
        let ids =
            indexes.iter().map(|index| block_id(*index).replace("%2B", "+").replace("%2F", "/").replace("%3D", "="));
        let entries: String = ids.map(|id| format!("<Latest>{id}</Latest>")).collect();
        self.client.put(format!("{link}&comp=blocklist")).body(format!("<BlockList>{entries}</BlockList>"))
    }

    async fn control(&self, method: Method, what: &str, body: &str) -> (u16, Value) {
        let url = format!("{}__control/{what}", self.sink.endpoint());
        let response = self.client.request(method, url).body(body.to_owned()).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    async fn statistics(&self) -> Value {
        self.control(Method::GET, "statistics", "").await.1
    }

    /// Some bytes of the blob, by a range header or without one.
    async fn download(&self, link: &str, range: Option<&str>) -> (u16, Vec<u8>) {
        let mut request = self.client.get(link);
        if let Some(range) = range {
            request = request.header("x-ms-range", range);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }
}

async fn code(request: RequestBuilder) -> (u16, String) {
    let (status, code, _) = outcome(request.send().await.unwrap()).await;
    (status, code)
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn created() -> (u16, String) {
    refusal(201, "")
}

fn crc64(bytes: &[u8]) -> u64 {
    let mut digest = crc64fast_nvme::Digest::new();
    digest.write(bytes);
    digest.sum64()
}

fn crc64_header(bytes: &[u8]) -> String {
    STANDARD.encode(crc64(bytes).to_le_bytes())
}

#[tokio::test]
async fn an_upload_is_told_in_the_order_of_its_commit() {
    let stage = stage_with(SinkSettings::default()).await;
    let blocks = [bytes(300_000), bytes(70_000), bytes(1)];
    for (index, block) in blocks.iter().enumerate() {
        let index = u32::try_from(index).unwrap();
        let put = stage.put_block(index, block).header("x-ms-content-crc64", crc64_header(block));
        let answer = put.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["x-ms-content-crc64"], crc64_header(block).as_str());
    }
    let answer = stage.put_block_list(&[2, 0, 1]).header("x-ms-blob-content-md5", md5_of(b"x")).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    for name in ["etag", "last-modified", "date", "x-ms-request-id", "x-ms-version"] {
        assert!(answer.headers().contains_key(name), "{name}");
    }
    let hex = |block: &[u8]| format!("{:016x}", crc64(block));
    let shown = stage.statistics().await;
    assert_eq!(
        shown["blobs"][NAME],
        json!({
            "length": 370_001,
            "contentMd5": md5_of(b"x"),
            "blocks": [[1, hex(&blocks[2])], [300_000, hex(&blocks[0])], [70_000, hex(&blocks[1])]],
        })
    );
    assert_eq!(shown["headers"], json!({ "contentMd5": 0, "crc64": 3, "blobContentMd5": 1, "none": 0 }));
    assert_eq!((&shown["requests"]["putBlock"], &shown["requests"]["putBlockList"]), (&json!(3), &json!(1)));
    let head = stage.client.head(within(&stage.sink.container_link(true), NAME)).send().await.unwrap();
    assert_eq!((head.headers()["content-length"].to_str().unwrap(), head.status().as_u16()), ("370001", 200));

    assert_eq!(stage.control(Method::DELETE, "statistics", "").await.0, 200);
    let shown = stage.statistics().await;
    assert_eq!((&shown["blobs"], &shown["bytesReceived"], &shown["connections"]), (&json!({}), &json!(0), &json!(0)));
}

#[tokio::test]
async fn blocks_without_a_checksum_are_summed_when_asked_for() {
    let stage = stage_with(SinkSettings { content_crc: true, ..SinkSettings::default() }).await;
    let block = bytes(100_000);
    assert_eq!(code(stage.put_block(0, &block)).await, created());
    assert_eq!(code(stage.put_block(1, &block).header("content-md5", md5_of(&block))).await, created());
    assert_eq!(code(stage.put_block_list(&[0, 1])).await, created());
    let shown = stage.statistics().await;
    let sum = format!("{:016x}", crc64(&block));
    assert_eq!(shown["blobs"][NAME]["blocks"], json!([[100_000, sum], [100_000, sum]]));
    assert_eq!(shown["headers"], json!({ "contentMd5": 1, "crc64": 0, "blobContentMd5": 0, "none": 1 }));

    stage.control(Method::POST, "settings", "{\"contentCrc\":false}").await;
    assert_eq!(code(stage.put_block(0, &block)).await, created());
    assert_eq!(code(stage.put_block_list(&[0])).await, created());
    assert_eq!(stage.statistics().await["blobs"][NAME]["blocks"], json!([[100_000, null]]));
}

#[tokio::test]
async fn wrong_checksums_are_refused_as_far_as_they_are_verified() {
    let (mismatch_md5, mismatch_crc64) = (refusal(400, "Md5Mismatch"), refusal(400, "Crc64Mismatch"));
    for (verify, md5, crc64, mismatches) in [
        (Verify::None, created(), created(), 0),
        (Verify::Crc64, created(), mismatch_crc64.clone(), 1),
        (Verify::All, mismatch_md5, mismatch_crc64, 2),
    ] {
        let stage = stage_with(SinkSettings { verify, ..SinkSettings::default() }).await;
        let block = bytes(50_000);
        let put = || stage.put_block(0, &block);
        assert_eq!(code(put().header("content-md5", md5_of(b"other"))).await, md5, "{verify:?}");
        assert_eq!(code(put().header("x-ms-content-crc64", crc64_header(b"other"))).await, crc64, "{verify:?}");
        assert_eq!(code(put().header("content-md5", md5_of(&block))).await, created(), "{verify:?}");
        assert_eq!(code(put().header("x-ms-content-crc64", crc64_header(&block))).await, created(), "{verify:?}");
        let shown = stage.statistics().await;
        assert_eq!(shown["mismatches"], mismatches, "{verify:?}");
        assert_eq!(shown["headers"], json!({ "contentMd5": 2, "crc64": 2, "blobContentMd5": 0, "none": 0 }));
    }
}

#[tokio::test]
async fn every_nth_block_is_answered_wrong() {
    let stage = stage_with(SinkSettings { faulty_every: 2, ..SinkSettings::default() }).await;
    let block = bytes(400_000);
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(match stage.put_block(0, &block).send().await {
            Ok(answer) => outcome(answer).await.0,
            Err(failure) => {
                assert!(failure.is_request(), "{failure:?}");
                0
            }
        });
    }
    assert_eq!(seen, [201, 503, 201, 500, 201, 0, 201, 503]);
    let shown = stage.statistics().await;
    assert_eq!((&shown["faults"], &shown["requests"]["putBlock"]), (&json!(4), &json!(8)));
    // A refused body is read to its end, one that is cut off to its middle or to where the pieces happened to end.
    let received = shown["bytesReceived"].as_u64().unwrap();
    assert!((7 * 400_000 + 200_000..8 * 400_000 + 1).contains(&received), "{received}");
}

#[tokio::test]
async fn the_blob_is_downloaded_by_any_range() {
    let size = 3_000_000;
    let stage = stage(SinkConfig { blob_size: Some(size), blob_md5: true, ..SinkConfig::default() }).await;
    let whole = stage.download(&stage.sink.blob_link(true), None).await.1;
    assert_eq!(whole.len() as u64, size);
    for secure in [true, false] {
        let link = stage.sink.blob_link(secure);
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=1048000-2098000", 1_048_000..2_098_001),
            ("bytes=2999990-9999999", 2_999_990..3_000_000),
        ] {
            let (status, part) = stage.download(&link, Some(range)).await;
            assert!(
                status == 206 && part == whole[expected],
                "{range} secure {secure}: {status}, {} bytes",
                part.len()
            );
        }
        assert_eq!(stage.download(&link, Some("bytes=3000000-")).await.0, 416);
    }
    let link = stage.sink.blob_link(true);
    let head = stage.client.head(&link).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "3000000");
    assert_eq!(head.headers()["content-md5"], md5_of(&whole).as_str());
    let etag = head.headers()["etag"].clone();
    let part = stage.client.get(&link).header("range", "bytes=5-9").header("if-match", &etag).send().await.unwrap();
    assert_eq!(part.headers()["content-range"], "bytes 5-9/3000000");
    assert_eq!(part.headers()["x-ms-blob-content-md5"], md5_of(&whole).as_str());
    assert_eq!(code(stage.client.get(&link).header("if-match", "\"0x1\"")).await, refusal(412, "ConditionNotMet"));
    assert_eq!(stage.client.get(&link).header("if-none-match", &etag).send().await.unwrap().status(), 304);
    // A 304 has no body, and the connection goes on behind it.
    assert_eq!(stage.download(&link, Some("bytes=0-9")).await, (206, whole[..10].to_vec()));
}

#[tokio::test]
async fn clients_find_what_they_ask_before_they_begin() {
    let stage = stage_with(SinkSettings::default()).await;
    let container = stage.sink.container_link(true);
    let link = within(&container, NAME);
    let properties = stage.client.get(format!("{container}&restype=container"));
    assert_eq!(code(properties).await, refusal(200, ""));
    let list = || stage.client.get(format!("{container}&restype=container&comp=list"));
    assert_eq!(outcome(list().send().await.unwrap()).await.2.matches("<Blob>").count(), 0);
    for request in
        [stage.client.head(&link), stage.client.get(&link), stage.client.get(format!("{link}&comp=blocklist"))]
    {
        assert_eq!(code(request).await, refusal(404, "BlobNotFound"));
    }
    let put = || stage.client.put(&link).header("x-ms-blob-type", "BlockBlob").body("0123456789");
    assert_eq!(code(put().header("if-none-match", "*")).await, created());
    assert_eq!(code(put().header("if-none-match", "*")).await, refusal(409, "BlobAlreadyExists"));
    assert_eq!(outcome(list().send().await.unwrap()).await.2.matches("<Name>cms.app.1.nupkg</Name>").count(), 1);
    assert_eq!(code(stage.client.get(&link)).await, refusal(409, "BlobContentDiscarded"));
    assert_eq!(code(stage.put_block(7, b"waits")).await, created());
    let (_, _, waiting) =
        outcome(stage.client.get(format!("{link}&comp=blocklist&blocklisttype=all")).send().await.unwrap()).await;
    assert!(waiting.contains("<CommittedBlocks></CommittedBlocks>") && waiting.contains("<Size>5</Size>"), "{waiting}");
    assert_eq!(code(stage.put_block_list(&[7, 8])).await, refusal(400, "InvalidBlockList"));
    assert_eq!(code(stage.client.delete(&link)).await, refusal(202, ""));
    assert_eq!(code(stage.client.put(format!("{link}&comp=page"))).await, refusal(400, "InvalidQueryParameterValue"));

    let requests = &stage.statistics().await["requests"];
    assert_eq!(
        (&requests["putBlob"], &requests["getBlob"], &requests["getBlockList"]),
        (&json!(2), &json!(2), &json!(2))
    );
    let other = json!({
        "DELETE": 1,
        "GET comp=list&restype=container": 2,
        "GET restype=container": 1,
        "PUT comp=page": 1,
    });
    assert_eq!(requests["other"], other);
}

#[tokio::test]
async fn a_request_without_a_signature_is_refused() {
    let stage = stage_with(SinkSettings::default()).await;
    let link = within(&stage.sink.container_link(true), NAME);
    let bare = link.replace("sig=sink", "sig=");
    let denied = refusal(403, "AuthenticationFailed");
    assert_eq!(code(stage.client.put(format!("{bare}&comp=block&blockid=AAAA")).body("x")).await, denied);
    assert_eq!(code(stage.client.get(link.split('?').next().unwrap())).await, denied);
    assert_eq!(
        code(stage.client.put(link.replace("=sink", "=any")).header("x-ms-blob-type", "BlockBlob").body("x")).await,
        created()
    );
}

#[tokio::test]
async fn settings_change_while_it_runs() {
    let stage = stage_with(SinkSettings { faulty_every: 1, ..SinkSettings::default() }).await;
    assert_eq!(code(stage.put_block(0, b"x")).await, refusal(503, "ServerBusy"));
    let change =
        "{\"faultyEvery\":0,\"verify\":\"all\",\"latencyMs\":1,\"perConnection\":800000000,\"total\":900000000}";
    let (status, settings) = stage.control(Method::POST, "settings", change).await;
    let expected = json!({
        "latencyMs": 1, "perConnection": 800_000_000, "total": 900_000_000, "faultyEvery": 0, "verify": "all",
        "contentCrc": false,
    });
    assert_eq!((status, &settings), (200, &expected));
    assert_eq!(stage.control(Method::GET, "settings", "").await.1, expected);
    // On a connection of its own, which is slowed down and brings every byte all the same.
    let slowed = Stage { client: client(stage.sink.ca_file()), sink: stage.sink };
    let block = bytes(1_000_000);
    assert_eq!(code(slowed.put_block(0, &block).header("content-md5", md5_of(&block))).await, created());
    assert_eq!(code(slowed.put_block_list(&[0])).await, created());
    assert_eq!(slowed.statistics().await["blobs"][NAME]["length"], 1_000_000);
    for wrong in ["{\"latency\":1}", "{\"verify\":\"some\"}", "nothing"] {
        assert_eq!(slowed.control(Method::POST, "settings", wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(slowed.control(Method::GET, "nothing", "").await.0, 404);
}

#[tokio::test]
async fn a_slow_network_takes_its_time_and_loses_nothing() {
    let settings = SinkSettings { latency_ms: 20, per_connection: 80_000_000, ..SinkSettings::default() };
    let stage = stage(SinkConfig { settings, blob_size: Some(500_000), ..SinkConfig::default() }).await;
    let whole = stage.client.get(stage.sink.blob_link(false)).send().await.unwrap().bytes().await.unwrap();
    let begun = std::time::Instant::now();
    let again = stage.client.get(stage.sink.blob_link(false)).send().await.unwrap().bytes().await.unwrap();
    // 50 ms for the bytes but for the last portion, and 20 ms for the request; how much more depends on the machine.
    let taken = begun.elapsed().as_millis();
    assert!(taken >= 65, "{taken} ms");
    assert!(whole.len() == 500_000 && whole == again);
}

#[tokio::test]
async fn a_client_that_waits_for_100_is_told_to_go_on() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = stage_with(SinkSettings::default()).await;
    let link = within(&stage.sink.container_link(false), NAME);
    let (host, target) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!("PUT /{target}&comp=block&blockid=AAAA HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n");
    socket.write_all(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    // The next request follows in the same write: nobody asks a server to wait.
    socket.write_all(format!("body{head}Connection: close\r\n\r\nmore").as_bytes()).await.unwrap();
    let mut answers = String::new();
    socket.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 201 Created\r\n").count(), 2, "{answers}");
    assert_eq!(stage.statistics().await["bytesReceived"], 8);
}

#[test]
fn the_program_serves_and_measures_pushing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_epi-sink"))
        .args(["--blob-size", "1MiB", "--total", "10Gbit"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let names = ["endpoint", "httpsEndpoint", "containerLink", "httpContainerLink", "blobLink", "httpBlobLink"];
    for name in names {
        assert!(ready[name].as_str().unwrap().starts_with("http"), "{name} in {line}");
    }
    let ca_file = ready["caFile"].as_str().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = rustls::RootCertStore::empty();
    use rustls::pki_types::pem::PemObject;
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap();
    let mut socket = std::net::TcpStream::connect(ready["pushAddress"].as_str().unwrap()).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    for _ in 0..64 {
        stream.write_all(&[7; 100_000]).unwrap();
    }
    stream.conn.send_close_notify();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), 1);

    #[cfg(unix)]
    {
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!std::path::Path::new(ca_file).exists());
    }
    #[cfg(not(unix))]
    child.kill().unwrap();
}

#[test]
fn the_command_line_names_what_is_wrong_with_it() {
    let run = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_epi-sink")).args(arguments).output().unwrap();
    for (arguments, named) in
        [(["--total", "1MB"], "kbit, Mbit or Gbit"), (["--verify", "md5"], "--verify"), (["--blob-size", "2GB"], "GiB")]
    {
        let output = run(&arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(named), "{arguments:?}: {text}");
    }
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(help.contains("Examples:") && help.contains("--faulty-every"), "{help}");
}
