// Tasks: results, progress, cancellation.

using System;
using System.Collections.Generic;
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

        public static void A_cancel_by_somebody_else_is_a_failure(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            {
                Task<string> task = client.RunAsync("deployment.list", "{}");
                Check.Until(() => stage.Emulator.Open() == 1, "a request stands open");
                client.CancelAll();
                Check.Equal(EpiStatus.Cancelled, Failure(task).Status, "the status");
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

        private static EpiException Failure(Task<string> task)
        {
            AggregateException failure = Check.Throws<AggregateException>(() => task.Wait());
            Check.That(task.IsFaulted, "the task has failed");
            return (EpiException)failure.InnerException;
        }
    }
}
