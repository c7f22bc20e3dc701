// The test program of the assembly.
//
//     behaviour          the runner of the behaviour suite (tests/vectors/README.md)
//     own ROOT           its own tests, against the emulator that EPI_CONFIG and EPI_SECRET name
//     surface            prints the public members, for surface.txt
//     leave              ends while a task waits for a request that stays open
//     refused FILE WORD  that the loader refuses a file, with a sentence that holds a word
//     unfound WORD       what is said where the runtime finds no library, with a sentence that holds a word
//     waits task|thread  measures what a thousand waits cost, as tasks or with a thread for each

using System;
using System.IO;

namespace EpiCloud.Interop.Tests
{
    internal static class Program
    {
        /// <summary>The libraries, beside this program.</summary>
        internal static readonly string LibFolder = Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "lib");

        private static int Main(string[] arguments)
        {
            string command = arguments.Length > 0 ? arguments[0] : string.Empty;
            if (command == "behaviour" && arguments.Length == 1)
            {
                NativeLoader.Load(LibFolder);
                return BehaviourRunner.Run();
            }
            if (command == "own" && arguments.Length == 2)
            {
                return Suite.Run(arguments[1]);
            }
            if (command == "refused" && arguments.Length == 3)
            {
                return LoaderTests.Refused(arguments[1], arguments[2]);
            }
            if (command == "surface" && arguments.Length == 1)
            {
                Console.WriteLine(string.Join("\n", Surface.Lines()));
                return 0;
            }
            if (command == "leave" && arguments.Length == 1)
            {
                NativeLoader.Load(LibFolder);
                new Stage(null).Leave();
                return 0;
            }
            if (command == "unfound" && arguments.Length == 2)
            {
                return LoaderTests.Unfound(arguments[1]);
            }
            if (command == "waits" && arguments.Length == 2)
            {
                NativeLoader.Load(LibFolder);
                Waits.Measure(new Stage(null), arguments[1] == "thread");
                return 0;
            }
            Console.Error.WriteLine(
                "usage: behaviour | own ROOT | surface | leave | refused FILE WORD | unfound WORD | waits task|thread");
            return 2;
        }
    }
}
