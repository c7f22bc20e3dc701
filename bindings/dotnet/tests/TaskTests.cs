// Tasks: results, progress, cancellation.

using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using EpiCloud.Interop.Handles;

namespace EpiCloud.Interop.Tests
{
    internal static class TaskTests
    {
        /// <summary>Told on the thread that reports, unlike the framework's own.</summary>
        private sealed class Told : IProgress<Progress>
        {
            private readonly Action<Progress> tell;

            internal Told(Action<Progress> tell)
            {
                this.tell = tell;
            }

            public void Report(Progress value)
            {
                tell(value);
            }
        }

        public static void A_task_gives_the_result_and_tells_the_end(Stage stage)
        {
            List<int> statuses = new List<int>();
            using (Client client = stage.NewClient())
            {
                Task<string> task = client.RunAsync("deployment.list", "{}", new Told(now => statuses.Add(now.Status)));
                Check.That(Json.Read(task.Result) is List<object>, "the result is a list");
            }
            Check.Equal(EpiStatus.Ok, statuses[statuses.Count - 1], "the last status told");
            Check.That(statuses.TrueForAll(status => status == EpiStatus.Ok || status == EpiStatus.Pending), "no other is told");
        }

        public static void Progress_is_told_while_it_runs(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            using (CancellationTokenSource source = new CancellationTokenSource())
            {
                // Cancelled from the report, so that a report must have come before the end.
                Told told = new Told(now => source.Cancel());
                Task<string> task = client.RunAsync("deployment.list", "{}", told, source.Token);
                Check.Throws<AggregateException>(() => task.Wait());
                Check.That(task.IsCanceled, "the task is cancelled");
            }
        }

        /// <summary>Of a small file nothing else may be seen than the last report.</summary>
        public static void The_last_report_of_an_upload_is_all_of_it(Stage stage)
        {
            string folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())).FullName;
            List<Progress> told = new List<Progress>();
            try
            {
                string file = Path.Combine(folder, "small.cms.app.1.0.0.nupkg");
                File.WriteAllText(file, "small");
                using (Client client = stage.NewClient())
                {
                    string request = "{\"files\":[{\"path\":" + Json.Quote(file) + "}]}";
                    client.RunAsync("package.upload", request, new Told(told.Add)).GetAwaiter().GetResult();
                }
            }
            finally
            {
                Directory.Delete(folder, true);
            }
            Progress last = told[told.Count - 1];
            Check.Equal(5L, last.BytesDone, "the bytes done");
            Check.Equal(5L, last.BytesTotal, "the bytes in all");
        }

        public static void A_token_cancels_down_to_the_connection(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            using (CancellationTokenSource source = new CancellationTokenSource())
            {
                Task<string> task = client.RunAsync("deployment.list", "{}", null, source.Token);
                Check.Until(() => stage.Emulator.Open() == 1, "a request stands open");
                Check.That(!task.IsCompleted, "the task runs");
                source.Cancel();
                AggregateException failure = Check.Throws<AggregateException>(() => task.Wait());
                Check.That(task.IsCanceled, "the task is cancelled");
                Check.That(failure.InnerException is OperationCanceledException, "it says so");
                Check.Until(() => stage.Emulator.Open() == 0, "the connection is closed");
                stage.Emulator.Send("DELETE", "faults", null);
                client.RunAsync("deployment.list", "{}").Wait();
                Check.Equal(2, stage.Emulator.Requests(), "the number of requests");
            }
        }

        public static void A_token_that_was_used_sends_nothing(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                Task<string> task = client.RunAsync("deployment.list", "{}", null, new CancellationToken(true));
                Check.Throws<AggregateException>(() => task.Wait());
                Check.That(task.IsCanceled, "the task is cancelled");
            }
            Check.Equal(0, stage.Emulator.Requests(), "the number of requests");
        }

        public static void A_failure_is_the_tasks_own(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                string request = "{\"id\":\"11111111-2222-3333-4444-555555555555\"}";
                Check.Equal(EpiStatus.NotFound, Failure(client.RunAsync("deployment.get", request)).Status, "the status");
                Check.Equal(EpiStatus.InvalidArgument, Failure(client.RunAsync("deployment.get", "{}")).Status, "the status");
            }
        }

        public static void A_cancel_of_all_operations_cancels_their_tasks(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            using (CancellationTokenSource unused = new CancellationTokenSource())
            {
                Task<string> task = client.RunAsync("deployment.list", "{}", null, unused.Token);
                Check.Until(() => stage.Emulator.Open() == 1, "a request stands open");
                client.CancelAll();
                TaskCanceledException failure = Check.Throws<TaskCanceledException>(() => task.GetAwaiter().GetResult());
                Check.That(task.IsCanceled, "the task is cancelled");
                Check.Equal(EpiStatus.Cancelled, ((EpiException)failure.InnerException).Status, "the status of the cause");
            }
        }

        public static void A_cancelled_task_knows_its_token_and_the_librarys_words(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            using (CancellationTokenSource source = new CancellationTokenSource())
            {
                Task<string> task = client.RunAsync("deployment.list", "{}", null, source.Token);
                source.Cancel();
                OperationCanceledException failure =
                    Check.Throws<OperationCanceledException>(() => task.GetAwaiter().GetResult());
                Check.Equal(source.Token, failure.CancellationToken, "the token");
                Check.Equal(EpiStatus.Cancelled, ((EpiException)failure.InnerException).Status, "the status of the cause");
            }
        }

        public static void Options_reach_the_operation_of_a_task(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            {
                OperationOptions options = new OperationOptions { TimeoutMilliseconds = 1 };
                Check.Equal(EpiStatus.Timeout, Failure(client.RunAsync("deployment.list", "{}", options)).Status, "the status");
            }
        }

        public static void A_report_that_throws_ends_the_operation(Stage stage)
        {
            stage.Emulator.Stall();
            int freed = OperationHandle.Freed;
            using (Client client = stage.NewClient())
            {
                Told told = new Told(now => { throw new NotSupportedException("no"); });
                Task<string> task = client.RunAsync("deployment.list", "{}", told);
                AggregateException failure = Check.Throws<AggregateException>(() => task.Wait());
                Check.That(failure.InnerException is NotSupportedException, "the failure is its own");
            }
            Check.Equal(freed + 1, OperationHandle.Freed, "the number of operations freed");
            Check.Until(() => stage.Emulator.Open() == 0, "the connection is closed");
        }

        public static void Many_tasks_run_at_once(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                List<Task<string>> tasks = new List<Task<string>>();
                for (int index = 0; index < 40; index++)
                {
                    tasks.Add(client.RunAsync("deployment.list", "{}"));
                }
                Task.WaitAll(tasks.ToArray());
            }
            Check.Equal(40, stage.Emulator.Requests(), "the number of requests");
        }

        public static void A_thousand_waits_take_few_threads_and_end_at_once(Stage stage)
        {
            const int waits = 1000;
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            {
                List<Task<string>> tasks = new List<Task<string>>();
                for (int index = 0; index < waits; index++)
                {
                    tasks.Add(client.RunAsync("deployment.list", "{}"));
                }
                Check.Until(() => stage.Emulator.Open() == waits, "all requests stand open");
                int threads = Waits.Threads();
                Check.That(threads <= Waits.MostThreads, "there are few threads (there are " + threads + ")");
                client.CancelAll();
                Check.Throws<AggregateException>(() => Task.WaitAll(tasks.ToArray()));
                Check.That(tasks.TrueForAll(task => task.IsCanceled), "all tasks are cancelled");
            }
        }

        public static void What_follows_a_task_runs_on_the_thread_pool_and_holds_nobody_up(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (ManualResetEventSlim release = new ManualResetEventSlim())
            {
                TaskCompletionSource<bool> place = new TaskCompletionSource<bool>();
                Task held = client.RunAsync("deployment.list", "{}").ContinueWith(
                    ended =>
                    {
                        place.SetResult(Thread.CurrentThread.IsThreadPoolThread);
                        release.Wait();
                    },
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
                Check.That(place.Task.Result, "it runs on the thread pool");
                client.RunAsync("deployment.list", "{}").Wait();
                release.Set();
                held.Wait();
            }
        }

        private static EpiException Failure(Task<string> task)
        {
            AggregateException failure = Check.Throws<AggregateException>(() => task.Wait());
            Check.That(task.IsFaulted, "the task has failed");
            return (EpiException)failure.InnerException;
        }
    }
}
