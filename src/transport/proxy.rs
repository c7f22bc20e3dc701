//! Which proxy a request goes through: the variables of the environment, read strictly, and the hosts that need none.
//!
//! The HTTP crate ignores a variable that it cannot read, and the request then goes past the proxy. So the variables are
//! read here, once for each client, and a value that is not the address of a proxy is refused. Nothing is connected here.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::base::error::{Error, Result};

/// Where the proxy is read, in this order. `HTTP_PROXY` is for plain `http`, which no request to another machine uses.
const PROXY: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Where the hosts that need no proxy are read.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxy of the environment, if it names one, and the hosts that are reached without any.
pub(super) struct Proxies {
    proxy: Option<Proxy>,
    exempt: Vec<Exempt>,
}

/// A proxy that the environment names.
pub(super) struct Proxy {
    variable: &'static str,
    /// With user name and password.
    url: Zeroizing<String>,
    /// Host and port.
    address: String,
}

impl Proxies {
    /// Reads the variables. One that is empty counts as not set.
    ///
    /// # Errors
    /// `InvalidArgument` with the name of the variable, and without its value, which may hold a password.
    pub(super) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.is_empty())?)))
        };
        let exempt = first(&NO_PROXY).map_or_else(String::new, |(_, value)| value.to_string_lossy().into_owned());
        let exempt = exempt_hosts(&exempt);
        if exempt.iter().any(|exempt| exempt.hosts == Hosts::All && exempt.port.is_none()) {
            return Ok(Self { proxy: None, exempt });
        }
        let proxy = match first(&PROXY) {
            None => None,
            Some((variable, value)) => {
                let value = value.into_string().map(Zeroizing::new).map_err(|_| "it is not valid Unicode text");
                let read = value.and_then(|value| Proxy::parse(variable, &value));
                Some(read.map_err(|why| {
                    Error::invalid(variable, format!("is not a proxy URL: {why}")).with_next_step(
                        "use http://host:port or http://user:password@host:port, and escape special characters \
                         of the user name and the password (@ as %40, : as %3A, / as %2F, # as %23, % as %25, \\ as %5C)",
                    )
                })?)
            }
        };
        Ok(Self { proxy, exempt })
    }

    /// The proxy of the environment.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Whether this host is reached without a proxy.
    pub(super) fn is_exempt(&self, url: &Url) -> bool {
        self.exempt.iter().any(|exempt| exempt.fits(url))
    }
}

impl Proxy {
    /// Reads the address of a proxy, or says why it is none. Stricter than the HTTP crate, so that it takes what passes.
    fn parse(variable: &'static str, text: &str) -> Result<Self, &'static str> {
        if let Some(why) = text.chars().find_map(unfit) {
            return Err(why);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        if scheme.starts_with("socks") {
            return Err("SOCKS proxies are not supported, only http:// and https://");
        }
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err("it must start with http:// or https://");
        }
        // Up to the first of these, as in any URL: a password that holds one must not become a host.
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if !matches!(&rest[authority.len()..], "" | "/") {
            return Err("only a slash may follow the host and port");
        }
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        if user.is_some_and(|user| !is_user(user)) {
            return Err("the user name or the password contains a character that must be escaped");
        }
        let address = address(&scheme, place)?;
        let user = user.map_or_else(String::new, |user| format!("{user}@"));
        let url = Zeroizing::new(format!("{scheme}://{user}{address}/"));
        Ok(Self { variable, url, address })
    }

    /// The whole address, user name and password included.
    pub(super) fn expose(&self) -> &str {
        &self.url
    }
}

/// Host, port and variable; never the password.
impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the proxy {} ({})", self.address, self.variable)
    }
}

/// Why a character can be nowhere in the address of a proxy. It is not repeated, because it may be of a password.
fn unfit(letter: char) -> Option<&'static str> {
    match letter {
        '\r' | '\n' => Some("it contains a line break"),
        _ if letter.is_whitespace() => Some("it contains a space"),
        _ if letter.is_control() => Some("it contains a control character"),
        '\\' => Some("it contains a backslash"),
        '"' | '`' => Some("it contains a quotation mark"),
        '^' | '<' | '>' | '{' | '}' | '|' => Some("it contains a character that must be escaped"),
        _ => None,
    }
}

/// Whether this is a user name, and a password behind the first colon, by the letters of RFC 3986.
fn is_user(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&c);
    let mut escapes = text.split('%');
    escapes.next().is_some_and(|start| start.bytes().all(plain))
        && escapes.all(|part| {
            let bytes = part.as_bytes();
            bytes.len() >= 2 && bytes[..2].iter().all(u8::is_ascii_hexdigit) && bytes[2..].iter().copied().all(plain)
        })
        && percent_decode_str(text).decode_utf8().is_ok()
}

/// Host and port of a proxy.
fn address(scheme: &str, place: &str) -> Result<String, &'static str> {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let port: u16 = match port {
        None if scheme == "https" => 443,
        None => 80,
        Some(text) if text.bytes().all(|c| c.is_ascii_digit()) => {
            text.parse().ok().filter(|port| *port > 0).ok_or("its port is not a number from 1 to 65535")?
        }
        Some(_) => return Err("its port is not a number from 1 to 65535"),
    };
    if host.is_empty() {
        return Err("it has no host");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || !c.is_ascii();
    let is_v6 = host.starts_with('[');
    let read = if is_v6 || host.chars().all(plain) { Host::parse(host).ok() } else { None };
    match read {
        // A number alone would be an IPv4 address in an old form, and is a port without its host.
        Some(Host::Ipv4(_)) if host.parse::<Ipv4Addr>().is_err() => Err("it has no host"),
        Some(read) => Ok(format!("{read}:{port}")),
        None => Err("its host is not valid"),
    }
}

/// Hosts that are reached without a proxy, at one port or at all.
#[derive(Debug, PartialEq, Eq)]
struct Exempt {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Hosts {
    All,
    Network(IpNet),
    /// This one and all below it.
    Domain(String),
}

/// The entries of `NO_PROXY`. One that is none of the forms fits no host, so that its requests use the proxy.
fn exempt_hosts(text: &str) -> Vec<Exempt> {
    text.split([',', ';']).flat_map(str::split_whitespace).filter_map(Exempt::parse).collect()
}

impl Exempt {
    fn parse(entry: &str) -> Option<Self> {
        let network = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
        if let Some(network) = network(entry) {
            return Some(Self { hosts: Hosts::Network(network), port: None });
        }
        let (place, port) = match entry.rsplit_once(':') {
            Some((place, port)) if !port.contains(']') => (place, Some(port.parse().ok()?)),
            _ => (entry, None),
        };
        if place == "*" {
            return Some(Self { hosts: Hosts::All, port });
        }
        let bare = place.strip_prefix('[').and_then(|place| place.split_once(']'));
        let bare = bare.map_or_else(|| place.to_owned(), |(address, length)| format!("{address}{length}"));
        if let Some(network) = network(&bare) {
            return Some(Self { hosts: Hosts::Network(network), port });
        }
        let name = place.strip_prefix('*').filter(|name| name.starts_with('.')).unwrap_or(place);
        let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
        match Host::parse(name).ok()? {
            Host::Domain(name) if !name.contains('*') => Some(Self { hosts: Hosts::Domain(name), port }),
            _ => None,
        }
    }

    fn fits(&self, url: &Url) -> bool {
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        let within = |network: &IpNet, address: IpAddr| network.contains(&address.to_canonical());
        match (&self.hosts, url.host()) {
            (Hosts::All, _) => true,
            (Hosts::Network(network), Some(Host::Ipv4(address))) => within(network, address.into()),
            (Hosts::Network(network), Some(Host::Ipv6(address))) => {
                network.contains(&IpAddr::V6(address)) || within(network, address.into())
            }
            (Hosts::Domain(domain), Some(Host::Domain(name))) => {
                let above = name.trim_end_matches('.').strip_suffix(domain.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies> {
        Proxies::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn what_is_the_address_of_a_proxy_is_taken_as_it_is() {
        for (text, url) in [
            ("http://proxy.example:3128", "http://proxy.example:3128/"),
            ("HTTP://Proxy.Example:3128/", "http://proxy.example:3128/"),
            ("proxy.example:3128", "http://proxy.example:3128/"),
            ("proxy_1", "http://proxy_1:80/"),
            ("https://proxy.example", "https://proxy.example:443/"),
            ("10.1.2.3:8080", "http://10.1.2.3:8080/"),
            ("http://[fd00::1]:3128", "http://[fd00::1]:3128/"),
            ("[fd00::1]", "http://[fd00::1]:80/"),
            ("user@proxy:1", "http://user@proxy:1/"),
            ("http://corp%5Cuser:p%40ss%3A%2F%23%25@proxy:3128", "http://corp%5Cuser:p%40ss%3A%2F%23%25@proxy:3128/"),
            // What follows the first colon is the password, whatever it holds.
            ("http://user:pa:ss!$&'()*+,;=~@proxy:3128", "http://user:pa:ss!$&'()*+,;=~@proxy:3128/"),
            ("http://bücher.example:3128", "http://xn--bcher-kva.example:3128/"),
        ] {
            let proxies = read(&[("HTTPS_PROXY", text)]).unwrap();
            let proxy = proxies.proxy().unwrap();
            assert_eq!(proxy.expose(), url, "{text}");
            assert!(!proxy.to_string().contains("ss") && !proxy.to_string().contains("user"), "{proxy}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_proxy_is_refused_by_the_name_of_its_variable() {
        for (text, why) in [
            (r"http://corp\user:CANARY@proxy:3128", "a backslash"),
            (r"\\proxy\CANARY", "a backslash"),
            ("http://user:CANARY pass@proxy:3128", "a space"),
            (" http://proxy:3128/CANARY", "a space"),
            ("http://user:CANARY@proxy:3128 ", "a space"),
            ("http://user:CANARY@proxy:3128\r", "a line break"),
            ("http://user:CANARY@proxy:3128\n", "a line break"),
            ("http://user:CANARY@proxy:3128\t", "a space"),
            ("\"http://user:CANARY@proxy:3128\"", "a quotation mark"),
            ("'http://user:CANARY@proxy:3128'", "must start with"),
            ("http://user:CAN^ARY@proxy:3128", "must be escaped"),
            ("http://user:CAN{ARY}@proxy:3128", "must be escaped"),
            ("http://user:CAN|ARY@proxy:3128", "must be escaped"),
            ("http://user:CANARY\u{e4}@proxy:3128", "must be escaped"),
            ("http://user:CANARY@x@proxy:3128", "must be escaped"),
            ("http://user:CANARY%@proxy:3128", "must be escaped"),
            ("http://user:CANARY%4@proxy:3128", "must be escaped"),
            ("http://user:CANARY%zz@proxy:3128", "must be escaped"),
            ("http://user:CANARY%FF@proxy:3128", "must be escaped"),
            ("http://user:[CANARY]@proxy:3128", "must be escaped"),
            ("http://user:12/CANARY@proxy:3128", "only a slash"),
            ("http://user:12#CANARY@proxy:3128", "only a slash"),
            ("http://user:12?CANARY@proxy:3128", "only a slash"),
            ("http://proxy:3128/CANARY.pac", "only a slash"),
            ("socks5://user:CANARY@proxy:1080", "SOCKS"),
            ("socks4://proxy", "SOCKS"),
            ("ftp://user:CANARY@proxy", "must start with"),
            ("file:///CANARY.pac", "must start with"),
            ("CANARY://", "must start with"),
            ("http://", "has no host"),
            ("http://:3128", "has no host"),
            ("http://user:CANARY@", "has no host"),
            ("3128", "has no host"),
            ("http://proxy:", "port"),
            ("http://proxy:0", "port"),
            ("http://proxy:65536", "port"),
            ("http://proxy:31 28", "a space"),
            ("http://proxy:http", "port"),
            ("http:/proxy:3128", "only a slash"),
            ("user:CANARY", "port"),
            ("http://pro%78y:3128", "host"),
            ("http://pro$xy:3128", "host"),
            ("http://[fd00::1:3128", "host"),
            ("http://[fd00::1%25eth0]:3128", "host"),
            ("http://fd00::1:3128", "host"),
        ] {
            for variable in PROXY {
                let error = read(&[(variable, text)]).err().unwrap_or_else(|| panic!("{text} is taken"));
                assert!(error.message().starts_with(&format!("{variable}: is not a proxy URL: ")), "{error}");
                assert!(error.message().contains(why), "{text}: {error}");
                assert!(!error.to_json().to_string().contains("CANARY"), "{error:?}");
                assert!(error.next_step().unwrap().contains("%40"), "{error:?}");
            }
        }
    }

    #[test]
    fn the_first_variable_that_is_set_counts_and_no_other() {
        let (good, bad) = ("http://proxy:1", "http://pro xy");
        for (variables, expected) in [
            (&[][..], Ok(None)),
            (&[("HTTPS_PROXY", "")], Ok(None)),
            (&[("HTTPS_PROXY", good), ("https_proxy", bad), ("ALL_PROXY", bad)], Ok(Some("HTTPS_PROXY"))),
            (&[("HTTPS_PROXY", ""), ("https_proxy", good), ("ALL_PROXY", bad)], Ok(Some("https_proxy"))),
            (&[("ALL_PROXY", good), ("all_proxy", bad)], Ok(Some("ALL_PROXY"))),
            (&[("all_proxy", good)], Ok(Some("all_proxy"))),
            (&[("HTTPS_PROXY", bad), ("ALL_PROXY", good)], Err("HTTPS_PROXY")),
            // Of plain http, which goes to this machine alone.
            (&[("HTTP_PROXY", bad), ("http_proxy", bad)], Ok(None)),
            (&[("HTTPS_PROXY", bad), ("NO_PROXY", "*")], Ok(None)),
            (&[("HTTPS_PROXY", bad), ("NO_PROXY", ""), ("no_proxy", "a, *")], Ok(None)),
            (&[("HTTPS_PROXY", bad), ("NO_PROXY", "*:443")], Err("HTTPS_PROXY")),
        ] {
            let found = read(variables);
            let found = found.as_ref().map(|proxies| proxies.proxy().map(|proxy| proxy.variable));
            assert_eq!(found.map_err(|error| error.field().unwrap()), expected, "{variables:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let value = |name: &str| (name == "ALL_PROXY").then(|| OsString::from_vec(b"http://\xff".to_vec()));
        assert_eq!(Proxies::read(value).err().unwrap().field(), Some("ALL_PROXY"));
    }

    #[test]
    fn the_forms_of_hosts_that_need_no_proxy() {
        for (entries, fits, does_not_fit) in [
            (
                "example.com",
                &["https://example.com", "https://EXAMPLE.com./", "https://a.b.example.com"][..],
                &["https://notexample.com", "https://example.com.org", "https://com"][..],
            ),
            (".example.com", &["https://example.com", "https://a.example.com"], &["https://notexample.com"]),
            ("*.Example.COM", &["https://example.com", "https://a.b.example.com"], &["https://notexample.com"]),
            ("example.com.", &["https://example.com"], &["https://example.org"]),
            ("example.com:443", &["https://example.com", "https://a.example.com:443"], &["https://example.com:8443"]),
            (".example.com:8443", &["https://example.com:8443"], &["https://example.com"]),
            ("*.example.com:8443", &["https://a.example.com:8443"], &["https://a.example.com"]),
            (
                "10.1.2.3",
                &["https://10.1.2.3", "https://[::ffff:10.1.2.3]:8443"],
                &["https://10.1.2.4", "https://a.10.1.2.3.example"],
            ),
            ("10.1.2.3:8443", &["https://10.1.2.3:8443"], &["https://10.1.2.3"]),
            ("10.0.0.0/8", &["https://10.255.0.1"], &["https://11.0.0.1", "https://[fd00::1]"]),
            ("10.1.2.3/8", &["https://10.255.0.1"], &["https://11.0.0.1"]),
            ("fd00::1", &["https://[fd00::1]", "https://[fd00:0::0:1]:8443"], &["https://[fd00::2]"]),
            ("[fd00::1]", &["https://[fd00::1]:8443"], &["https://[fd00::2]"]),
            ("[FD00::1]:8443", &["https://[fd00::1]:8443"], &["https://[fd00::1]"]),
            ("fd00::/8", &["https://[fdff::1]"], &["https://[fe00::1]"]),
            ("[fd00::]/8", &["https://[fdff::1]"], &["https://[fe00::1]"]),
            ("*", &["https://example.com", "https://10.1.2.3", "https://[fd00::1]"], &[]),
            ("*:8443", &["https://example.com:8443"], &["https://example.com"]),
            ("bücher.example", &["https://xn--bcher-kva.example"], &[]),
            (
                " a.example ,, b.example;c.example d.example",
                &["https://a.example", "https://b.example", "https://c.example", "https://d.example"],
                &["https://example"],
            ),
            // None of the forms: the proxy is used.
            (
                "10.1.*, *example.com, exa*ple.com, example.com:https, https://example.com, [fd00::1, 10.0.0.0/99",
                &[],
                &["https://10.1.2.3", "https://example.com", "https://[fd00::1]"],
            ),
            ("", &[], &["https://example.com"]),
        ] {
            let proxies = read(&[("NO_PROXY", entries)]).unwrap();
            for (urls, expected) in [(fits, true), (does_not_fit, false)] {
                for url in urls {
                    assert_eq!(proxies.is_exempt(&Url::parse(url).unwrap()), expected, "'{entries}' and {url}");
                }
            }
        }
    }
}
