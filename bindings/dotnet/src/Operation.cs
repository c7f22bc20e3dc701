using System;
using System.Runtime.InteropServices;
using EpiCloud.Interop.Handles;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    /// <summary>
    /// One call at work, made by <see cref="Client.Start"/>. It ends exactly once: with its result, with an error, or
    /// cancelled. Any thread may call any member, also several at once.
    /// </summary>
    public sealed class Operation : IDisposable
    {
        /// <summary>
        /// A wait without limit comes back so often: Mono can end a process only when no thread stays inside a library.
        /// </summary>
        private const int Slice = 250;

        private readonly OperationHandle handle;

        internal Operation(OperationHandle handle)
        {
            this.handle = handle;
        }

        /// <summary>Waits until the operation ends or the time is up.</summary>
        /// <param name="milliseconds">How long; 0 only looks, and -1 waits without limit.</param>
        /// <returns>Whether it has ended.</returns>
        public bool Wait(int milliseconds)
        {
            while (NativeMethods.epi_operation_wait(handle, milliseconds < 0 ? Slice : milliseconds) == EpiStatus.Pending)
            {
                if (milliseconds >= 0)
                {
                    return false;
                }
            }
            return true;
        }

        /// <summary>Tells how far it is. Never waits, so it may be called as often as a screen is drawn.</summary>
        public Progress GetProgress()
        {
            NativeProgress native = new NativeProgress { StructSize = (UIntPtr)Marshal.SizeOf<NativeProgress>() };
            Outcome.Check(NativeMethods.epi_operation_progress(handle, ref native), null);
            return new Progress(native);
        }

        /// <summary>Gives what has happened since an event: messages and changes of progress.</summary>
        /// <param name="afterSequence">The number of an event, <c>lastSeq</c> of the call before; 0 at first.</param>
        /// <returns>
        /// An object with <c>events</c>, <c>lastSeq</c> and <c>dropped</c>, as <c>epi_operation_events</c> describes it.
        /// </returns>
        public string Events(long afterSequence)
        {
            if (afterSequence < 0)
            {
                throw new ArgumentOutOfRangeException("afterSequence");
            }
            IntPtr json;
            int status = NativeMethods.epi_operation_events(handle, (ulong)afterSequence, out json);
            string document = Text.Owned(json);
            Outcome.Check(status, null);
            return document;
        }

        /// <summary>Gives the result of an operation that has ended; each call gives a fresh copy.</summary>
        /// <returns>A JSON document. It can hold links that are secrets.</returns>
        /// <exception cref="EpiException">The operation failed or was cancelled.</exception>
        /// <exception cref="InvalidOperationException">The operation is still running.</exception>
        public string Result()
        {
            IntPtr json;
            ErrorHandle error;
            int status = NativeMethods.epi_operation_result(handle, out json, out error);
            string document = Text.Owned(json);
            if (status == EpiStatus.Pending)
            {
                throw new InvalidOperationException("the operation is still running: wait until it finishes");
            }
            Outcome.Check(status, error);
            return document;
        }

        /// <summary>
        /// Cancels the operation. Does not wait; any number of times. What the service has accepted goes on there.
        /// </summary>
        public void Cancel()
        {
            Outcome.Check(NativeMethods.epi_operation_cancel(handle), null);
        }

        /// <summary>
        /// Frees the operation; one that still runs is cancelled, and a thread that waits for it gets its end. Waits, for
        /// a moment, until its connections are closed.
        /// </summary>
        public void Dispose()
        {
            // A waiting thread keeps the handle alive until it returns, so cancelling is what lets it return.
            if (!handle.IsClosed)
            {
                try
                {
                    Cancel();
                }
                catch (ObjectDisposedException)
                {
                    // Another thread was faster.
                }
            }
            handle.Dispose();
        }
    }
}
