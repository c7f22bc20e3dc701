//! Target `options`: `epi_call_options` of every size and with every value.
//!
//! The first byte says how the rest is read: bit 0 that the struct is not aligned, bit 1 that the size has eight bytes
//! instead of two. The bytes after the size are the struct's. Its memory has exactly the size that it says, or, for a
//! size that the library must refuse before it reads on, just the size itself: AddressSanitizer sees a read beyond.
//!
//! The operation is one that ends at once, because its client has no account.

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::sync::atomic::{AtomicU32, Ordering};

use epicloud::ffi::options::{epi_call_options, epi_log_fn};
use epicloud::ffi::progress::{epi_progress, epi_progress_fn};
use epicloud::ffi::status::epi_status_value as s;

use crate::abi::{self, Refusal};

const OWN: usize = size_of::<epi_call_options>();
/// The library takes no larger one.
const LARGEST: usize = 4096;
const LEVELS: std::ops::RangeInclusive<i32> = 0..=4;

static PROGRESS: AtomicU32 = AtomicU32::new(0);
static LAST: AtomicU32 = AtomicU32::new(0);
static LOG: AtomicU32 = AtomicU32::new(0);
static WRONG: AtomicU32 = AtomicU32::new(0);

/// What the functions are handed; it is a number, which the library must never look at.
static USER_DATA: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

// A panic could not leave these functions: they count what is wrong instead.
unsafe extern "C" fn on_progress(progress: *const epi_progress, user_data: *mut c_void) -> i32 {
    PROGRESS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: valid during the call, as the header says.
    let progress = unsafe { *progress };
    if user_data.addr() != USER_DATA.load(Ordering::SeqCst) || progress.struct_size != size_of::<epi_progress>() {
        WRONG.fetch_add(1, Ordering::SeqCst);
    }
    if progress.status != s::EPI_STATUS_PENDING as i32 {
        LAST.fetch_add(1, Ordering::SeqCst);
    }
    0
}

unsafe extern "C" fn on_log(
    level: i32,
    target: *const c_char,
    message: *const c_char,
    fields: *const c_char,
    user_data: *mut c_void,
) {
    LOG.fetch_add(1, Ordering::SeqCst);
    // SAFETY: valid during the call, as the header says.
    let texts = unsafe { [abi::lent(target), abi::lent(message), abi::lent(fields)] };
    let known = LEVELS.contains(&level) && level != 0 && texts.iter().all(Option::is_some);
    if user_data.addr() != USER_DATA.load(Ordering::SeqCst) || !known {
        WRONG.fetch_add(1, Ordering::SeqCst);
    }
}

/// Bytes of an input, then zeros.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let count = N.min(self.0.len());
        taken[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        taken
    }

    /// A size of two or of eight bytes.
    pub(crate) fn size(&mut self, wide: bool) -> usize {
        if wide { usize::from_le_bytes(self.take()) } else { usize::from(u16::from_le_bytes(self.take())) }
    }
}

/// Memory of a size that the library is told, the size in front: aligned, or one byte off.
pub(crate) struct Memory {
    bytes: Box<[u8]>,
    offset: usize,
}

impl Memory {
    pub(crate) fn new(size: usize, unaligned: bool, content: &[u8]) -> Self {
        let offset = usize::from(unaligned);
        let word = size_of::<usize>();
        let length = if size <= LARGEST { size.max(word) } else { word };
        let mut bytes = vec![0; offset + length].into_boxed_slice();
        bytes[offset..offset + word].copy_from_slice(&size.to_ne_bytes());
        let count = content.len().min(length - word);
        bytes[offset + word..offset + word + count].copy_from_slice(&content[..count]);
        Self { bytes, offset }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.offset..]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.offset..]
    }
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let [flags] = bytes.take();
    let size = bytes.size(flags & 2 != 0);
    let mut memory = Memory::new(size, flags & 1 != 0, bytes.0);
    let mut given = None;
    if (OWN..=LARGEST).contains(&size) {
        // A function that is not NULL must be one.
        let place = memory.bytes_mut();
        keep_function(place, offset_of!(epi_call_options, progress), on_progress as *const () as usize);
        keep_function(place, offset_of!(epi_call_options, log), on_log as *const () as usize);
        // SAFETY: it has the size, and its two functions are NULL or functions of their types.
        given = Some(unsafe { place.as_ptr().cast::<epi_call_options>().read_unaligned() });
    }
    abi::leaving_no_handle(|| one(&memory, size, given));
}

fn keep_function(place: &mut [u8], at: usize, function: usize) {
    let field = &mut place[at..at + size_of::<usize>()];
    if field.iter().any(|byte| *byte != 0) {
        field.copy_from_slice(&function.to_ne_bytes());
    }
}

fn one(memory: &Memory, size: usize, given: Option<epi_call_options>) {
    for counter in [&PROGRESS, &LAST, &LOG, &WRONG] {
        counter.store(0, Ordering::SeqCst);
    }
    USER_DATA.store(given.map_or(0, |given| given.user_data.addr()), Ordering::SeqCst);
    // SAFETY: a NUL-terminated text, and memory as large as it says, or of a size that is refused.
    let outcome = unsafe { abi::start(abi::LIST, abi::bare_client(), c"{}".as_ptr(), memory.bytes().as_ptr().cast()) };
    let operation = match (outcome, given) {
        (Err(refusal), given) => return refused(&refusal, memory, size, given),
        (Ok(_), None) => panic!("a struct_size of {size} was taken"),
        (Ok(operation), Some(given)) => {
            assert_eq!(broken(&given), [] as [&str; 0], "what breaks a rule is refused");
            assert!(memory.bytes()[OWN..].iter().all(|byte| *byte == 0), "what is not known is refused");
            operation
        }
    };
    abi::failed(operation).expect(&[s::EPI_STATUS_NOT_CONFIGURED, s::EPI_STATUS_TIMEOUT]);
    // After the free nothing is called any more, so the numbers stand.
    let count = |counter: &AtomicU32| counter.load(Ordering::SeqCst);
    let (progress, log) = given.map_or((None, None), functions);
    assert_eq!(count(&WRONG), 0, "every callback gets what the header says");
    assert_eq!(count(&LAST), u32::from(progress.is_some()), "the end is told once");
    assert!(log.is_some() || count(&LOG) == 0);
}

fn functions(given: epi_call_options) -> (epi_progress_fn, epi_log_fn) {
    (given.progress, given.log)
}

/// The fields that break a rule.
fn broken(given: &epi_call_options) -> Vec<&'static str> {
    let rules = [
        ("options.timeout_ms", given.timeout_ms >= 0),
        ("options.log_level", LEVELS.contains(&given.log_level)),
        ("options.reserved", given.reserved == 0),
    ];
    rules.into_iter().filter(|(_, kept)| !kept).map(|(field, _)| field).collect()
}

fn refused(refusal: &Refusal, memory: &Memory, size: usize, given: Option<epi_call_options>) {
    refusal.expect(&[s::EPI_STATUS_INVALID_ARGUMENT, s::EPI_STATUS_ABI_MISMATCH]);
    match given {
        None => assert_eq!(refusal.field(), "options.struct_size", "{size}"),
        Some(_) if refusal.status == s::EPI_STATUS_ABI_MISMATCH as i32 => {
            assert!(refusal.message.starts_with("options: "), "{refusal:?}");
            assert!(memory.bytes()[OWN..].iter().any(|byte| *byte != 0), "{refusal:?}");
        }
        Some(given) => assert!(broken(&given).contains(&refusal.field()), "{refusal:?} {given:?}"),
    }
}
