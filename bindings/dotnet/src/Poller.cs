using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

namespace EpiCloud.Interop
{
    /// <summary>
    /// Waits for any number of operations on one thread. A wait can take an hour, and a thread for each would cost more
    /// than the operation itself.
    /// </summary>
    internal static class Poller
    {
        /// <summary>
        /// The pause between two polls of one operation grows with the time that it has been waited for, by this divisor:
        /// the end of a short call is noticed at once, and a thousand long waits cost next to nothing.
        /// </summary>
        private const int PausesInAge = 8;

        private const int LongestPause = 100;

        /// <summary>How long the thread stays without work, so that consecutive calls share one.</summary>
        private const int Linger = 1000;

        private static readonly object Turn = new object();
        private static readonly List<Wait> Waits = new List<Wait>();
        private static readonly Stopwatch Clock = Stopwatch.StartNew();

        private static bool isRunning;

        /// <summary>When the thread wakes up by itself.</summary>
        private static long alarm;

        /// <summary>Waits until an operation ends or the time is up. It must not be disposed of before.</summary>
        /// <param name="operation">The operation.</param>
        /// <param name="milliseconds">How long; -1 waits without limit.</param>
        /// <returns>Whether it has ended. What awaits this continues on the thread pool.</returns>
        internal static Task<bool> EndOf(Operation operation, int milliseconds)
        {
            lock (Turn)
            {
                Wait wait = new Wait(operation, Clock.ElapsedMilliseconds, milliseconds);
                Waits.Add(wait);
                if (!isRunning)
                {
                    isRunning = true;
                    StartThread();
                }
                else if (wait.Due < alarm)
                {
                    Monitor.Pulse(Turn);
                }
                return wait.Ended;
            }
        }

        /// <summary>Polls as often as at the beginning: what was cancelled is about to end.</summary>
        /// <param name="operation">The operation; null for all of them.</param>
        internal static void Hurry(Operation operation = null)
        {
            lock (Turn)
            {
                foreach (Wait wait in Waits)
                {
                    if (operation == null || operation == wait.Operation)
                    {
                        wait.Restart(Clock.ElapsedMilliseconds);
                    }
                }
                Monitor.Pulse(Turn);
            }
        }

        private static void StartThread()
        {
            Thread thread = new Thread(Run) { IsBackground = true, Name = "EpiCloud.Interop" };
            // The thread serves everybody, so it must not keep the execution context of whoever was the first to wait.
            AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed()
                ? (AsyncFlowControl?)null : ExecutionContext.SuppressFlow();
            try
            {
                thread.Start();
            }
            finally
            {
                flow?.Undo();
            }
        }

        private static void Run()
        {
            lock (Turn)
            {
                bool isWoken = true;
                while (isWoken || Waits.Count > 0)
                {
                    long now = Clock.ElapsedMilliseconds;
                    Waits.RemoveAll(wait => wait.Poll(now));
                    alarm = now + Linger;
                    foreach (Wait wait in Waits)
                    {
                        alarm = Math.Min(alarm, wait.Due);
                    }
                    isWoken = Monitor.Wait(Turn, (int)(alarm - now));
                }
                isRunning = false;
            }
        }

        private sealed class Wait
        {
            internal readonly Operation Operation;

            private readonly TaskCompletionSource<bool> ended =
                new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);

            private readonly long limit;
            private long began;

            internal Wait(Operation operation, long now, int milliseconds)
            {
                Operation = operation;
                limit = milliseconds < 0 ? long.MaxValue : now + milliseconds;
                Restart(now);
            }

            /// <summary>When it is polled next.</summary>
            internal long Due { get; private set; }

            internal Task<bool> Ended
            {
                get { return ended.Task; }
            }

            internal void Restart(long now)
            {
                began = now;
                Due = Math.Min(now + 1, limit);
            }

            /// <summary>Polls if it is time to, and tells whether this wait is over.</summary>
            internal bool Poll(long now)
            {
                if (now < Due)
                {
                    return false;
                }
                bool hasEnded = Operation.Wait(0);
                if (hasEnded || now >= limit)
                {
                    ended.SetResult(hasEnded);
                    return true;
                }
                long pause = Math.Min(1 + (now - began) / PausesInAge, LongestPause);
                Due = Math.Min(now + pause, limit);
                return false;
            }
        }
    }
}
