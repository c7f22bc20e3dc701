//! Refusals of a blob storage, and of what stands before it, as `epi` tells them.

use std::time::Duration;

use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, Rule};

use super::fixture::Epi;
use super::virtual_time::content;

const NAME: &str = "site.cms.app.1.0.0.nupkg";
const UPLOAD: [&str; 5] = ["package", "upload", NAME, "--sas-url-file", "link"];

/// An emulator, and `epi` with a package and a SAS URL for writing.
async fn fixture() -> (Emulator, Epi) {
    let config = Config { link_scheme: LinkScheme::Http, ..Config::default() };
    let emulator = Emulator::start(config).await.unwrap();
    let epi = Epi::bare();
    epi.write(NAME, &content(1, 100_000));
    epi.write("link", emulator.package_link("w", Duration::from_secs(3600)).as_bytes());
    (emulator, epi)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_told_as_what_it_is_and_in_the_storages_own_words() {
    let (emulator, epi) = fixture().await;
    for (status, code, message, exit_code, words) in [
        (
            403,
            "AuthorizationPermissionMismatch",
            "Not by this permission.",
            2,
            "although the SAS URL permits it (sp=w)",
        ),
        (403, "AuthorizationProtocolMismatch", "Not by this protocol.", 2, "valid for https only"),
        (
            403,
            "AuthorizationSourceIPMismatch",
            "Not from this source IP.",
            2,
            "not valid for the IP address of this machine",
        ),
        (403, "AuthorizationFailure", "Not authorized.", 2, "firewall"),
        (403, "AccountIsDisabled", "It is disabled.", 2, "the storage account is disabled"),
        (409, "BlobImmutableDueToPolicy", "A policy.", 4, "from changes"),
        (409, "SomethingElse", "The text that explains it.", 4, "409 SomethingElse"),
        (400, "InvalidHeaderValue", "A header.", 1, "does not accept the value of a header"),
        (413, "RequestBodyTooLarge", "Too large.", 1, "--block-size"),
    ] {
        emulator.faults().clear();
        emulator.faults().add(Rule::new(Effect::error(status, code, message)).method("PUT"));
        let run = epi.run(&UPLOAD).await;
        run.refused(exit_code, &[words, &format!("  response: {message}\n"), "  request id: "]);
        assert!(!run.stderr.contains("does not permit"), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_proxy_is_told_as_its_own() {
    let (emulator, epi) = fixture().await;
    for (status, page, exit_code, words) in [
        (403, "<html><title>Blocked by policy 17</title></html>", 2, "\"Blocked by policy 17\""),
        (404, "<html><title>No such backend</title></html>", 3, "\"No such backend\""),
        (407, "proxy authentication required\n\nmore", 8, "\"proxy authentication required\""),
        (413, "<html><title>Request too large: 1 MB</title></html>", 1, "--block-size"),
    ] {
        emulator.faults().clear();
        let effect = Effect::Status { status, code: None, message: Some(page.into()), retry_after: None, plain: true };
        emulator.faults().add(Rule::new(effect).method("PUT"));
        let run = epi.run(&UPLOAD).await;
        run.refused(exit_code, &[&format!("a proxy or gateway answered {status}"), words, "  next: "]);
        for wrong in ["does not permit", "the blob '", "  response: "] {
            assert!(!run.stderr.contains(wrong), "{wrong}: {run:?}");
        }
    }
}

/// With success, as a sign-in does: in place of everything, or of the end alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_an_uploads_answer_is_told_as_one() {
    let (emulator, epi) = fixture().await;
    for (status, query) in
        [(200, "comp=block&"), (201, "comp=block&"), (200, "comp=blocklist"), (201, "comp=blocklist")]
    {
        emulator.faults().clear();
        let page = Some("<html><title>Sign in to 17</title></html>".into());
        let effect = Effect::Status { status, code: None, message: page, retry_after: None, plain: true };
        emulator.faults().add(Rule::new(effect).method("PUT").query(query));
        let run = epi.run(&UPLOAD).await;
        run.refused(9, &[&format!("answered {status}"), "\"Sign in to 17\"", "  next: ", "HTTPS_PROXY"]);
        assert!(!run.stderr.contains("unexpected status"), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_only_creates_is_refused_before_any_request() {
    let (emulator, epi) = fixture().await;
    epi.write("link", emulator.package_link("rc", Duration::from_secs(3600)).as_bytes());
    epi.run(&UPLOAD).await.refused(2, &["does not permit writing blocks", "(sp=rc)"]);
    assert!(emulator.requests().is_empty());
}
