// Which file is loaded, and what is said when that cannot be. This process has loaded its library before the tests begin;
// other files are tried in processes of their own.

using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace EpiCloud.Interop.Tests
{
    internal static class LoaderTests
    {
        /// <summary>Tries a file that must be refused.</summary>
        internal static int Refused(string file, string word)
        {
            for (int round = 0; round < 2; round++)
            {
                EpiException error = Check.Throws<EpiException>(() => NativeLoader.LoadFile(file));
                Check.Holds(file, error.Message, "the sentence");
                Check.That(!error.Message.Contains("\n"), "it is one line");
                Check.Holds(word, error.Message, "the sentence");
                Check.That(error.StatusName != null && error.Json == null, "it is an error without a document of the library");
            }
            return 0;
        }

        /// <summary>Leaves the search to the runtime, which must fail.</summary>
        internal static int Unfound(string word)
        {
            EpiException error = Check.Throws<EpiException>(() => new Client("{}", null));
            Check.Holds(NativePlatform.Current.Rid, error.Message, "the sentence");
            Check.Holds(word, error.Message, "the sentence");
            // Nothing is decided by that, except on Mono, which never looks again.
            if (Type.GetType("Mono.Runtime") == null)
            {
                NativeLoader.Load(Program.LibFolder);
                new Client("{}", null).Dispose();
            }
            return 0;
        }

        public static void Each_platform_has_its_file()
        {
            string[] expected =
            {
                "win X64 win-x64/epicloud.dll", "win Arm64 win-arm64/epicloud.dll", "linux X64 linux-x64/epicloud.so",
                "linux Arm64 linux-arm64/epicloud.so", "linux-musl X64 linux-musl-x64/epicloud.so",
                "osx X64 osx-x64/epicloud.dylib", "osx Arm64 osx-arm64/epicloud.dylib",
            };
            foreach (string line in expected)
            {
                string[] words = line.Split(' ');
                NativePlatform platform = new NativePlatform(words[0], (Architecture)Enum.Parse(typeof(Architecture), words[1]));
                Check.Equal(words[2], platform.FileBelow("lib").Replace('\\', '/'), "the file");
            }
        }

        public static void The_c_library_is_read_from_the_process()
        {
            Check.That(NativePlatform.HoldsMusl("7f00-7f01 r-xp 00000000 08:01 1234  /lib/ld-musl-x86_64.so.1\n"), "this is musl");
            Check.That(!NativePlatform.HoldsMusl("7f00-7f01 r-xp 00000000 08:01 1234  /lib/x86_64-linux-gnu/libc.so.6\n"), "this is not");
            Check.That(Directory.Exists(Path.Combine(Program.LibFolder, NativePlatform.Current.Rid)), "this process has its folder");
        }

        public static void A_platform_without_a_file_is_named()
        {
            NativePlatform[] none =
            {
                new NativePlatform("win", Architecture.X86), new NativePlatform("linux-musl", Architecture.Arm64),
                new NativePlatform("linux", Architecture.Arm), new NativePlatform(null, Architecture.X64),
            };
            foreach (NativePlatform platform in none)
            {
                EpiException error = Check.Throws<EpiException>(() => platform.FileBelow("lib"));
                Check.Equal("UNSUPPORTED", error.StatusName, "the name of the status");
                Check.Equal(EpiStatus.Unsupported, error.Status, "the status");
                Check.Holds(platform.Rid, error.Message, "the sentence");
                Check.Holds(Path.Combine("lib", platform.Rid, "epicloud."), error.Message, "the sentence");
            }
            Check.Holds("64-bit", Check.Throws<EpiException>(() => none[0].FileBelow("lib")).Message, "the advice");
        }

        public static void A_mount_that_forbids_execution_is_found()
        {
            string mounts = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                + "30 22 0:26 / /srv/my\\040share rw,nosuid,noexec - tmpfs tmpfs rw\n"
                + "31 30 0:27 / /srv/my\\040share/tools rw - tmpfs tmpfs rw\n"
                + "32 22 0:28 / /twice rw,noexec - tmpfs tmpfs rw\n33 22 0:29 / /twice rw - tmpfs tmpfs rw\n";
            Check.That(LoadFailure.IsNoexec(mounts, "/srv/my share/epicloud.so"), "it is found by its name");
            foreach (string path in new[] { "/usr/epicloud.so", "/srv/my share/tools/epicloud.so", "/srv/my shares/epicloud.so", "/twice/epicloud.so" })
            {
                Check.That(!LoadFailure.IsNoexec(mounts, path), path + " may be executed");
            }
        }

        public static void A_library_for_another_c_library_is_named_as_such()
        {
            NativePlatform glibc = new NativePlatform("linux", Architecture.X64);
            NativePlatform musl = new NativePlatform("linux-musl", Architecture.X64);
            string lacksMusl = "libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory";
            string lacksGlibc = "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /x/epicloud.so)";
            Check.Holds("built for musl", LoadFailure.Foreign("/x/epicloud.so", lacksMusl, glibc), "the reason");
            Check.Holds("built for musl", LoadFailure.Foreign("/x/epicloud.so", "libc.so: cannot open shared object file", glibc), "the reason");
            Check.Holds("built for glibc", LoadFailure.Foreign("/x/epicloud.so", lacksGlibc, musl), "the reason");
            Check.Holds("linux-musl-x64", LoadFailure.Foreign("/x/epicloud.so", lacksGlibc, musl), "the advice");
            Check.Equal(null, LoadFailure.Foreign("/x/epicloud.so", "invalid ELF header", glibc), "the reason of something else");
        }

        public static void The_file_that_the_runtime_found_is_named()
        {
            string file = Path.Combine(Program.LibFolder, NativePlatform.Current.FileBelow(Program.LibFolder));
            string said = "Unable to load shared library 'epicloud' or one of its dependencies.\n"
                + "/nowhere/epicloud.so: cannot open shared object file: No such file or directory\n";
            string found = "/lib/libc.so.6: version `GLIBC_99.7' not found (required by " + file + ")\n";
            Check.Holds("none in its search directories", LoadFailure.OfSearch(new DllNotFoundException(said)).Message, "the sentence");
            Check.Holds(file + " needs glibc 99.7", LoadFailure.OfSearch(new DllNotFoundException(said + found)).Message, "the sentence");
            found = file + ": invalid ELF header\n";
            Check.Holds(file + ": invalid", LoadFailure.OfSearch(new DllNotFoundException(said + found)).Message, "the sentence");
        }

        public static void The_trimmer_sees_every_method_that_is_reached_by_name(Stage stage)
        {
            string source = stage.ReadFile("bindings/dotnet/src/NativeLoader.cs");
            int all = Regex.Matches(source, @"\.GetMethod\(").Count;
            // By a constant at the call itself; a type in a variable hides the method, and trimmed programs lack it.
            int seen = Regex.Matches(source, @"(typeof\(\w+\)|Type\.GetType\((CoreLoader|""[^""]+"")\))\.GetMethod\(").Count;
            Check.That(all > 0, "there are such methods");
            Check.Equal(all, seen, "the number of methods by a constant");
            Check.Holds("private const string CoreLoader", source, "the source");
        }

        public static void The_same_library_may_be_loaded_again()
        {
            NativeLoader.Load(Program.LibFolder);
            NativeLoader.Load(Path.Combine(Program.LibFolder, "..", "lib"));
        }

        public static void Another_library_is_refused_once_one_is_loaded()
        {
            InvalidOperationException error = Check.Throws<InvalidOperationException>(() => NativeLoader.LoadFile("/other/epicloud.so"));
            Check.Holds("/other/epicloud.so", error.Message, "the sentence");
            Check.Holds(Program.LibFolder, error.Message, "the sentence");
            Check.Throws<ArgumentNullException>(() => NativeLoader.Load(null));
            Check.Throws<ArgumentNullException>(() => NativeLoader.LoadFile(null));
        }
    }
}
