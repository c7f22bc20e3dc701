//! Certificates of authorities out of a file's content: PEM, in whatever text encoding, and what a file is that holds none.
//! No byte of the content is ever told: the file may be a private key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::base::encoding::seen;
use crate::base::error::{Error, Result};
use crate::base::given;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Certificates of authorities to trust beside the platform's.
#[derive(Debug, Clone)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// What is wrong with a file, and what to do.
struct Refusal {
    what: String,
    next_step: &'static str,
}

impl Refusal {
    fn new(what: impl Into<String>, next_step: &'static str) -> Self {
        Self { what: what.into(), next_step }
    }
}

/// What to do where the file is simply another one.
const NAME_ANOTHER: &str =
    "use the PEM file of the certificate authority, which has BEGIN CERTIFICATE and END CERTIFICATE lines";

impl Authorities {
    /// Reads the content of a file, which is named `shown` in errors.
    ///
    /// # Errors
    /// `InvalidArgument` naming `caFile`, with the file, what is wrong with it and where.
    pub fn read(shown: &str, content: &[u8]) -> Result<Self> {
        certificates(content).map(Self).map_err(|refusal| {
            Error::invalid("caFile", format!("'{shown}' {}", refusal.what)).with_next_step(refusal.next_step)
        })
    }

    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0
    }
}

/// The text of a file. Bundles have comments in whatever encoding their maker used, and only their sections count.
fn text(content: &[u8]) -> Option<Zeroizing<String>> {
    let has_section = || content.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes());
    given::decoded(content).ok().or_else(|| has_section().then(|| Zeroizing::new(seen(content))))
}

fn certificates(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    if let Some(refusal) = binary(content) {
        return Err(refusal);
    }
    let text = text(content).ok_or_else(|| Refusal::new("is neither a text file nor a certificate", NAME_ANOTHER))?;
    let sections = sections(&text);
    let count = sections.iter().filter(|section| section.is_certificate()).count();
    if count == 0 {
        return Err(other_text(&text, &sections));
    }
    let mut found = Vec::new();
    let mut checked = RootCertStore::empty();
    for section in sections.iter().filter(|section| section.is_certificate()) {
        let place = if count == 1 {
            format!("the certificate on line {}", section.line)
        } else {
            format!("certificate {} of {count} (line {})", found.len() + 1, section.line)
        };
        let certificate = section.certificate().map_err(|why| {
            Refusal::new(
                format!("is corrupt: {place} {why}"),
                "get the file again or remove the corrupt certificate from it",
            )
        })?;
        checked.add(certificate.clone()).map_err(|_| {
            Refusal::new(
                format!("is corrupt: {place} is not a valid certificate"),
                "get the file again or remove the corrupt certificate from it",
            )
        })?;
        found.push(certificate);
    }
    Ok(found)
}

/// What is between two lines of dashes, which need not be lines: pipelines write spaces for line breaks.
struct Section<'a> {
    label: &'a str,
    /// Nothing when the end is missing.
    body: Option<&'a str>,
    /// From 1.
    line: usize,
}

impl Section<'_> {
    fn is_certificate(&self) -> bool {
        matches!(self.label, "CERTIFICATE" | "X509 CERTIFICATE")
    }

    fn certificate(&self) -> Result<CertificateDer<'static>, &'static str> {
        let body = self.body.ok_or("has no END line")?;
        if body.contains("\\n") || body.contains("\\r") {
            return Err("has line breaks written as \\n");
        }
        let base64: String = body.split_whitespace().collect();
        STANDARD.decode(base64).map(CertificateDer::from).map_err(|_| "is not valid Base64")
    }
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut pieces = text.split(BEGIN);
    line += pieces.next().unwrap_or_default().matches('\n').count();
    for piece in pieces {
        if let Some((label, rest)) = piece.split_once(DASHES) {
            let body = rest.split_once(END).and_then(|(body, end)| end.starts_with(label).then_some(body));
            found.push(Section { label, body, line });
        }
        line += piece.matches('\n').count();
    }
    found
}

/// What a text without a certificate is.
fn other_text(text: &str, sections: &[Section<'_>]) -> Refusal {
    let has = |word: &str| sections.iter().any(|section| section.label.contains(word));
    let text = given::trimmed(text);
    if text.is_empty() {
        Refusal::new("is empty", NAME_ANOTHER)
    } else if has("PRIVATE KEY") {
        Refusal::new(
            "contains a private key but no certificate",
            "use the file with the certificate of the authority; its private key is not needed",
        )
    } else if has("PKCS7") || has("CMS") {
        Refusal::new("is a PKCS#7 file", "convert it: openssl pkcs7 -print_certs -in FILE -out FILE.pem")
    } else if has("REQUEST") {
        Refusal::new("contains a certificate request but no certificate", NAME_ANOTHER)
    } else if has("TRUSTED CERTIFICATE") {
        Refusal::new(
            "contains certificates in OpenSSL's TRUSTED format",
            "convert it: openssl x509 -in FILE -out FILE.pem",
        )
    } else if has("PUBLIC KEY") {
        Refusal::new("contains a public key but no certificate", NAME_ANOTHER)
    } else if text.starts_with('<') {
        Refusal::new("is HTML or XML, not a certificate", NAME_ANOTHER)
    } else if text.starts_with("MII") {
        Refusal::new(
            "contains Base64 without its BEGIN and END lines",
            "add the line -----BEGIN CERTIFICATE----- before it and the line -----END CERTIFICATE----- after it",
        )
    } else {
        Refusal::new("contains no certificate", NAME_ANOTHER)
    }
}

/// What a binary file of the usual kinds is. Those of ASN.1 are one sequence and are told apart by what it begins with.
fn binary(content: &[u8]) -> Option<Refusal> {
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    if content.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        return Some(Refusal::new(
            "is a Java keystore",
            "export the certificate: keytool -exportcert -rfc -keystore FILE -alias NAME -file FILE.pem",
        ));
    }
    let [0x30, length, rest @ ..] = content else { return None };
    let inner = match length {
        0x80 => rest,
        0x81..=0x84 => rest.get(usize::from(length - 0x80)..)?,
        // A certificate is longer; this is the digit 0 of a text.
        _ => return None,
    };
    Some(match inner {
        [0x02, 0x01, 0x03, ..] => Refusal::new(
            "is a PKCS#12 file",
            "export its certificates: openssl pkcs12 -cacerts -nokeys -in FILE -out FILE.pem",
        ),
        [0x02, ..] => Refusal::new(
            "contains a private key but no certificate",
            "use the file with the certificate of the authority; its private key is not needed",
        ),
        inner if inner.starts_with(SIGNED_DATA) => Refusal::new(
            "is a PKCS#7 file",
            "convert it: openssl pkcs7 -inform der -print_certs -in FILE -out FILE.pem",
        ),
        _ => Refusal::new("is in binary format (DER)", "convert it: openssl x509 -inform der -in FILE -out FILE.pem"),
    })
}
