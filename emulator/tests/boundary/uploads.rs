//! Packages: uploaded as EpiCloud does (spec 3.2), deployed, and leased.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use epicloud_emulator::{Effect, Rule};
use reqwest::Client;

use crate::caller::{block_id, bytes, instant, manual, md5_of, outcome, within};

async fn upload(client: &Client, link: &str, blocks: &[&[u8]], md5: &str) -> Vec<u16> {
    let mut list = String::from("<BlockList>");
    let mut statuses = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let id = block_id(u32::try_from(index).unwrap());
        let put = client.put(format!("{link}&comp=block&blockid={id}")).header("content-md5", md5_of(block));
        statuses.push(put.body(block.to_vec()).send().await.unwrap().status().as_u16());
        list.push_str(&format!("<Latest>{}</Latest>", id.replace("%2B", "+").replace("%2F", "/")));
    }
    list.push_str("</BlockList>");
    let put = client.put(format!("{link}&comp=blocklist")).header("x-ms-blob-content-md5", md5);
    statuses.push(put.header("content-type", "application/xml").body(list).send().await.unwrap().status().as_u16());
    statuses
}

#[tokio::test]
async fn a_package_is_uploaded_deployed_and_leased() {
    let stage = instant().await;
    let location = stage.get("packages/location").await["location"].as_str().unwrap().to_owned();
    // What EpiCloud demands of the link (spec 3.2).
    assert!(location.starts_with("https://") && location.contains(".blob.core.windows.net/deploymentpackages?"));
    assert!(location.contains("sp=w") && location.contains("sr=c"), "{location}");
    let name = "site.cms.app.1.0.0.nupkg";
    let whole = bytes(700_000);
    let blocks: Vec<&[u8]> = whole.chunks(300_000).collect();
    let link = within(&location, name);
    assert_eq!(upload(&stage.client, &link, &blocks, &md5_of(&whole)).await, [201, 201, 201, 201]);

    let blob = stage.emulator.blob("deploymentpackages", name).unwrap();
    assert_eq!((blob.len, blob.committed, blob.waiting.len()), (700_000, true, 0));
    assert_eq!(blob.content_md5.as_deref(), Some(md5_of(&whole).as_str()));
    assert_eq!(STANDARD.encode(blob.md5().unwrap()), md5_of(&whole));
    assert_eq!(blob.read(299_990..300_010).unwrap(), whole[299_990..300_010]);
    assert_eq!(outcome(stage.client.get(&link).send().await.unwrap()).await.1, "AuthorizationPermissionMismatch");

    stage.post("deployments", &format!("{{\"TargetEnvironment\":\"Integration\",\"Packages\":[\"{name}\"]}}")).await;
    assert!(stage.emulator.blob("deploymentpackages", name).unwrap().leased);
    let again = stage.client.put(format!("{link}&comp=block&blockid={}", block_id(0))).body("x").send().await.unwrap();
    let (status, code, body) = outcome(again).await;
    assert_eq!((status, code.as_str()), (412, "LeaseIdMissing"));
    assert!(body.contains("There is currently a lease on the blob and no lease ID was specified in the request."));
}

#[tokio::test]
async fn a_name_that_is_not_linked_is_overwritten() {
    let stage = manual().await;
    let link = within(&stage.emulator.package_link("w", std::time::Duration::from_secs(60)), "cms.app.1.nupkg");
    for content in [b"first".as_slice(), b"second"] {
        assert_eq!(upload(&stage.client, &link, &[content], &md5_of(content)).await, [201, 201]);
        let blob = stage.emulator.blob("deploymentpackages", "cms.app.1.nupkg").unwrap();
        assert_eq!(blob.read(0..100).unwrap(), content);
    }
}

#[tokio::test]
async fn the_store_keeps_a_wrong_md5_of_the_whole() {
    let stage = manual().await;
    let link = within(&stage.emulator.package_link("rw", std::time::Duration::from_secs(60)), "cms.app.1.nupkg");
    let wrong = md5_of(b"other");
    assert_eq!(upload(&stage.client, &link, &[b"block"], &wrong).await, [201, 201]);
    let got = stage.client.get(&link).send().await.unwrap();
    assert_eq!(got.headers()["content-md5"], wrong.as_str());
}

/// However many clients send nothing for a while, others are served: here with one thread for file work.
#[test]
fn uploads_that_stall_hold_no_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().max_blocking_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = manual().await;
        let link = stage.emulator.package_link("w", std::time::Duration::from_secs(60));
        let body = bytes(100_000);
        stage.emulator.faults().add(Rule::new(Effect::Stall).method("PUT").after_received(1_000).named("stall"));
        for index in 0..8 {
            let put = stage.client.put(format!("{}&comp=block&blockid={}", within(&link, "a"), block_id(index)));
            tokio::spawn(put.body(body.clone()).send());
        }
        while stage.emulator.requests().iter().filter(|request| request.ended.is_none()).count() < 8 {
            tokio::task::yield_now().await;
        }
        stage.emulator.faults().clear();
        assert_eq!(upload(&stage.client, &within(&link, "b"), &[&body], &md5_of(&body)).await, [201, 201]);
    });
    runtime.shutdown_background();
}
