//! Level 6a: the C ABI.
//!
//! The only place where `unsafe` may stand: exporting a symbol is an unsafe attribute, because two libraries could
//! export the same name. So far a host can ask which library it has loaded; the operations follow in a later version.
#![expect(unsafe_code, reason = "exporting C symbols needs unsafe attributes")]

use core::ffi::{CStr, c_char};

/// Version of the C ABI: major in the upper 16 bits, minor in the lower ones.
const ABI_VERSION: u32 = 1;

/// The library's version as a C text.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// Tells the version of the C ABI.
///
/// Returns: major << 16 | minor. A host works with a library of the same major and at least its minor version.
/// Ownership: none.
/// Threads: any.
/// Since: 0.1.
// SAFETY: the name carries this library's prefix, which no other library uses.
#[unsafe(no_mangle)]
pub extern "C" fn epi_abi_version() -> u32 {
    ABI_VERSION
}

/// Tells the library's version, such as "0.1.0".
///
/// Returns: a static text.
/// Ownership: belongs to the library; never freed.
/// Threads: any.
/// Since: 0.1.
// SAFETY: the name carries this library's prefix, which no other library uses.
#[unsafe(no_mangle)]
pub extern "C" fn epi_version() -> *const c_char {
    VERSION.as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_package() {
        assert_eq!(VERSION.to_str(), Ok(env!("CARGO_PKG_VERSION")));
        assert_eq!(epi_version(), VERSION.as_ptr());
        assert_eq!(epi_abi_version() >> 16, 0, "before 1.0");
    }
}
