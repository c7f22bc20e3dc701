using System;
using System.ComponentModel;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using EpiCloud.Interop.Handles;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    /// <summary>
    /// Loads the native library by its full path, before anything else is called. Without it the runtime looks for
    /// <c>epicloud</c> where it looks for every library: beside the assembly, in <c>runtimes</c> of a NuGet package, and
    /// in the system's places.
    /// </summary>
    public static class NativeLoader
    {
        private const string CoreLoader =
            "System.Runtime.InteropServices.NativeLibrary, System.Runtime.InteropServices";

        private static readonly object Turn = new object();
        private static string loaded;
        private static Exception refused;
        private static bool isChecked;

        /// <summary>The library as .NET opened it; what its resolver answers.</summary>
        private static IntPtr opened;

        /// <summary>
        /// Loads the library for this platform from a folder that has one for each:
        /// <c>&lt;libFolder&gt;/&lt;rid&gt;/epicloud.dll</c>, <c>.so</c> or <c>.dylib</c>, where rid is <c>win-x64</c>,
        /// <c>win-arm64</c>, <c>linux-x64</c>, <c>linux-arm64</c>, <c>linux-musl-x64</c>, <c>osx-x64</c> or
        /// <c>osx-arm64</c>. Does nothing if that file was loaded before.
        /// </summary>
        /// <param name="libFolder">The folder.</param>
        /// <exception cref="EpiException">
        /// There is no library for this platform, or its file is missing, cannot be loaded, or is of another version.
        /// </exception>
        /// <exception cref="InvalidOperationException">Another library is in use already.</exception>
        public static void Load(string libFolder)
        {
            if (libFolder == null)
            {
                throw new ArgumentNullException("libFolder");
            }
            LoadFile(Path.Combine(libFolder, NativePlatform.Current.FileBelow(libFolder)));
        }

        /// <summary>Loads the library from a file. Does nothing if that file was loaded before.</summary>
        /// <param name="fullPath">The file.</param>
        /// <exception cref="EpiException">The file is missing, cannot be loaded, or is of another version.</exception>
        /// <exception cref="InvalidOperationException">Another library is in use already.</exception>
        public static void LoadFile(string fullPath)
        {
            if (fullPath == null)
            {
                throw new ArgumentNullException("fullPath");
            }
            string path = Path.GetFullPath(fullPath);
            lock (Turn)
            {
                if (loaded != null && !IsSame(loaded, path))
                {
                    throw new InvalidOperationException(
                        "the library " + loaded + " is already loaded, so " + path
                        + " cannot be loaded: start a new process");
                }
                if (loaded == null && isChecked)
                {
                    throw new InvalidOperationException(
                        "the library that the runtime found is already in use, so " + path
                        + " cannot be loaded: call NativeLoader.Load before anything else");
                }
                if (loaded == null)
                {
                    Open(path);
                    // From here on the declarations are bound to this file.
                    loaded = path;
                }
                CheckOnce();
            }
        }

        /// <summary>On Windows a path that is typed in other letters leads to the same file.</summary>
        private static bool IsSame(string one, string other)
        {
            bool windows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
            return string.Equals(one, other, windows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
        }

        /// <summary>Checks, once, that the library and this assembly belong together, however it was found.</summary>
        internal static void CheckOnce()
        {
            lock (Turn)
            {
                if (!isChecked)
                {
                    try
                    {
                        refused = Mismatch();
                    }
                    catch (Exception failure) when (failure is DllNotFoundException || failure is BadImageFormatException)
                    {
                        // Not kept: it may still be loaded from elsewhere.
                        throw LoadFailure.OfSearch(failure);
                    }
                    isChecked = true;
                }
                if (refused != null)
                {
                    throw refused;
                }
            }
        }

        private static Exception Mismatch()
        {
            try
            {
                ErrorHandle error;
                Outcome.Check(NativeMethods.epi_abi_check(NativeMethods.AbiVersion, out error), error);
            }
            catch (EpiException mismatch)
            {
                return mismatch;
            }
            catch (EntryPointNotFoundException missing)
            {
                return Mismatched("the library" + At() + " is not epicloud: " + missing.Message, missing);
            }
            string version = Text.Borrowed(NativeMethods.epi_version());
            // Before 1.0 the second number tells what may have changed.
            if (SeriesOf(version) != SeriesOf(NativeMethods.Version))
            {
                return Mismatched(
                    "EpiCloud.Interop is version " + NativeMethods.Version + ", and the library" + At() + " is version "
                    + version + ": install both from the same release", null);
            }
            return null;
        }

        private static string At()
        {
            return loaded == null ? string.Empty : " " + loaded;
        }

        private static string SeriesOf(string version)
        {
            string[] numbers = version.Split('.');
            return numbers.Length < 2 ? version : numbers[0] + "." + numbers[1];
        }

        private static void Open(string path)
        {
            if (Type.GetType(CoreLoader) != null)
            {
                OpenOnCore(path);
            }
            else if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            {
                OpenOnWindows(path);
            }
            else
            {
                OpenOnMono(path);
            }
        }

        /// <summary>
        /// .NET Core 3 and later: this assembly's imports are resolved here. The type is not in netstandard2.0, so it is
        /// reached by name, and by a constant at each call: that is how the trimmer sees which methods have to stay.
        /// </summary>
        private static void OpenOnCore(string path)
        {
            MethodInfo load = Type.GetType(CoreLoader).GetMethod("Load", new[] { typeof(string) });
            MethodInfo set = Type.GetType(CoreLoader).GetMethod("SetDllImportResolver");
            MethodInfo resolve = typeof(NativeLoader).GetMethod("Resolve", BindingFlags.Static | BindingFlags.NonPublic);
            try
            {
                opened = (IntPtr)load.Invoke(null, new object[] { path });
            }
            catch (TargetInvocationException failure)
            {
                throw LoadFailure.OfFile(path, failure.InnerException.Message, failure.InnerException);
            }
            Type resolver = set.GetParameters()[1].ParameterType;
            set.Invoke(null, new object[] { typeof(NativeLoader).Assembly, Delegate.CreateDelegate(resolver, resolve) });
        }

        private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
        {
            return name == NativeMethods.Library ? opened : IntPtr.Zero;
        }

        private static void OpenOnWindows(string path)
        {
            IntPtr module = WindowsLoading.LoadLibraryExW(path, IntPtr.Zero, WindowsLoading.LoadWithAlteredSearchPath);
            if (module == IntPtr.Zero)
            {
                Win32Exception reason = new Win32Exception(Marshal.GetLastWin32Error());
                throw LoadFailure.OfFile(path, reason.Message, reason);
            }
        }

        private static void OpenOnMono(string path)
        {
            // Mono itself gives no reason when a library cannot be loaded.
            if (MonoLoading.dlopen(Text.In(path, "path"), MonoLoading.Now) == IntPtr.Zero)
            {
                throw LoadFailure.OfFile(path, Text.Borrowed(MonoLoading.dlerror()), null);
            }
            MonoLoading.mono_dllmap_insert(
                IntPtr.Zero, Text.In(NativeMethods.Library, "name"), null, Text.In(path, "path"), null);
        }

        private static EpiException Mismatched(string sentence, Exception cause)
        {
            return EpiException.Local(EpiStatus.AbiMismatch, "ABI_MISMATCH", 1, sentence, cause);
        }
    }
}
