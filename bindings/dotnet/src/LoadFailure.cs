// Why a library cannot be loaded. The system names a symptom ("failed to map segment"); what is to be done about it is
// found by looking.

using System;
using System.IO;
using System.Text.RegularExpressions;
using EpiCloud.Interop.Handles;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    internal static class LoadFailure
    {
        private const string Nowhere =
            "the runtime found none in its search directories; use NativeLoader.Load to load it from another one";

        /// <summary>For a library that the runtime itself has looked for, in many places.</summary>
        internal static EpiException OfSearch(Exception failure)
        {
            string path = Found(failure.Message);
            return path == null
                ? Of(Foreign("epicloud", failure.Message, NativePlatform.Current) ?? Nowhere, failure)
                : OfFile(path, failure.Message, failure);
        }

        /// <summary>For one file.</summary>
        /// <param name="path">The file.</param>
        /// <param name="said">What the system said about it.</param>
        /// <param name="cause">The exception in which it did; null if there was none.</param>
        internal static EpiException OfFile(string path, string said, Exception cause)
        {
            string reason = Unreadable(path) ?? Unmappable(path) ?? Foreign(path, said, NativePlatform.Current);
            return Of(reason ?? Quoted(path, said), cause);
        }

        private static EpiException Of(string reason, Exception cause)
        {
            string sentence = "cannot load the native library for " + NativePlatform.Current.Rid + ": " + reason;
            return EpiException.Local(EpiStatus.Io, "IO", 11, sentence, cause);
        }

        /// <summary>The file that .NET found and could not load, of all the places that its message lists.</summary>
        private static string Found(string said)
        {
            foreach (Match file in Regex.Matches(said, @"(?:^|required by )([^\n:(]*epicloud\.(?:dll|so|dylib))(?:: |\))", RegexOptions.Multiline))
            {
                if (File.Exists(file.Groups[1].Value))
                {
                    return file.Groups[1].Value;
                }
            }
            return null;
        }

        private static string Unreadable(string path)
        {
            try
            {
                using (File.OpenRead(path))
                {
                    return null;
                }
            }
            catch (UnauthorizedAccessException)
            {
                // What is in a folder that may not be searched does not seem to exist.
                return File.Exists(path) ? "no permission to read " + path
                    : Directory.Exists(path) ? path + " is a directory, not a file"
                    : "no permission to search a directory on the path to " + path;
            }
            catch (IOException)
            {
                return File.Exists(path) ? null : "there is no file " + path;
            }
        }

        private static string Unmappable(string path)
        {
            const string mounts = "/proc/self/mountinfo";
            return File.Exists(mounts) && IsNoexec(File.ReadAllText(mounts), path)
                ? path + " is on a file system mounted noexec: copy it to another file system"
                : null;
        }

        /// <summary>Whether the mount that holds a path forbids execution.</summary>
        internal static bool IsNoexec(string mountinfo, string path)
        {
            int longest = 0;
            bool isNoexec = false;
            foreach (string line in mountinfo.Split('\n'))
            {
                string[] fields = line.Split(' ');
                if (fields.Length < 6)
                {
                    continue;
                }
                string point = fields[4].Replace("\\040", " ").TrimEnd('/') + "/";
                // Of two at the same place the later one hides the other.
                if (path.StartsWith(point, StringComparison.Ordinal) && point.Length >= longest)
                {
                    longest = point.Length;
                    isNoexec = Array.IndexOf(fields[5].Split(','), "noexec") >= 0;
                }
            }
            return isNoexec;
        }

        /// <summary>What is wrong with a library for another C library, or for a newer one.</summary>
        internal static string Foreign(string path, string said, NativePlatform here)
        {
            Match newer = Regex.Match(said, @"GLIBC_([\d.]+)' not found");
            if (newer.Success)
            {
                return path + " needs glibc " + newer.Groups[1].Value + " or newer, and this system has "
                    + Text.Borrowed(GlibcLoading.gnu_get_libc_version());
            }
            // musl's loader names what it lacks in these two ways.
            if (here.IsMusl && Regex.IsMatch(said, @"ld-linux|Error relocating"))
            {
                return path + " is built for glibc, and this process runs on musl: use the one for " + here.Rid;
            }
            if (!here.IsMusl && Regex.IsMatch(said, @"ld-musl-|libc\.musl-|\blibc\.so: "))
            {
                return path + " is built for musl, and this process runs on glibc: use the one for " + here.Rid;
            }
            return null;
        }

        /// <summary>The system's own words, without what a runtime puts around them.</summary>
        private static string Quoted(string path, string said)
        {
            int start = said.IndexOf(path + ": ", StringComparison.Ordinal);
            return start < 0 ? path + ": " + said.Trim() : said.Substring(start).Split('\n')[0];
        }
    }
}
