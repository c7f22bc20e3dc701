//! The one node of the cluster, as `/v1/nodes` shows it. Pure.

use serde_json::{Value, json};

use super::database::{Bdb, Cluster};
use super::export::Now;

/// The object.
pub(super) fn show(cluster: Cluster<'_>, bdbs: &[Bdb], now: Now) -> Value {
    let shards: Vec<u32> = bdbs.iter().flat_map(|bdb| bdb.shards.iter().copied()).collect();
    let started = bdbs.iter().map(|bdb| bdb.created).min().unwrap_or(now.at);
    let version = cluster.version.database_version();
    json!({
        "accept_servers": true,
        "addr": "192.0.2.10",
        "architecture": "x86_64",
        "bigredis_storage_path": "/var/opt/redislabs/flash",
        "bigstore_enabled": false,
        "cores": 4,
        "ephemeral_storage_path": "/var/opt/redislabs/tmp",
        "ephemeral_storage_size": 107_374_182_400.0,
        "external_addr": [],
        "fips_enabled": false,
        "flash_shard_count": 0,
        "max_listeners": 100,
        "max_redis_forks": -1,
        "max_redis_servers": 100,
        "max_slave_full_syncs": -1,
        "os_family": "ubuntu",
        "os_name": "ubuntu",
        "os_semantic_version": "22.04",
        "os_version": "Ubuntu 22.04.5 LTS",
        "persistent_storage_path": "/var/opt/redislabs/persist",
        "persistent_storage_size": 107_374_182_400.0,
        "rack_id": "",
        "ram_shard_count": shards.len(),
        "second_rack_id": "",
        "shard_count": shards.len(),
        "shard_list": shards,
        "software_version": cluster.version.software_version(),
        "status": "active",
        "supported_database_versions": [
            { "db_type": "redis", "major": true, "redis_version": version.rsplit_once('.').map_or(version, |(short, _)| short),
              "version": version },
            { "db_type": "memcached", "version": "1.4.17" },
        ],
        "total_memory": 8_589_934_592_u64,
        "uid": 1,
        "uptime": (now.at - started).div_euclid(1_000),
        "use_internal_ipv6": false,
    })
}
