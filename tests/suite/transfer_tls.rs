//! Whom a transfer trusts, and by which way it goes: certificates, and the proxies that the environment names.

use std::net::SocketAddr;
use std::sync::Arc;

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::{Error, Kind, Retry};
use epicloud::base::secret::SafeUrl;
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use epicloud_emulator::{Config, Emulator, LinkScheme, LinkSpec};

use super::fixture::Epi;
use super::transfer_child::this_program;
use super::transfer_fixture::{
    BLOB, CONTAINER, HOUR, MIB, NAME, TransferFixture, content, download, link, receive, send, upload,
};
use super::virtual_time::Seeded;
use super::wires::ConnectProxy;

/// The name by which the real service is reached; the emulator's certificate is good for it.
const HOST: &str = "epiemulator.blob.core.windows.net";

fn secure(fixture: &TransferFixture, container: &str, blob: Option<&str>, permissions: &str) -> SafeUrl {
    let mut spec = LinkSpec::new(container, blob, permissions, HOUR);
    spec.scheme = Some(LinkScheme::Https);
    link(&fixture.emulator.link(&spec))
}

fn assert_distrust(fixture: &TransferFixture, error: &Error, host: &str) {
    assert_eq!((error.kind(), fixture.retrying()), (Kind::Tls, 0), "{error}");
    assert!(error.to_string().starts_with(&format!("cannot trust {host}")), "{error}");
    assert!(error.next_step().is_some_and(|step| step.contains("caFile")), "{error:?}");
    assert!(fixture.emulator.requests().is_empty(), "nothing is said to who is not trusted");
}

#[tokio::test]
async fn an_unknown_authority_is_refused_once_and_told_as_such() {
    let mut fixture = TransferFixture::new().await;
    let http = Http::new(&Trust::Machine, fixture.clock.clone()).unwrap();
    fixture.engine = Engine::new(Store::new(http), fixture.clock.clone(), Arc::new(Seeded::printed()));
    let mut sending = upload(&fixture, &fixture.file("p", &content(1, 4 * MIB)));
    sending.container = secure(&fixture, CONTAINER, None, "w");
    let error = send(&fixture, &sending).await.unwrap_err();
    assert_distrust(&fixture, &error, "127.0.0.1:");
    let mut receiving = download(&fixture, &fixture.path("db"));
    receiving.link = secure(&fixture, "bacpacs", Some(BLOB), "r");
    let error = receive(&fixture, &receiving).await.unwrap_err();
    assert_distrust(&fixture, &error, "127.0.0.1:");
    assert!(!fixture.path("db").exists() && !fixture.path("db.partial").exists());
}

#[tokio::test]
async fn a_download_goes_over_tls_by_an_authority_of_ones_own() {
    let fixture = TransferFixture::new().await;
    let bytes = content(2, 3 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let mut receiving = download(&fixture, &fixture.path("db"));
    receiving.link = secure(&fixture, "bacpacs", Some(BLOB), "r");
    receive(&fixture, &receiving).await.unwrap();
    assert!(std::fs::read(fixture.path("db")).unwrap() == bytes);
    assert!(fixture.emulator.requests().iter().all(|request| request.secure));
}

/// Where a SAS URL over TLS leads to.
fn address(secure: &SafeUrl) -> SocketAddr {
    let (address, _) = secure.base().trim_start_matches("https://").split_once('/').unwrap();
    address.parse().unwrap()
}

/// The same SAS URL at another host. Its signature is of the account in the path.
fn at(host: &str, secure: &SafeUrl) -> String {
    let text = secure.expose().replace(&address(secure).to_string(), host);
    text.replace("/epiemulator.blob.core.windows.net/deploymentpackages", "/deploymentpackages")
}

/// A package goes to a host that is not this machine by the proxy that the environment names, which sees nothing but the
/// host's name.
#[tokio::test(flavor = "multi_thread")]
async fn a_package_goes_through_the_proxy_of_the_environment() {
    let config = Config { link_scheme: LinkScheme::Https, ..Config::default() };
    let emulator = Emulator::start(config).await.unwrap();
    let container = link(&emulator.package_link("w", HOUR));
    let proxy = ConnectProxy::to(address(&container), None).await;
    for (user, name) in [("", "HTTPS_PROXY"), ("someone:canary-password@", "https_proxy"), ("", "ALL_PROXY")] {
        let before = proxy.asked().len();
        let epi = Epi::new(&emulator, emulator.endpoint())
            .with(name, &format!("http://{user}{}", proxy.address))
            .with("EPI_SAS_URL", &at(HOST, &container));
        let bytes = content(3, 3 * MIB);
        epi.write(NAME, &bytes);
        let run = epi.run(&["package", "upload", NAME, "-vv", "--output", "json"]).await;
        assert_eq!(run.json()["packages"][0]["bytes"], bytes.len() as u64);
        assert!(emulator.blob(CONTAINER, NAME).unwrap().read(0..u64::MAX).unwrap() == bytes);
        let asked = &proxy.asked()[before..];
        assert!(!asked.is_empty());
        for head in asked {
            assert!(head.starts_with(&format!("CONNECT {HOST}:443 HTTP/1.1\r\n")), "{head}");
            assert!(!head.contains("sig=") && !head.contains(NAME), "{head}");
            assert_eq!(head.to_ascii_lowercase().contains("proxy-authorization: basic "), !user.is_empty(), "{head}");
        }
        for output in [&run.stdout, &run.stderr] {
            assert!(!output.contains("canary-password") && !output.contains("sig="), "{output}");
        }
    }
}

/// The proxy of the environment is read when a client is made, so each of these runs in a process of its own.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_does_wrong_is_told() {
    let fixture = TransferFixture::new().await;
    let container = secure(&fixture, CONTAINER, None, "w");
    fixture.file("p", &content(4, MIB));
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    for (refusal, host, kind, text) in [
        (Some(refusal), HOST, "Network", "proxy"),
        (Some("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), HOST, "Network", "refuses to connect to"),
        // A proxy that leads elsewhere, or looks into what is sent: its certificate is of another host.
        (None, "packages.example", "Tls", "cannot trust packages.example"),
    ] {
        let proxy = ConnectProxy::to(address(&container), refusal).await;
        let mut child = this_program("suite::transfer_tls::child_behind_a_proxy");
        child.env("HTTPS_PROXY", format!("http://{}", proxy.address)).env("TRANSFER_TEST_LINK", at(host, &container));
        child
            .env("TRANSFER_TEST_FILE", fixture.path("p"))
            .env("TRANSFER_TEST_KIND", kind)
            .env("TRANSFER_TEST_TEXT", text);
        let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let asked = proxy.asked();
        assert!(asked.iter().all(|head| head.starts_with(&format!("CONNECT {host}:443 "))) && !asked.is_empty());
        assert!(kind != "Tls" || asked.len() <= 4, "not repeated: {}", asked.len());
    }
    assert!(fixture.emulator.requests().is_empty());
}

/// With a clock on which tries that are repeated cost no time.
#[tokio::test]
#[ignore = "runs in a child process of the test before"]
async fn child_behind_a_proxy() {
    let Ok(container) = std::env::var("TRANSFER_TEST_LINK") else { return };
    let variable = |name: &str| std::env::var(format!("TRANSFER_TEST_{name}")).unwrap();
    let fixture = TransferFixture::new().await;
    let mut request = upload(&fixture, variable("FILE").as_ref());
    request.container = link(&container);
    let error = fixture.engine.upload(&request, &fixture.sink(), &CancelToken::new()).await.unwrap_err();
    assert_eq!(format!("{:?}", error.kind()), variable("KIND"), "{error}");
    assert!(error.to_string().contains(&variable("TEXT")), "{error}");
    assert!(error.next_step().is_some(), "{error:?}");
    // A proxy that wants a password is not asked again, because some lock an account after a few wrong ones.
    assert_eq!(error.retry() != Retry::Never, fixture.retrying() > 0, "{error:?}");
}
