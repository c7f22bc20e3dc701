//! What a client has to know of an emulator, as variables of the environment, and how each shell sets them.

use epicloud_emulator::Emulator;

/// The variables that `epi` and the tests of others read. The secret is the emulator's own, and handed out by contract.
pub(crate) fn variables(emulator: &Emulator) -> [(&'static str, String); 6] {
    [
        ("EPI_ENDPOINT", emulator.endpoint()),
        ("EPI_CLIENT_KEY", emulator.client_key().to_owned()),
        ("EPI_CLIENT_SECRET", emulator.client_secret().to_owned()),
        ("EPI_PROJECT_ID", emulator.project_id().to_owned()),
        ("EPI_CA_FILE", emulator.ca_file().to_string_lossy().into_owned()),
        ("EPI_EMULATOR_CONTROL", emulator.control_endpoint()),
    ]
}

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
    variables(emulator).iter().map(|(name, value)| line(name, value)).collect::<Vec<_>>().join("\n")
}

/// In single quotes, within which only they need care.
fn in_powershell(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
