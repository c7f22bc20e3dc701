//! Buffers that come back: what a connection has sent is used for the next piece instead of being freed, so that a
//! transfer settles at the few buffers it needs and every piece meets memory that is still in the processor's cache.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::transfer::schedule::plan::CHUNK_SIZE;

/// The buffers of one transfer. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct BufferPool(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A buffer of [`CHUNK_SIZE`] bytes on loan. Goes back when it is dropped.
pub(crate) struct PooledBuffer {
    buffer: Box<[u8]>,
    /// How much of it counts.
    length: usize,
    home: BufferPool,
    /// Given back with it.
    _permit: Option<OwnedSemaphorePermit>,
}

/// How many buffers may be out for one body at a time.
pub(crate) struct Permits(Arc<Semaphore>);

impl Permits {
    pub(crate) fn new(number: usize) -> Self {
        Self(Arc::new(Semaphore::new(number)))
    }

    /// Waits for one of them to come back, if all are out.
    pub(crate) async fn next(&self) -> Permit {
        // Only a closed semaphore gives none, and nobody closes this one.
        Permit(Arc::clone(&self.0).acquire_owned().await.ok())
    }
}

/// The right to one more buffer.
pub(crate) struct Permit(Option<OwnedSemaphorePermit>);

impl BufferPool {
    /// A buffer for `length` bytes, at most [`CHUNK_SIZE`]. Its content is whatever it was.
    pub(crate) fn take(&self, length: usize) -> PooledBuffer {
        self.take_with(Permit(None), length)
    }

    /// The same, taking its turn.
    pub(crate) fn take_with(&self, permit: Permit, length: usize) -> PooledBuffer {
        let buffer = self.kept().pop().unwrap_or_else(|| vec![0; CHUNK_SIZE].into_boxed_slice());
        PooledBuffer { buffer, length: length.min(CHUNK_SIZE), home: self.clone(), _permit: permit.0 }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Box<[u8]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PooledBuffer {
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.length]
    }

    /// The content as a piece of a body; the buffer goes back when the connection lets go of it.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.home.kept().push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_the_last_view_of_it_goes() {
        let buffers = BufferPool::default();
        let mut lent = buffers.take(5);
        lent.bytes_mut().copy_from_slice(b"12345");
        let bytes = lent.into_bytes();
        let view = bytes.slice(1..3);
        drop(bytes);
        assert_eq!((&view[..], buffers.kept().len()), (&b"23"[..], 0));
        drop(view);
        assert_eq!(buffers.kept().len(), 1);
        assert_eq!(buffers.take(CHUNK_SIZE + 1).as_ref().len(), CHUNK_SIZE, "the one that came back");
        assert_eq!(buffers.kept().len(), 1);
    }

    #[test]
    fn only_so_many_are_out_in_turns() {
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};

        let (buffers, permits) = (BufferPool::default(), Permits::new(1));
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(permit) = pin!(permits.next()).poll(&mut context) else { panic!("the first turn is free") };
        let lent = buffers.take_with(permit, 1).into_bytes();
        let mut second = pin!(permits.next());
        assert!(second.as_mut().poll(&mut context).is_pending());
        drop(lent);
        assert!(second.as_mut().poll(&mut context).is_ready());
    }
}
