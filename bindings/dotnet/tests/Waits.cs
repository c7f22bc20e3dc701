// What a thousand waits cost a process: threads, memory, and the time until they are started.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace EpiCloud.Interop.Tests
{
    internal static class Waits
    {
        /// <summary>What a process may have, however many tasks wait.</summary>
        internal const int MostThreads = 20;

        private const int Count = 1000;

        /// <summary>Of these the time is taken.</summary>
        private const int Timed = 500;

        /// <summary>
        /// Measures in this process and prints the figures as JSON. A request that waits is one that the service leaves
        /// open.
        /// </summary>
        /// <param name="stage">The emulator, and nothing else in use yet.</param>
        /// <param name="oneThreadEach">Whether each wait gets a thread, for comparison.</param>
        internal static void Measure(Stage stage, bool oneThreadEach)
        {
            using (Client client = stage.NewClient())
            {
                Begin(client, oneThreadEach).Wait();
                double idle = Megabytes();
                stage.Emulator.Stall();
                List<Task<string>> tasks = new List<Task<string>>();
                Stopwatch clock = Stopwatch.StartNew();
                double started = 0;
                for (int index = 0; index < Count; index++)
                {
                    tasks.Add(Begin(client, oneThreadEach));
                    started = index + 1 == Timed ? clock.Elapsed.TotalMilliseconds : started;
                }
                Check.Until(() => stage.Emulator.MostOpen() == Count, "all requests stand open");
                Console.WriteLine(string.Format(
                    CultureInfo.InvariantCulture,
                    "{{\"threads\":{0},\"megabytesAboveIdle\":{1:0.0},\"millisecondsToStart500\":{2:0.0}}}",
                    Threads(),
                    Megabytes() - idle,
                    started));
                client.CancelAll();
                Check.Throws<AggregateException>(() => Task.WaitAll(tasks.ToArray()));
            }
        }

        /// <summary>The threads of this process.</summary>
        internal static int Threads()
        {
            const string tasks = "/proc/self/task";
            // Mono does not count them.
            return Directory.Exists(tasks)
                ? Directory.GetDirectories(tasks).Length : Process.GetCurrentProcess().Threads.Count;
        }

        private static Task<string> Begin(Client client, bool ownThread)
        {
            if (!ownThread)
            {
                return client.RunAsync("deployment.list", "{}");
            }
            Operation operation = client.Start("deployment.list", "{}");
            return Task.Factory.StartNew(
                () =>
                {
                    using (operation)
                    {
                        operation.Wait(-1);
                        return operation.Result();
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }

        /// <summary>What this process has in memory, without what only waits to be collected.</summary>
        private static double Megabytes()
        {
            GC.Collect();
            using (Process own = Process.GetCurrentProcess())
            {
                return own.WorkingSet64 / (double)(1 << 20);
            }
        }
    }
}
