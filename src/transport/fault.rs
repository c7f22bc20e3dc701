//! A failed exchange as an error: what went wrong, where on the way, and whether the request can have arrived.
//!
//! Reads the chain of causes that the HTTP crate gives, and words each of them itself: the crates below print the forms
//! of their own types, numbers of the system, and addresses of their documentation. Sends nothing.

use std::error::Error as Cause;
use std::io::ErrorKind;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::proxy::Proxy;
use super::tls::OtherCertificate;
use crate::base::error::{Error, Kind, Retry};
use crate::base::next_step::{NextStep, Phrase, Setting};
use crate::base::redaction::plain;

/// A failed exchange: the error, and whether the request can have reached the other side.
#[derive(Debug)]
pub struct Fault {
    /// What went wrong.
    pub error: Error,
    /// Whether the other side may have carried out the request although no answer came.
    pub may_have_arrived: bool,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

/// By which way a request goes, for its errors.
pub(super) struct Route<'a> {
    /// Host and port of the address.
    pub(super) host: String,
    /// The proxy of the environment, where it is used.
    pub(super) proxy: Option<&'a Proxy>,
    /// Whether the caller named authorities to trust beside this machine's.
    pub(super) own_authorities: bool,
}

/// The error of a request that cannot be put together.
pub(super) fn unsendable(why: &str) -> Fault {
    Fault { error: Error::new(Kind::Internal, format!("the request cannot be sent: {why}")), may_have_arrived: false }
}

/// The error of a request without an answer. `connecting` tells whether there was a connection yet: before it nothing
/// is sent, and only before it a TLS error says something about the other side instead of about the way.
pub(super) fn send_fault(way: &Route<'_>, connecting: bool, cause: &(dyn Cause + 'static)) -> Fault {
    if !connecting {
        let text = format!("the connection to {} failed: {}", way.host, words(cause));
        return Fault { error: passing(text), may_have_arrived: true };
    }
    // The HTTP crate does not give out the type of these errors.
    let tunnel = links(cause).find_map(|link| link.to_string().strip_prefix("tunnel error: ").map(str::to_owned));
    let error = match tunnel {
        Some(text) => proxy_error(way, &text, cause),
        None => {
            let through = way.proxy.map_or_else(String::new, |proxy| format!(" through {proxy}"));
            let error = match links(cause).find_map(|link| link.downcast_ref::<rustls::Error>()) {
                Some(tls) => handshake(&way.host, &through, way.own_authorities, tls),
                None => passing(format!("cannot connect to {}{through}: {}", way.host, words(cause))),
            };
            match error.next_step() {
                Some(_) => error,
                None => {
                    error.with_next_step("check the network, the URL and the proxy settings (HTTPS_PROXY, NO_PROXY)")
                }
            }
        }
    };
    Fault { error, may_have_arrived: false }
}

/// The error of an answer that ends early.
pub(super) fn body_error(cause: &(dyn Cause + 'static)) -> Error {
    passing(format!("the response was cut short: {}", words(cause)))
}

fn passing(text: impl Into<Phrase>) -> Error {
    Error::new(Kind::Network, text).with_retry(Retry::Later, None)
}

/// The error of a proxy that is not reached, or makes no connection.
fn proxy_error(way: &Route<'_>, text: &str, cause: &(dyn Cause + 'static)) -> Error {
    // Without a variable it is the one of the system's settings.
    let proxy = way.proxy.map_or_else(|| "the system proxy".to_owned(), ToString::to_string);
    let host = &way.host;
    match text {
        "proxy authorization required" => {
            // Not repeated: some proxies lock an account after a few wrong passwords.
            Error::new(
                Kind::Network,
                format!("{proxy} requires a user name and a password, or rejects the ones in use"),
            )
            .with_next_step(
                "put the user name and the password into the variable (http://user:password@host:port) and escape \
                     special characters, such as @ as %40",
            )
        }
        "unsuccessful" => passing(format!("{proxy} refuses to connect to {host}"))
            .with_next_step("allow the host in the proxy, or add it to NO_PROXY if it can be reached without a proxy"),
        "failed to create underlying connection" => {
            let error = match links(cause).find_map(|link| link.downcast_ref::<rustls::Error>()) {
                Some(tls) => handshake(&proxy, "", way.own_authorities, tls),
                None => passing(format!("cannot connect to {proxy}: {}", words(cause))),
            };
            match error.next_step() {
                Some(_) => error,
                None => error.with_next_step(
                    "check the address of the proxy, or add the host to NO_PROXY if it can be reached without a proxy",
                ),
            }
        }
        _ => passing(format!("{proxy} closed the connection before connecting to {host}"))
            .with_next_step("check the address of the proxy and the hosts that it allows"),
    }
}

/// The error of a TLS handshake. What damage on the way can cause passes; what the other side is does not.
fn handshake(host: &str, through: &str, own_authorities: bool, error: &rustls::Error) -> Error {
    let never = |text: &str| Error::new(Kind::Tls, format!("cannot connect to {host}{through}: {text}"));
    match error {
        rustls::Error::InvalidCertificate(error) => certificate(host, own_authorities, error),
        rustls::Error::NoCertificatesPresented => {
            never("the server presents no certificate").with_next_step("check the URL")
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            never("the server does not speak TLS")
                .with_next_step("check the URL and its port: the server may only serve plain http there")
        }
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity
            | AlertDescription::NoApplicationProtocol
            | AlertDescription::MissingExtension
            | AlertDescription::UnsupportedExtension,
        ) => never("the server supports no TLS version or cipher that this program supports")
            .with_next_step("enable TLS 1.2 or 1.3 on the server or on the proxy in between"),
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            never("the server does not know this host name").with_next_step("check the URL")
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        ) => never("the server refuses the TLS connection; it may require a client certificate")
            .with_next_step("check the URL: the service does not require client certificates"),
        _ => passing(format!("cannot connect to {host}{through}: {}", tls_words(error))),
    }
}

/// The error of a certificate that is not accepted.
fn certificate(host: &str, own_authorities: bool, error: &CertificateError) -> Error {
    let distrust = |why: Phrase| {
        Error::new(Kind::Tls, Phrase::text(format!("cannot trust {host}: its certificate ")).followed_by(why))
    };
    let clock = "check the date and time of this machine; if they are correct, the server needs a new certificate";
    match error {
        // A signature that does not fit is that of another authority with the same name, as one that was made anew.
        CertificateError::UnknownIssuer | CertificateError::BadSignature if own_authorities => distrust(
            Phrase::text("is not signed by an authority that this machine trusts or that is in ")
                .member(Setting::CaFile.member()),
        )
        .with_next_step("add the authority that signed it to that file, with any intermediate authorities"),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => distrust(
            "is not signed by an authority that this machine trusts".into(),
        )
        .with_next_step(
            NextStep::text(
                "if the server or a TLS-inspecting proxy uses its own certificate authority, pass the PEM file of that \
                     authority with ",
            )
            .setting(Setting::CaFile),
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            distrust("has expired".into()).with_next_step(clock)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            distrust("is not valid yet".into()).with_next_step(clock)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            distrust("is for another host name".into())
                .with_next_step("check the URL; if it is correct, another server or a proxy answers instead")
        }
        CertificateError::Revoked => distrust("is revoked".into()).with_next_step("the server needs a new certificate"),
        // What damage on the way looks like, too.
        CertificateError::BadEncoding => distrust("is corrupt".into())
            .with_retry(Retry::Later, None)
            .with_next_step("if it fails again, the server needs a new certificate"),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            distrust("is not a server certificate".into()).with_next_step("the server needs another certificate")
        }
        // What `openssl req -x509` makes when nothing else is said.
        CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            distrust("is a CA certificate, not a server certificate".into())
                .with_next_step("the server needs its own certificate, signed by the authority")
        }
        CertificateError::Other(other) if other.0.is::<OtherCertificate>() => {
            let shown =
                other.0.downcast_ref::<OtherCertificate>().map_or_else(String::new, |other| other.0.to_string());
            distrust(
                Phrase::text("does not have the fingerprint in ")
                    .member(Setting::CertificateSha256.member())
                    .and(format!("; it has {shown}")),
            )
            .with_next_step(
                "compare the fingerprint with that of the certificate on the server: either the server has a new \
                 certificate, or something else answers in its place",
            )
        }
        _ => distrust("is not accepted".into())
            .with_next_step("inspect the certificate, for example in a browser; the server may need a new one"),
    }
}

/// The errors of a chain, outermost first. I/O errors wrap others without naming them as their `source`.
fn links<'a>(error: &'a (dyn Cause + 'static)) -> impl Iterator<Item = &'a (dyn Cause + 'static)> {
    fn inner<'a>(error: &'a (dyn Cause + 'static)) -> Option<&'a (dyn Cause + 'static)> {
        match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Cause + 'static)),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), |error| inner(*error))
}

/// The innermost cause in one line: the outer layers of a chain only restate that a request failed.
pub(super) fn words(error: &(dyn Cause + 'static)) -> String {
    if let Some(tls) = links(error).find_map(|link| link.downcast_ref::<rustls::Error>()) {
        return tls_words(tls).to_owned();
    }
    let kind = links(error).filter_map(|link| link.downcast_ref::<std::io::Error>()).last().map(std::io::Error::kind);
    if let Some(text) = kind.and_then(io_words) {
        return text.to_owned();
    }
    plain(&links(error).last().map(ToString::to_string).unwrap_or_default())
}

fn tls_words(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::AlertReceived(_) => "the server ended the TLS connection with an error",
        _ => "the received data is not valid TLS or was altered in transit",
    }
}

fn io_words(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::ConnectionRefused => "the connection was refused",
        ErrorKind::ConnectionReset => "the connection was reset",
        ErrorKind::ConnectionAborted => "the connection was aborted",
        ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof | ErrorKind::NotConnected => {
            "the server closed the connection"
        }
        ErrorKind::TimedOut => "the connection timed out",
        ErrorKind::HostUnreachable => "the host cannot be reached",
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => "the network cannot be reached",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use rustls::{OtherError, PeerIncompatible, PeerMisbehaved};

    use super::*;

    fn way(own_authorities: bool) -> Route<'static> {
        Route { host: "host:8443".to_owned(), proxy: None, own_authorities }
    }

    /// The TLS crates give their errors inside I/O errors.
    fn wrapped(error: rustls::Error) -> io::Error {
        io::Error::other(io::Error::new(ErrorKind::InvalidData, error))
    }

    /// The one-line error, which shows nothing of what it was made of.
    fn told(connecting: bool, cause: &(dyn Cause + 'static)) -> Fault {
        let fault = send_fault(&way(false), connecting, cause);
        let shown = fault.error.to_json().to_string();
        for word in ["docs.rs", "://docs", "os error", "Invalid", "Received(", "Unknown", "close_notify"] {
            assert!(!shown.contains(word), "{word} in {shown}");
        }
        fault
    }

    #[derive(Debug)]
    struct Text(&'static str);

    impl std::fmt::Display for Text {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Cause for Text {}

    #[test]
    fn a_tls_error_says_something_about_the_other_side_only_while_connecting() {
        use rustls::Error as Tls;
        let certificate = Tls::InvalidCertificate;
        for (error, kind, text) in [
            (certificate(CertificateError::UnknownIssuer), Kind::Tls, "not signed by an authority"),
            (certificate(CertificateError::Expired), Kind::Tls, "has expired"),
            (certificate(CertificateError::NotValidYet), Kind::Tls, "not valid yet"),
            (certificate(CertificateError::NotValidForName), Kind::Tls, "for another host name"),
            (certificate(CertificateError::Revoked), Kind::Tls, "revoked"),
            (certificate(CertificateError::BadSignature), Kind::Tls, "not signed by an authority"),
            (certificate(CertificateError::BadEncoding), Kind::Tls, "corrupt"),
            (certificate(CertificateError::InvalidPurpose), Kind::Tls, "not a server certificate"),
            (
                certificate(CertificateError::Other(OtherError(Arc::new(Text("CaUsedAsEndEntity"))))),
                Kind::Tls,
                "a CA certificate",
            ),
            (
                certificate(CertificateError::Other(OtherError(Arc::new(Text("UnknownThing"))))),
                Kind::Tls,
                "is not accepted",
            ),
            (Tls::NoCertificatesPresented, Kind::Tls, "no certificate"),
            (Tls::InvalidMessage(InvalidMessage::InvalidContentType), Kind::Tls, "does not speak TLS"),
            (Tls::PeerIncompatible(PeerIncompatible::Tls12NotOffered), Kind::Tls, "no TLS version or cipher"),
            (Tls::AlertReceived(AlertDescription::ProtocolVersion), Kind::Tls, "no TLS version or cipher"),
            (Tls::AlertReceived(AlertDescription::HandshakeFailure), Kind::Tls, "no TLS version or cipher"),
            (Tls::AlertReceived(AlertDescription::UnrecognisedName), Kind::Tls, "does not know this host name"),
            (Tls::AlertReceived(AlertDescription::CertificateRequired), Kind::Tls, "refuses the TLS connection"),
            (Tls::AlertReceived(AlertDescription::BadRecordMac), Kind::Network, "with an error"),
            (Tls::AlertReceived(AlertDescription::InternalError), Kind::Network, "with an error"),
            (Tls::DecryptError, Kind::Network, "altered in transit"),
            (Tls::InvalidMessage(InvalidMessage::MessageTooShort), Kind::Network, "altered in transit"),
            (
                Tls::PeerMisbehaved(PeerMisbehaved::IllegalHelloRetryRequestWithNoChanges),
                Kind::Network,
                "altered in transit",
            ),
            (Tls::PeerSentOversizedRecord, Kind::Network, "altered in transit"),
        ] {
            let cause = wrapped(error);
            let fault = told(true, &cause);
            assert_eq!((fault.error.kind(), fault.may_have_arrived), (kind, false), "{cause}: {}", fault.error);
            assert!(
                fault.error.message().contains(text) && fault.error.message().contains("host:8443"),
                "{}",
                fault.error
            );
            assert!(fault.error.next_step().is_some(), "{}", fault.error);
            assert!(kind == Kind::Tls || fault.error.retry() == Retry::Later, "{}", fault.error);
            let fault = told(false, &cause);
            assert_eq!((fault.error.kind(), fault.may_have_arrived), (Kind::Network, true), "{cause}: {}", fault.error);
            assert_eq!(fault.error.retry(), Retry::Later);
        }
    }

    #[test]
    fn the_advice_does_not_name_what_was_given() {
        let cause = wrapped(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        let [without, with] = [false, true].map(|given| send_fault(&way(given), true, &cause).error);
        assert!(
            without.next_step().unwrap().contains("caFile") && !without.message().contains("caFile"),
            "{without:?}"
        );
        assert!(with.message().contains("caFile") && !with.next_step().unwrap().contains("caFile"), "{with:?}");
    }

    #[test]
    fn a_cause_is_told_in_words_of_our_own() {
        let close = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/x.html";
        for (cause, text) in [
            (io::Error::new(ErrorKind::UnexpectedEof, close), "the server closed the connection"),
            (io::Error::from_raw_os_error(5), "Input/output error"),
            (io::Error::other(close), "peer closed connection without sending TLS"),
            (io::Error::from(ErrorKind::ConnectionReset), "the connection was reset"),
            (io::Error::other(io::Error::from(ErrorKind::ConnectionRefused)), "the connection was refused"),
            (
                io::Error::other(Text("failed to lookup address information: Name or service not known")),
                "Name or service",
            ),
        ] {
            let found = body_error(&cause).to_string();
            assert!(found.starts_with("the response was cut short: ") && !found.contains("docs.rs"), "{found}");
            assert!(
                !found.contains("os error") && (!cfg!(unix) && found.contains("error") || found.contains(text)),
                "{found}"
            );
        }
    }
}
