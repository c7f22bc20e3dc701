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

        private const int AskInterval = 1000;

        /// <summary>
        /// Measures in this process and prints the figures as JSON. All wait for one export, which does not end.
        /// </summary>
        /// <param name="stage">An emulator whose clock stands still, and nothing else in use yet.</param>
        /// <param name="oneThreadEach">Whether each wait gets a thread, for comparison.</param>
        internal static void Measure(Stage stage, bool oneThreadEach)
        {
            using (Client client = stage.NewClient())
            {
                const string export = "\"environment\":\"Production\",\"databaseName\":\"epicms\"";
                string started = client.RunAsync("databaseExport.start", "{" + export + "}").Result;
                string id = (string)((Dictionary<string, object>)Json.Read(started))["id"];
                string request = "{" + export + ",\"id\":" + Json.Quote(id) + "}";
                int answered = stage.Emulator.Answered();
                double idle = Megabytes();
                List<Task<string>> tasks = new List<Task<string>>();
                Stopwatch clock = Stopwatch.StartNew();
                double taken = 0;
                for (int index = 0; index < Count; index++)
                {
                    tasks.Add(Begin(client, request, oneThreadEach));
                    taken = index + 1 == Timed ? clock.Elapsed.TotalMilliseconds : taken;
                }
                // Each has seen that it has to wait. Asked for seldom, because asking takes memory too.
                do
                {
                    Thread.Sleep(AskInterval);
                }
                while (stage.Emulator.Answered() < answered + Count);
                Console.WriteLine(string.Format(
                    CultureInfo.InvariantCulture,
                    "{{\"threads\":{0},\"megabytesAboveIdle\":{1:0.0},\"millisecondsToStart500\":{2:0.0}}}",
                    Threads(),
                    Megabytes() - idle,
                    taken));
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

        private static Task<string> Begin(Client client, string request, bool ownThread)
        {
            if (!ownThread)
            {
                return client.RunAsync("databaseExport.wait", request);
            }
            Operation operation = client.Start("databaseExport.wait", request);
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
