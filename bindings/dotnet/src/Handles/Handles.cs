// One class for each kind of handle. The counters tell the tests that nothing is freed twice or never.

using System;
using System.Threading;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop.Handles
{
    internal sealed class ClientHandle : NativeHandle
    {
        internal static int Freed;

        protected override void Free(IntPtr value)
        {
            NativeMethods.epi_client_free(value);
            Interlocked.Increment(ref Freed);
        }
    }

    internal sealed class OperationHandle : NativeHandle
    {
        internal static int Freed;

        /// <summary>Whether the last one was freed by a thread of the pool.</summary>
        internal static volatile bool FreedOnPool;

        /// <summary>Freeing an operation waits until its connections are closed.</summary>
        protected override bool FreeMayWait
        {
            get { return true; }
        }

        protected override void Free(IntPtr value)
        {
            NativeMethods.epi_operation_free(value);
            FreedOnPool = Thread.CurrentThread.IsThreadPoolThread;
            Interlocked.Increment(ref Freed);
        }
    }

    internal sealed class ErrorHandle : NativeHandle
    {
        internal static int Freed;

        protected override void Free(IntPtr value)
        {
            NativeMethods.epi_error_free(value);
            Interlocked.Increment(ref Freed);
        }
    }
}
