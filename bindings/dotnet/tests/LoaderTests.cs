// Which file is loaded, and what is said when that cannot be. This process has loaded its library before the tests begin;
// other files are tried in processes of their own.

using System;
using System.IO;
using System.Runtime.InteropServices;

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
                Check.Holds(word, error.Message, "the sentence");
                Check.Holds(Json.Quote(error.StatusName), error.Json, "the document");
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
                PlatformNotSupportedException error = Check.Throws<PlatformNotSupportedException>(() => platform.FileBelow("lib"));
                Check.Holds(platform.Rid, error.Message, "the sentence");
                Check.Holds(Path.Combine("lib", platform.Rid, "epicloud."), error.Message, "the sentence");
            }
            Check.Holds("64-bit", Check.Throws<PlatformNotSupportedException>(() => none[0].FileBelow("lib")).Message, "the advice");
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
