//! What to do when an operation stops while the service goes on with its work.

use crate::base::error::{Error, Kind};
use crate::base::next_step::NextStep;
use crate::document::wait::Wait;
use crate::guidewire::commands::GuidewireCommand;
use crate::guidewire::export_job::GuidewireHandle;

/// Adds how a wait is resumed. `known` says that the service has the backup.
pub(super) fn waiting(error: Error, known: bool, handle: &GuidewireHandle, wait: Wait) -> Error {
    let stopped = matches!(error.kind(), Kind::Cancelled | Kind::Timeout);
    if !(known || stopped) {
        return error;
    }
    let command = GuidewireCommand::WaitForBackup { id: handle.id.clone(), wait };
    let step = NextStep::text("the backup continues in the service; resume waiting with: ").command(command);
    if stopped { error.with_next_step(step) } else { error.with_then(step) }
}
