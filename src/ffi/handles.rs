//! Handles: numbers in the shape of pointers, and the table that knows what each one stands for.
//!
//! A number is never used twice. So a freed handle is recognised for good, in every build; a wait that is inside
//! the library keeps what it waits for alive while another thread frees the handle; and nothing here dereferences a
//! pointer of the caller. The price is a look-up under a read lock, which a writer holds only to enter or remove
//! one line.

use std::any::Any;
use std::collections::BTreeMap;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::base::error::{Error, Result};

/// What a handle stands for.
type Entry = Arc<dyn Any + Send + Sync>;

struct Table {
    last: usize,
    entries: BTreeMap<usize, Entry>,
}

static TABLE: RwLock<Table> = RwLock::new(Table { last: 0, entries: BTreeMap::new() });

/// Numbers look like aligned addresses, so that a host may keep flags in their lowest bits as it may with malloc's.
const STEP: usize = 16;

fn read() -> RwLockReadGuard<'static, Table> {
    TABLE.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Table> {
    TABLE.write().unwrap_or_else(PoisonError::into_inner)
}

/// A type that handles stand for.
pub(super) trait Held: Any + Send + Sync {
    /// The opaque type that the header shows.
    type Opaque;
    /// The handle's name in messages, which is the parameter's name in the header.
    const NAME: &'static str;
}

/// Makes a handle.
pub(super) fn give<T: Held>(state: Arc<T>) -> *mut T::Opaque {
    let mut table = write();
    table.last += STEP;
    let number = table.last;
    table.entries.insert(number, state);
    ptr::without_provenance_mut(number)
}

/// What a handle stands for.
pub(super) fn find<T: Held>(handle: *const T::Opaque) -> Result<Arc<T>> {
    let entry = read().entries.get(&handle.addr()).cloned();
    let other_kind = entry.is_some();
    entry.and_then(|entry| entry.downcast().ok()).ok_or_else(|| refused::<T>(handle.addr(), other_kind))
}

/// Ends a handle. `None` when it is none of these: freeing NULL, or twice, does nothing.
pub(super) fn take<T: Held>(handle: *const T::Opaque) -> Option<Arc<T>> {
    let entry = {
        let mut table = write();
        if !table.entries.get(&handle.addr())?.is::<T>() {
            return None;
        }
        table.entries.remove(&handle.addr())
    };
    // What it stands for is dropped by the caller, after the lock is given back: dropping it may end a runtime.
    entry?.downcast().ok()
}

fn refused<T: Held>(number: usize, other_kind: bool) -> Error {
    let rule = match (number, other_kind) {
        (0, _) => "must not be NULL".to_owned(),
        (_, true) => format!("is a handle of another kind, not of epi_{}", T::NAME),
        (_, false) => format!("was freed, or never was an epi_{}", T::NAME),
    };
    Error::invalid(T::NAME, rule)
}

/// How many handles live, for tests of leaks.
#[cfg(feature = "test-abi")]
pub(super) fn count() -> usize {
    read().entries.len()
}
