//! What to do when an operation stops while the service goes on with its work.

use crate::base::error::Error;
use crate::base::next_step::NextStep;
use crate::document::wait::Wait;
use crate::guidewire::commands::GuidewireCommand;
use crate::guidewire::export_job::GuidewireHandle;
use crate::ops::resume::resumed;

/// Adds how a wait is resumed. `known` says that the service has the backup.
pub(super) fn waiting(error: Error, known: bool, handle: &GuidewireHandle, wait: Wait) -> Error {
    let command = GuidewireCommand::WaitForBackup { id: handle.id.clone(), wait };
    let step = NextStep::text("the backup continues in the service; resume waiting with: ").command(command);
    resumed(error, known, step)
}
