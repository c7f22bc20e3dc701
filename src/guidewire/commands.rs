//! The operations of the service that a next step can name, and what each needs to know.

use serde_json::{Map, Value, json};

use crate::base::next_step::Command;
use crate::document::wait::Wait;

/// An operation of the service that helps from here, with what it needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuidewireCommand {
    /// Lists the backups of a planet: `guidewire.backup.list`.
    ListBackups {
        /// The planet.
        planet: String,
    },
    /// Shows a backup: `guidewire.backup.get`.
    GetBackup {
        /// Its id.
        id: String,
    },
    /// Waits for a backup: `guidewire.backup.wait`.
    WaitForBackup {
        /// Its id.
        id: String,
        /// How to wait.
        wait: Wait,
    },
}

impl From<GuidewireCommand> for Command {
    fn from(command: GuidewireCommand) -> Self {
        let (operation, members) = match command {
            GuidewireCommand::ListBackups { planet } => ("guidewire.backup.list", json!({"planetId": planet})),
            GuidewireCommand::GetBackup { id } => ("guidewire.backup.get", json!({"id": id})),
            GuidewireCommand::WaitForBackup { id, wait } => ("guidewire.backup.wait", json!({"id": id, "wait": wait})),
        };
        let Value::Object(mut request) = members else { return Self::new(operation, Map::new()) };
        // What is at its default need not be said.
        request.retain(|_, value| *value != json!({}));
        Self::new(operation, request)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::base::limits::{PollingSeconds, TimeoutMinutes};

    /// One of each command, with everything set. A new variant does not compile until it is listed.
    pub(crate) fn one_of_each_command() -> Vec<Command> {
        let wait = Wait {
            timeout_minutes: TimeoutMinutes::new(5).ok(),
            polling_interval_seconds: PollingSeconds::new(9).ok(),
        };
        let all = vec![
            GuidewireCommand::ListBackups { planet: "dev 1".into() },
            GuidewireCommand::GetBackup { id: "362".into() },
            GuidewireCommand::WaitForBackup { id: "362".into(), wait },
        ];
        for command in &all {
            match command {
                GuidewireCommand::ListBackups { .. }
                | GuidewireCommand::GetBackup { .. }
                | GuidewireCommand::WaitForBackup { .. } => {}
            }
        }
        all.into_iter().map(Into::into).collect()
    }

    #[test]
    fn a_command_says_what_was_asked_for_and_no_defaults() {
        let last = one_of_each_command().pop().unwrap().request().1;
        let expected = json!({"id": "362", "wait": {"timeoutMinutes": 5, "pollingIntervalSeconds": 9}});
        assert_eq!(Value::Object(last), expected);
        let plain: Command = GuidewireCommand::WaitForBackup { id: "362".into(), wait: Wait::default() }.into();
        assert_eq!(plain.request(), ("guidewire.backup.wait", Map::from_iter([("id".to_owned(), json!("362"))])));
    }
}
