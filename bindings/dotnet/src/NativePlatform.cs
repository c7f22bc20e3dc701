// Which of the library's files belongs to a process.

using System;
using System.IO;
using System.Runtime.InteropServices;

namespace EpiCloud.Interop
{
    /// <summary>A platform: an operating system, its C library where there are two, and an architecture.</summary>
    internal sealed class NativePlatform
    {
        internal static readonly string[] Supported =
        {
            "win-x64", "win-arm64", "linux-x64", "linux-arm64", "linux-musl-x64", "osx-x64", "osx-arm64",
        };

        private readonly string system;
        private readonly Architecture architecture;

        /// <param name="system">The first part of a rid; null if the system has none.</param>
        /// <param name="architecture">That of the process, which may be another than the machine's.</param>
        internal NativePlatform(string system, Architecture architecture)
        {
            this.system = system;
            this.architecture = architecture;
        }

        /// <summary>That of this process.</summary>
        internal static NativePlatform Current
        {
            get { return new NativePlatform(CurrentSystem(), RuntimeInformation.ProcessArchitecture); }
        }

        internal string Rid
        {
            get { return (system ?? "unknown") + "-" + architecture.ToString().ToLowerInvariant(); }
        }

        internal bool IsMusl
        {
            get { return system == "linux-musl"; }
        }

        /// <summary>The file of this platform, below the folder that has one for each.</summary>
        internal string FileBelow(string libFolder)
        {
            string file = Path.Combine(Rid, "epicloud" + Extension());
            if (Array.IndexOf(Supported, Rid) >= 0)
            {
                return file;
            }
            string advice = Rid == "win-x86" ? "; use the 64-bit PowerShell or a 64-bit process" : string.Empty;
            throw EpiException.Local(
                EpiStatus.Unsupported,
                "UNSUPPORTED",
                10,
                "epicloud has no library for " + Rid + " (supported: " + string.Join(", ", Supported) + "), so "
                    + Path.Combine(libFolder, file) + " does not exist" + advice,
                null);
        }

        private string Extension()
        {
            return system == "win" ? ".dll" : system == "osx" ? ".dylib" : ".so";
        }

        private static string CurrentSystem()
        {
            if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            {
                return "win";
            }
            if (RuntimeInformation.IsOSPlatform(OSPlatform.OSX))
            {
                return "osx";
            }
            if (RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
            {
                return RunsOnMusl() ? "linux-musl" : "linux";
            }
            return null;
        }

        /// <summary>
        /// Whether this process runs on musl. Asked of the process and not of the disk: a machine may have both.
        /// </summary>
        private static bool RunsOnMusl()
        {
            try
            {
                return HoldsMusl(File.ReadAllText("/proc/self/maps"));
            }
            catch (IOException)
            {
                return false;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }

        /// <summary>Whether musl's loader is among the files that a process has mapped.</summary>
        internal static bool HoldsMusl(string maps)
        {
            return maps.Contains("/ld-musl-");
        }
    }
}
