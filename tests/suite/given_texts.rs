//! What people give in files and variables: texts in the encodings and with the additions of editors, shells and secret
//! stores, and files that are not what they should be. No byte of them is shown.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use epicloud_emulator::{Config, Emulator, Speed};

use super::fixture::{Epi, Run};
use super::virtual_time::content;

async fn emulator() -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// The same text as editors, shells and secret stores leave it.
fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let marked = format!("\u{feff}{text}\r\n");
    vec![
        ("as it is", text.as_bytes().to_vec()),
        ("with a line end", format!("{text}\r\n").into_bytes()),
        ("with white space around", format!("\n \t{text} \n\n").into_bytes()),
        ("with a mark of UTF-8", marked.clone().into_bytes()),
        ("UTF-16, little end", utf16(&marked, u16::to_le_bytes)),
        ("UTF-16, big end", utf16(&marked, u16::to_be_bytes)),
        ("UTF-16 without a mark", utf16(&format!("{text}\r\n"), u16::to_le_bytes)),
    ]
}

async fn with_input(epi: &Epi, arguments: &[&str], input: &str) -> Run {
    let mut command = epi.command(arguments);
    command.stdin(std::fs::File::open(epi.path(input)).unwrap());
    Run::of(tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_taken_in_every_form_and_from_every_place() {
    let emulator = emulator().await;
    let epi = || Epi::new(&emulator, emulator.endpoint());
    for (form, bytes) in forms(emulator.client_secret()) {
        let epi = epi().with("EPI_CLIENT_SECRET", "");
        epi.write("given", &bytes);
        let run = epi.run(&["connect", "--client-secret-file", "given"]).await;
        assert_eq!(run.code, Some(0), "file, {form}: {run:?}");
        let run = with_input(&epi, &["connect", "--client-secret-stdin"], "given").await;
        assert_eq!(run.code, Some(0), "standard input, {form}: {run:?}");
    }
    let link = emulator.package_link("w", std::time::Duration::from_secs(3600));
    for (form, bytes) in forms(&link) {
        let epi = epi();
        epi.write("given", &bytes);
        epi.write("site.cms.app.1.nupkg", &content(1, 100));
        let run = epi.run(&["package", "upload", "site.cms.app.1.nupkg", "--sas-url-file", "given"]).await;
        assert_eq!(run.code, Some(0), "file, {form}: {run:?}");
    }
    let around = |text: &str| format!("\u{a0}\n{text} \r\n");
    let everything = epi()
        .with("EPI_CLIENT_SECRET", &around(emulator.client_secret()))
        .with("EPI_CLIENT_KEY", &around(emulator.client_key()))
        .with("EPI_PROJECT_ID", &around(emulator.project_id()))
        .with("EPI_ENDPOINT", &around(&emulator.endpoint()))
        .with("EPI_CA_FILE", &format!("{}\n", emulator.ca_file().display()))
        .with("EPI_SAS_URL", &around(&link))
        .with("EPI_OUTPUT", "json\n");
    assert_eq!(everything.run(&["connect"]).await.code, Some(0), "variables");
    everything.write("site.cms.app.1.nupkg", &content(1, 100));
    assert_eq!(
        everything.run(&["package", "upload", "site.cms.app.1.nupkg"]).await.code,
        Some(0),
        "a link in a variable"
    );
    let empty = epi().with("EPI_CLIENT_SECRET", "\r\n").run(&["connect"]).await;
    empty.refused(1, &["the client secret is missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_refused_for_its_cause_and_not_shown() {
    let emulator = emulator().await;
    let epi = || Epi::new(&emulator, emulator.endpoint());
    for (given, cause) in [
        ("CANARY12\nCANARY==", "contains a line break"),
        ("CANARY\\nCANARY==", "line break written as"),
        ("$(CANARY)", "variable that was not expanded"),
        ("%CANARY%", "variable that was not expanded"),
        ("${CANARY}", "variable that was not expanded"),
        ("$env:CANARY", "variable that was not expanded"),
        ("\"CANARYAAA==\"", "is in quotation marks"),
        ("EPI_CLIENT_SECRET=CANARYAA", "NAME=value"),
        ("-----BEGIN PRIVATE KEY----- CANARY", "PEM file"),
        ("CANARY1", "multiple of 4"),
        ("CANARY!=", "is not valid Base64"),
    ] {
        let epi = epi();
        epi.write("given", given.as_bytes());
        let runs = [
            epi.run(&["connect", "--client-secret-file", "given"]).await,
            epi.with("EPI_CLIENT_SECRET", given).run(&["connect"]).await,
        ];
        for run in runs {
            run.refused(1, &["client secret is invalid", cause]);
            assert!(!run.stderr.contains("CANARY"), "{run:?}");
        }
    }
    for (name, given, cause) in [
        ("EPI_PROJECT_ID", "%CANARY%", "not expanded"),
        ("EPI_PROJECT_ID", "'2a561398-d517-4634-9bc4-aab5008a8e1a'", "quotation marks"),
        ("EPI_CLIENT_KEY", "${{ secrets.CANARY }}", "not expanded"),
        ("EPI_CLIENT_KEY", "\"CANARY\"", "quotation marks"),
        ("EPI_ENDPOINT", "\"https://CANARY/api/\"", "quotation marks"),
        ("EPI_ENDPOINT", "$(CANARY)", "not expanded"),
    ] {
        let run = epi().with(name, given).run(&["deployment", "list"]).await;
        run.refused(1, &[cause]);
        assert!(!run.stderr.contains("CANARY"), "{run:?}");
    }
    for (given, cause) in [
        ("$(CANARY)", "not expanded"),
        ("'https://acct.blob.core.windows.net/c?sig=CANARY'", "quotation marks"),
        ("https://acct.blob.core.windows.net/c?sv=1&\nsig=CANARY", "line break"),
        ("EPI_SAS_URL=https://acct.blob.core.windows.net/c?sig=CANARY", "NAME=value"),
    ] {
        let epi = epi();
        epi.write("given", given.as_bytes());
        epi.write("site.cms.app.1.nupkg", &content(1, 100));
        let run = epi.run(&["package", "upload", "site.cms.app.1.nupkg", "--sas-url-file", "given"]).await;
        run.refused(1, &["--sas-url-file", cause]);
        assert!(!run.stderr.contains("CANARY"), "{run:?}");
    }
    let epi = epi();
    for (given, cause) in [(&b"\xff\xfe\0\0C\0\0\0"[..], "UTF-32"), (b"C\xffY", "neither UTF-8 nor UTF-16")] {
        epi.write("given", given);
        epi.run(&["connect", "--client-secret-file", "given"]).await.refused(1, &["--client-secret-file", cause]);
    }
    assert!(emulator.requests().is_empty(), "nothing was sent");
}

/// The bytes of a file as an error could show them: the text, or each byte as a number.
fn shows(run: &Run, bytes: &[u8]) -> bool {
    let said = format!("{}{}", run.stdout, run.stderr);
    let numbers = bytes.iter().take(24).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte}, ");
        text
    });
    said.contains(numbers.trim_end_matches(", ")) || said.contains(&*String::from_utf8_lossy(&bytes[..24]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_authorities_is_read_in_every_form_and_refused_by_what_it_is() {
    let emulator = emulator().await;
    let pem = std::fs::read_to_string(emulator.ca_file()).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(&body).unwrap();
    let epi = Epi::new(&emulator, emulator.https_endpoint()).with("EPI_CA_FILE", "given.pem");

    let mut good = forms(&pem);
    good.push(("on one line", pem.replace('\n', " ").into_bytes()));
    good.push(("with remarks", format!("# Subject: CN=x\r\nIssuer\r\n{}", pem.replace('\n', "\r\n")).into_bytes()));
    // Bundles of other tools have comments in the encoding of their machine.
    good.push(("with a remark in Latin-1", [b"# Autorit\xe9\n", pem.as_bytes()].concat()));
    good.push(("twice", format!("{pem}\n{pem}").into_bytes()));
    for (form, bytes) in good {
        epi.write("given.pem", &bytes);
        let run = epi.run(&["connect"]).await;
        assert_eq!(run.code, Some(0), "{form}: {run:?}");
    }

    let section = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    let secret = "CANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANA";
    let asn1 = |begin: &[u8]| [&[0x30, 0x82, 0x01, 0x00], begin, secret.as_bytes()].concat();
    let damaged = format!("\n{}{pem}", section("CERTIFICATE", "AAAA"));
    for (form, bytes, words) in [
        ("nothing", b"\n \n".to_vec(), &["is empty"][..]),
        ("a key", section("PRIVATE KEY", secret).into_bytes(), &["private key"]),
        ("a key on one line", section("RSA PRIVATE KEY", secret).replace('\n', " ").into_bytes(), &["private key"]),
        ("a key in UTF-16", utf16(&section("EC PRIVATE KEY", secret), u16::to_le_bytes), &["private key"]),
        ("a key with \\n", section("PRIVATE KEY", secret).replace('\n', "\\n").into_bytes(), &["private key"]),
        ("an open key", format!("-----BEGIN PRIVATE KEY-----\n{secret}").into_bytes(), &["private key"]),
        ("a binary key", asn1(&[0x02, 0x01, 0x00, 0x30]), &["private key"]),
        ("a public key", section("PUBLIC KEY", secret).into_bytes(), &["public key"]),
        ("a request", section("CERTIFICATE REQUEST", secret).into_bytes(), &["a certificate request"]),
        ("PKCS#7", section("PKCS7", secret).into_bytes(), &["PKCS#7", "openssl pkcs7"]),
        ("binary PKCS#7", asn1(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]), &["PKCS#7", "-inform der"]),
        ("PKCS#12", asn1(&[0x02, 0x01, 0x03, 0x30]), &["PKCS#12", "openssl pkcs12"]),
        ("a certificate in binary form", der, &["DER", "openssl x509 -inform der"]),
        ("a key store", [&[0xfe, 0xed, 0xfe, 0xed][..], secret.as_bytes()].concat(), &["Java keystore"]),
        ("a page", format!("<!DOCTYPE html><title>{secret}</title>").into_bytes(), &["HTML or XML"]),
        ("Base64 alone", body.into_bytes(), &["without its BEGIN and END lines"]),
        ("another text", format!("password = {secret}").into_bytes(), &["contains no certificate"]),
        ("no text", [&[0xff, 0xd8, 0xff][..], secret.as_bytes()].concat(), &["neither a text file nor"]),
        ("one damaged of two", damaged.into_bytes(), &["corrupt", "certificate 1 of 2 (line 2)"]),
        (
            "the last damaged",
            format!("{pem}{}", section("CERTIFICATE", secret)).into_bytes(),
            &["certificate 2 of 2 (line "],
        ),
        ("not Base64", section("CERTIFICATE", "&%§").into_bytes(), &["on line 1", "is not valid Base64"]),
        ("without its end", format!("-----BEGIN CERTIFICATE-----\n{secret}\n").into_bytes(), &["no END line"]),
        ("with \\n", pem.replace('\n', "\\n").into_bytes(), &["written as \\n"]),
        ("too large", vec![b'\n'; 5 << 20], &["larger than 4 MiB"]),
    ] {
        epi.write("given.pem", &bytes);
        let run = epi.run(&["connect"]).await;
        run.refused(1, &[&["EPI_CA_FILE", "'given.pem'"][..], words].concat());
        assert!(!run.stderr.contains("CANARY") && !shows(&run, &[&bytes[..], &[7; 24]].concat()), "{form}: {run:?}");
        assert!(!run.stderr.contains("SSL_CERT_FILE"), "{form}: {run:?}");
    }
    let folder = epi.with("EPI_CA_FILE", ".");
    folder.run(&["connect"]).await.refused(1, &["'.' is a directory"]);
    assert!(emulator.requests().iter().all(|request| request.ended.is_some()), "the good files alone reached it");
}
