//! The containers of the service.

use crate::blob::Storage;
use crate::config::Config;
use crate::error::Error;

/// The container packages are uploaded to (spec 3.1).
pub(crate) const PACKAGES: &str = "deploymentpackages";
/// The container of exported databases (spec 3.1).
pub(super) const BACPACS: &str = "bacpacs";
/// The container of edge logs (spec 2.5, E11).
pub(super) const EDGE_LOGS: &str = "cloudflarelogpush";

/// Creates the service's containers and, in a first run, a few blobs to look at.
pub(crate) async fn furnish(storage: &Storage, config: &Config) -> Result<(), Error> {
    let containers = [PACKAGES, BACPACS, EDGE_LOGS].into_iter().map(str::to_owned);
    for container in containers.chain(config.storage_containers.iter().cloned()) {
        storage.create_container(&container).await?;
    }
    if !config.seed_blobs || !storage.wants_samples() {
        return Ok(());
    }
    let log = "{\"level\":\"Information\",\"message\":\"Application started\"}\n";
    let seeds = [
        ("azure-application-logs", "SITES/EPIEMULATOR/y=2026/m=01/d=15/h=08/m=00/PT1H.json", log),
        ("mysitemedia", "0a1b2c3d/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"),
        (EDGE_LOGS, "20260115/http_requests.log", "{\"EdgeResponseStatus\":200}\n"),
    ];
    for (container, name, text) in seeds {
        if container == EDGE_LOGS || config.storage_containers.iter().any(|known| known == container) {
            storage.put_embedded(container, name, text.as_bytes())?;
        }
    }
    Ok(())
}
