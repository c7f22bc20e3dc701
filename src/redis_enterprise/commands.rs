//! The operations of the service that a next step can name, and what each needs to know.

use serde_json::{Map, Value, json};

use crate::base::next_step::Command;

/// An operation of the service that helps from here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisCommand {
    /// Shows the last export of a database: `redisEnterprise.export.get`.
    GetExport {
        /// The database.
        uid: u64,
    },
    /// Waits for an export: `redisEnterprise.export.wait`.
    WaitForExport {
        /// The handle of the export.
        handle: String,
        /// The longest wait in minutes.
        timeout_minutes: Option<u32>,
        /// The pause between two status requests in seconds.
        polling_interval_seconds: Option<u32>,
    },
    /// Lists the databases: `redisEnterprise.database.list`.
    ListDatabases,
}

impl From<RedisCommand> for Command {
    fn from(command: RedisCommand) -> Self {
        let members = |value: Value| match value {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        match command {
            RedisCommand::GetExport { uid } => Self::new("redisEnterprise.export.get", members(json!({"uid": uid}))),
            RedisCommand::WaitForExport { handle, timeout_minutes, polling_interval_seconds } => {
                let mut request = members(json!({"handle": handle}));
                let numbers =
                    [("timeoutMinutes", timeout_minutes), ("pollingIntervalSeconds", polling_interval_seconds)];
                let wait: Map<String, Value> =
                    numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?)))).collect();
                if !wait.is_empty() {
                    request.insert("wait".to_owned(), wait.into());
                }
                Self::new("redisEnterprise.export.wait", request)
            }
            RedisCommand::ListDatabases => Self::new("redisEnterprise.database.list", Map::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_what_was_asked_for_and_no_defaults() {
        let wait = |timeout_minutes| {
            let handle = "redis:e30".to_owned();
            Command::from(RedisCommand::WaitForExport { handle, timeout_minutes, polling_interval_seconds: None })
        };
        let (operation, request) = wait(None).request();
        assert_eq!(
            (operation, Value::Object(request)),
            ("redisEnterprise.export.wait", json!({"handle": "redis:e30"}))
        );
        assert_eq!(wait(Some(5)).request().1["wait"], json!({"timeoutMinutes": 5}));
        assert_eq!(Command::from(RedisCommand::GetExport { uid: 7 }).request().1["uid"], 7);
    }
}
