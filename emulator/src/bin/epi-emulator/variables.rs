//! How each shell sets the variables by which clients find an emulator. The secrets in them are the emulator's own, and
//! handed out by contract.

use epicloud_emulator::Emulator;

/// Lines for a POSIX shell.
pub(crate) fn for_posix_shell(emulator: &Emulator) -> String {
    let quoted = |value: &str| format!("'{}'", value.replace('\'', r"'\''"));
    lines(emulator, |name, value| format!("export {name}={}", quoted(value)))
}

/// Lines for PowerShell: the variables, and where the modules look for the address.
pub(crate) fn for_powershell(emulator: &Emulator) -> String {
    let set = lines(emulator, |name, value| format!("$env:{name} = {}", in_powershell(value)));
    format!(
        "$Global:EpiCloudApiEndpointUri = {}\n$Global:EpiCloudCaFile = {}\n{set}",
        in_powershell(&emulator.endpoint()),
        in_powershell(&emulator.ca_file().to_string_lossy())
    )
}

fn lines(emulator: &Emulator, line: impl Fn(&str, &str) -> String) -> String {
    emulator.variables().iter().map(|(name, value)| line(name, value)).collect::<Vec<_>>().join("\n")
}

/// In single quotes, within which only they need care.
fn in_powershell(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
