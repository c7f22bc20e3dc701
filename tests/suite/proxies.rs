//! The proxies that the environment names: which values are refused, which hosts go without, and what a proxy does wrong.

use epicloud_emulator::{Config, Emulator};

use super::fixture::{Epi, Run};
use super::wires::{ConnectProxy, answering};

/// An address of this machine that does not count as one, so that the rules for proxies hold for it. Nothing trusts it:
/// the emulator's certificate is of other names.
const ELSEWHERE: &str = "0.0.0.0";

struct Setting {
    emulator: Emulator,
    proxy: ConnectProxy,
    port: u16,
}

impl Setting {
    async fn new(refusal: Option<&'static str>) -> Self {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        let endpoint = emulator.https_endpoint();
        let address: std::net::SocketAddr =
            endpoint.trim_start_matches("https://").split('/').next().unwrap().parse().unwrap();
        Self { proxy: ConnectProxy::to(address, refusal).await, emulator, port: address.port() }
    }

    async fn connect(&self, variables: &[(&str, &str)]) -> Run {
        let epi = Epi::new(&self.emulator, format!("https://{ELSEWHERE}:{}/api/v1.0/", self.port));
        variables.iter().fold(epi, |epi, (name, value)| epi.with(name, value)).run(&["connect", "-vv"]).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_names_no_proxy_is_refused_and_nothing_is_sent() {
    let setting = Setting::new(None).await;
    let proxy = setting.proxy.address;
    for value in [
        format!("http://corp\\user:CANARY@{proxy}"),
        format!("http://user:CANARY CANARY@{proxy}"),
        format!("\"http://user:CANARY@{proxy}\""),
        format!("http://user:CANARY@{proxy}\r"),
        format!("http://user:CAN^ARY@{proxy}"),
        format!("http://user:CANARY@x@{proxy}"),
        format!("http://user:12#CANARY@{proxy}"),
        format!("http://user:12/CANARY@{proxy}"),
        format!("http://user:CANARY%@{proxy}"),
        format!("socks5://user:CANARY@{proxy}"),
        format!("htp://user:CANARY@{proxy}"),
        "http://user:CANARY@".to_owned(),
        "http://user:CANARY@proxy:99999".to_owned(),
    ] {
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let run = setting.connect(&[(variable, &value)]).await;
            run.refused(1, &[&format!("{variable}: is not a proxy URL: "), "%40"]);
            for output in [&run.stdout, &run.stderr] {
                assert!(!output.contains("CANARY") && !output.contains("ARY@"), "{value}: {output}");
            }
        }
    }
    assert!(setting.emulator.requests().is_empty() && setting.proxy.asked().is_empty());
    // What is not used is not looked at.
    let dead = "http://pro xy";
    for variables in [
        [("HTTPS_PROXY", "http://127.0.0.1:1"), ("ALL_PROXY", dead)],
        [("HTTP_PROXY", dead), ("http_proxy", dead)],
        [("HTTPS_PROXY", dead), ("NO_PROXY", "*")],
    ] {
        assert_eq!(setting.connect(&variables).await.code, Some(8), "{variables:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_needs_no_proxy_is_reached_without_one() {
    let setting = Setting::new(None).await;
    let (proxy, port) = (format!("http://{}", setting.proxy.address), setting.port);
    for (entries, is_exempt) in [
        (String::new(), false),
        ("example.com, 10.0.0.0/8".to_owned(), false),
        (format!("{ELSEWHERE}:1"), false),
        (format!("*.{ELSEWHERE}"), false),
        (ELSEWHERE.to_owned(), true),
        (format!("example.com , {ELSEWHERE}:{port}"), true),
        ("0.0.0.0/8".to_owned(), true),
        ("*".to_owned(), true),
    ] {
        for name in ["NO_PROXY", "no_proxy"] {
            let before = setting.proxy.asked().len();
            let run = setting.connect(&[("HTTPS_PROXY", &proxy), (name, &entries)]).await;
            run.refused(8, &[&format!("cannot trust {ELSEWHERE}:{port}: its certificate is for another host name")]);
            let asked = setting.proxy.asked()[before..].to_vec();
            assert_eq!(asked.is_empty(), is_exempt, "{name}={entries}: {asked:?}");
        }
    }
}

/// What a gateway with a page for people says in the place of a connection.
const PAGE: &str =
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<html>blocked</html>\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_error_at_the_proxy_names_the_proxy_and_its_variable() {
    let authentication = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    for (refusal, text, tries) in [
        (authentication, "requires a user name and a password", 1),
        (PAGE, "refuses to connect to 0.0.0.0:", 5),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "refuses to connect to 0.0.0.0:", 5),
        ("what is this\r\n\r\n", "refuses to connect to 0.0.0.0:", 5),
        ("", "closed the connection before connecting to 0.0.0.0:", 5),
    ] {
        let setting = Setting::new(Some(refusal)).await;
        let proxy = setting.proxy.address;
        let run = setting.connect(&[("https_proxy", &format!("http://user:CANARY%40@{proxy}"))]).await;
        run.refused(8, &[&format!("the proxy {proxy} (https_proxy) "), text]);
        assert!(!run.stderr.contains("CANARY") && !run.stderr.contains("user:CAN"), "{run:?}");
        assert_eq!(setting.proxy.asked().len(), tries, "{run:?}");
        assert!(setting.emulator.requests().is_empty());
    }
    let setting = Setting::new(None).await;
    // A port that was just free: nothing listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = setting.connect(&[("ALL_PROXY", &format!("http://user:CANARY@{free}"))]).await;
    run.refused(8, &[&format!("cannot connect to the proxy {free} (ALL_PROXY): the connection was refused")]);
    assert!(!run.stderr.contains("os error") && !run.stderr.contains("CANARY"), "{run:?}");
    // A proxy that is to be spoken to over TLS and does not.
    let (plain, _) = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let run = setting.connect(&[("HTTPS_PROXY", &format!("https://{plain}"))]).await;
    run.refused(8, &[&format!("cannot connect to the proxy {plain} (HTTPS_PROXY): the server does not speak TLS")]);
}

/// A server hands variables to its programs that a client chose: `Proxy: x` becomes `HTTP_PROXY`.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_of_a_web_server_says_names_no_proxy() {
    let setting = Setting::new(None).await;
    let proxy = format!("http://{}", setting.proxy.address);
    let run = setting.connect(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", &proxy)]).await;
    run.refused(8, &["cannot trust"]);
    assert!(setting.proxy.asked().is_empty());
    // The server's own variable counts, in such a program too.
    setting.connect(&[("REQUEST_METHOD", "GET"), ("HTTPS_PROXY", &proxy)]).await;
    assert!(!setting.proxy.asked().is_empty());
}
