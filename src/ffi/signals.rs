//! Signals: none of the host's is handled on a thread of the runtime.
//!
//! A vectored write to a connection that the other side has reset raises SIGPIPE in the thread that writes, and its
//! default is to end the process. Programs in Rust ignore it from their start, hosts in C do not, and a library must
//! not change what the process does with a signal. So the threads that write block it, and the write fails with EPIPE
//! as it should. They block the others too, so that a host's handlers run on its own threads, as it expects.
//!
//! Threads that call the host keep its mask: its code runs there, and may start programs that would inherit ours.

/// Blocks all signals in the current thread but those that a fault of the thread itself raises, and the profiler's.
#[cfg(unix)]
pub(super) fn leave_to_the_host() {
    use std::mem::MaybeUninit;

    const KEPT: &[libc::c_int] = &[
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGTRAP,
        libc::SIGABRT,
        libc::SIGSYS,
        libc::SIGPROF,
    ];
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is filled before it is changed and read, all pointers are to it or NULL, and only the mask of the
    // current thread changes. None of these calls can fail with these arguments.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for signal in KEPT {
            libc::sigdelset(set.as_mut_ptr(), *signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
    }
}

/// Other systems have no such signals.
#[cfg(not(unix))]
pub(super) fn leave_to_the_host() {}
