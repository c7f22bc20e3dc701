//! The modules of the cluster: those that come with the product, and one that cannot be exported (spec 12). Plain data.

use serde_json::{Value, json};

/// What a database must be able to do to be exported.
pub(super) const BACKUP: &str = "backup_restore";
/// The name of the module that cannot.
pub(super) const CUSTOM: &str = "custom-counter";

/// All capabilities, with what each means.
const CAPABILITIES: [(&str, &str); 16] = [
    ("types", "module has its own types and not only operate on existing redis types"),
    ("no_multi_key", "module has no methods that operate on multiple keys"),
    ("replica_of", "module can work with replicaof capability"),
    ("eviction_expiry", "module can handle eviction and expiry"),
    ("failover_migrate", "module supports failover and migration"),
    (BACKUP, "module supports importing and exporting of the data"),
    ("reshard_rebalance", "resharding/rebalance operation is supported"),
    ("persistence_aof", "persistence of type aof is supported"),
    ("persistence_rdb", "persistence of type rdb is supported"),
    ("hash_policy", "hash policy is supported"),
    ("clustering", "database with module can operate in clustered mode"),
    ("flash", "supports usage of rof"),
    ("intershard_tls", "module supports internode encryption"),
    ("intershard_tls_pass", "module supports internode encryption with password"),
    ("ipv6", "module supports ipv6"),
    ("bigstore_version_2", "module supports bigstore version 2"),
];

/// A module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) uid: &'static str,
    title: &'static str,
    capability: &'static str,
    pub(super) version: &'static str,
    number: u32,
}

const MODULES: [Module; 5] = [
    Module {
        name: "timeseries",
        uid: "0c6c52a1e3f94b1b8d7a5e6f10213243",
        title: "RedisTimeSeries",
        capability: "Time Series",
        version: "8.0.2",
        number: 80_002,
    },
    Module {
        name: "search",
        uid: "1d7d63b2f4a05c2c9e8b6f7021324354",
        title: "RediSearch 2",
        capability: "Search and query",
        version: "8.0.1",
        number: 80_001,
    },
    Module {
        name: "bf",
        uid: "2e8e74c305b16d3daf9c708132435465",
        title: "RedisBloom",
        capability: "Probabilistic",
        version: "8.0.1",
        number: 80_001,
    },
    Module {
        name: "ReJSON",
        uid: "3f9f85d416c27e4eb0ad819243546576",
        title: "RedisJSON",
        capability: "JSON",
        version: "8.0.3",
        number: 80_003,
    },
    Module {
        name: CUSTOM,
        uid: "4fa096e527d38f5fc1be92a354657687",
        title: "Custom counter",
        capability: "Custom",
        version: "1.0.0",
        number: 10_000,
    },
];

/// The module of this name.
pub(super) fn by_name(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}

/// The modules that a cluster shows: the custom one only where a database has it loaded.
pub(super) fn shown(with_custom: bool) -> impl Iterator<Item = &'static Module> {
    MODULES.iter().filter(move |module| with_custom || module.name != CUSTOM)
}

impl Module {
    fn capabilities(&self) -> Vec<&'static str> {
        let all = CAPABILITIES.iter().map(|(name, _)| *name);
        all.filter(|name| self.name != CUSTOM || *name != BACKUP).collect()
    }

    /// The module in the list of modules.
    pub(super) fn show(&self) -> Value {
        json!({
            "author": "Redis",
            "bigstore_version_2_support": false,
            "capabilities": self.capabilities(),
            "capability_name": self.capability,
            "command_line_args": "",
            "compatible_redis_version": "8.0",
            "config_command": "",
            "crdb": {},
            "dependencies": {},
            "description": self.title,
            "display_name": self.title,
            "email": "redismodules@redis.com",
            "homepage": "https://redis.io",
            "is_bundled": self.name != CUSTOM,
            "license": "Redis Source Available License 2.0 (RSALv2)",
            "min_redis_version": "7.4",
            "module_name": self.name,
            "semantic_version": self.version,
            "uid": self.uid,
            "version": self.number,
        })
    }

    /// The module in a database.
    pub(super) fn loaded(&self) -> Value {
        json!({
            "module_args": "",
            "module_id": self.uid,
            "module_name": self.name,
            "semantic_version": self.version,
        })
    }
}

/// All capabilities there are.
pub(super) fn capabilities() -> Value {
    let all: Vec<Value> = CAPABILITIES.iter().map(|(name, text)| json!({ "name": name, "desc": text })).collect();
    json!({ "all_capabilities": all })
}
