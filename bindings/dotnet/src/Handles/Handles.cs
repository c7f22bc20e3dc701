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

        /// <summary>How many of them nobody disposed of.</summary>
        internal static int Released;

        protected override void Free(IntPtr value)
        {
            NativeMethods.epi_operation_free(value);
            Interlocked.Increment(ref Freed);
        }

        protected override void FreeCollected(IntPtr value)
        {
            NativeMethods.epi_operation_release(value);
            Interlocked.Increment(ref Released);
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
