//! Whom a transfer trusts, and by which way it goes: certificates, and the proxies that the environment names.

use std::net::SocketAddr;
use std::sync::Arc;

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::{Error, Kind, Retry};
use epicloud::base::secret::SafeUrl;
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transport::http::Http;
use epicloud_emulator::{Config, Emulator, LinkScheme, LinkSpec};

use super::stage::Epi;
use super::transfer_child::this_program;
use super::transfer_world::{BLOB, CONTAINER, HOUR, MIB, NAME, World, content, download, link, receive, send, upload};
use super::virtual_time::Seeded;
use super::wires::ConnectProxy;

/// The name by which the real service is reached; the emulator's certificate is good for it.
const HOST: &str = "epiemulator.blob.core.windows.net";

fn secure(world: &World, container: &str, blob: Option<&str>, permissions: &str) -> SafeUrl {
    let mut spec = LinkSpec::new(container, blob, permissions, HOUR);
    spec.scheme = Some(LinkScheme::Https);
    link(&world.emulator.link(&spec))
}

fn assert_distrust(world: &World, error: &Error, host: &str) {
    assert_eq!((error.kind(), world.retrying()), (Kind::Tls, 0), "{error}");
    assert!(error.to_string().starts_with(&format!("cannot trust {host}")), "{error}");
    assert!(error.next_step().is_some_and(|step| step.contains("caFile")), "{error:?}");
    assert!(world.emulator.requests().is_empty(), "nothing is said to who is not trusted");
}

#[tokio::test]
async fn an_unknown_authority_is_refused_once_and_told_as_such() {
    let mut world = World::new().await;
    let http = Http::new(None, world.clock.clone()).unwrap();
    world.engine = Engine::new(Store::new(http), world.clock.clone(), Arc::new(Seeded::printed()));
    let mut sending = upload(&world, &world.file("p", &content(1, 4 * MIB)));
    sending.container = secure(&world, CONTAINER, None, "w");
    let error = send(&world, &sending).await.unwrap_err();
    assert_distrust(&world, &error, "127.0.0.1:");
    let mut receiving = download(&world, &world.path("db"));
    receiving.link = secure(&world, "bacpacs", Some(BLOB), "r");
    let error = receive(&world, &receiving).await.unwrap_err();
    assert_distrust(&world, &error, "127.0.0.1:");
    assert!(!world.path("db").exists() && !world.path("db.partial").exists());
}

#[tokio::test]
async fn a_download_goes_over_tls_by_an_authority_of_ones_own() {
    let world = World::new().await;
    let bytes = content(2, 3 * MIB);
    world.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let mut receiving = download(&world, &world.path("db"));
    receiving.link = secure(&world, "bacpacs", Some(BLOB), "r");
    receive(&world, &receiving).await.unwrap();
    assert!(std::fs::read(world.path("db")).unwrap() == bytes);
    assert!(world.emulator.requests().iter().all(|request| request.secure));
}

/// Where a link over TLS leads to.
fn address(secure: &SafeUrl) -> SocketAddr {
    let (address, _) = secure.base().trim_start_matches("https://").split_once('/').unwrap();
    address.parse().unwrap()
}

/// The same link at another host. Its signature is of the account in the path.
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
    let world = World::new().await;
    let container = secure(&world, CONTAINER, None, "w");
    world.file("p", &content(4, MIB));
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
            .env("TRANSFER_TEST_FILE", world.path("p"))
            .env("TRANSFER_TEST_KIND", kind)
            .env("TRANSFER_TEST_TEXT", text);
        let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let asked = proxy.asked();
        assert!(asked.iter().all(|head| head.starts_with(&format!("CONNECT {host}:443 "))) && !asked.is_empty());
        assert!(kind != "Tls" || asked.len() <= 4, "not repeated: {}", asked.len());
    }
    assert!(world.emulator.requests().is_empty());
}

/// With a clock on which tries that are repeated cost no time.
#[tokio::test]
#[ignore = "runs in a child process of the test before"]
async fn child_behind_a_proxy() {
    let Ok(container) = std::env::var("TRANSFER_TEST_LINK") else { return };
    let variable = |name: &str| std::env::var(format!("TRANSFER_TEST_{name}")).unwrap();
    let world = World::new().await;
    let mut request = upload(&world, variable("FILE").as_ref());
    request.container = link(&container);
    let error = world.engine.upload(&request, &world.sink(), &CancelToken::new()).await.unwrap_err();
    assert_eq!(format!("{:?}", error.kind()), variable("KIND"), "{error}");
    assert!(error.to_string().contains(&variable("TEXT")), "{error}");
    assert!(error.next_step().is_some(), "{error:?}");
    // A proxy that wants a password is not asked again, because some lock an account after a few wrong ones.
    assert_eq!(error.retry() != Retry::Never, world.retrying() > 0, "{error:?}");
}
