// The two structs of the C ABI that are no handles, field for field as capi/include/epicloud.h has them. The behaviour suite
// compares sizes and offsets with the library's own.

using System;
using System.Runtime.InteropServices;

namespace EpiCloud.Interop.Native
{
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeProgress
    {
        public UIntPtr StructSize;
        public int Phase;
        public int Attempt;
        public int Percent;
        public int Status;
        public long BytesDone;
        public long BytesTotal;
        public long ItemsDone;
        public long ItemsTotal;
        public long BytesPerSecond;
        public long EtaMilliseconds;
        public long BytesSent;
        public long Retries;
    }

    /// <remarks>Callbacks are for C hosts: a managed host polls, so that none of its code runs on foreign threads.</remarks>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeCallOptions
    {
        public UIntPtr StructSize;
        public long TimeoutMilliseconds;
        public IntPtr ProgressCallback;
        public IntPtr LogCallback;
        public int LogLevel;
        public int Reserved;
        public IntPtr UserData;
    }
}
