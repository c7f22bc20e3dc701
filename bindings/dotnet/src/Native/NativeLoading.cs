// How each runtime opens a library by its full path. Declarations only; NativeLoader decides which is used.

using System;
using System.Runtime.InteropServices;

namespace EpiCloud.Interop.Native
{
    /// <summary>Windows: a module that is loaded already is what a later DllImport of its name binds to.</summary>
    internal static class WindowsLoading
    {
        /// <summary>Libraries that it needs are looked for beside it.</summary>
        internal const uint LoadWithAlteredSearchPath = 8;

        [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
        internal static extern IntPtr LoadLibraryExW(string path, IntPtr reserved, uint flags);
    }

    /// <summary>Mono elsewhere: a name is mapped to a path before its first call. "__Internal" is Mono itself.</summary>
    internal static class MonoLoading
    {
        /// <summary>RTLD_NOW, the same on Linux and macOS.</summary>
        internal const int Now = 2;

        [DllImport("__Internal", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern IntPtr dlopen(byte[] path, int flags);

        [DllImport("__Internal", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern IntPtr dlerror();

        [DllImport("__Internal", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern void mono_dllmap_insert(
            IntPtr assembly, byte[] name, byte[] function, byte[] targetName, byte[] targetFunction);
    }

    /// <summary>glibc's own version, for the sentence about a library that needs a newer one.</summary>
    internal static class GlibcLoading
    {
        [DllImport("libc.so.6", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern IntPtr gnu_get_libc_version();
    }
}
