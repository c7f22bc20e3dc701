//! Tells the linker that the shared library stays loaded: a host that unloads it while threads of the library are still
//! ending would crash. Writes no file.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    // Only systems with ELF have the flag; elsewhere the header asks the host to keep the library loaded.
    if ["linux", "android", "freebsd", "netbsd", "openbsd"].contains(&system.as_str()) {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
