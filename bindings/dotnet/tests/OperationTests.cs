// Operations: what they give, how they are cancelled, and who may wait for them.

using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace EpiCloud.Interop.Tests
{
    internal static class OperationTests
    {
        private const string Save = "{\"environment\":\"Production\",\"databaseName\":\"epicms\",\"outputFile\":%,"
            + "\"wait\":{\"pollingIntervalSeconds\":1}}";

        public static void A_call_gives_the_result_of_the_library(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (Operation operation = client.Start("connect", "{}"))
            {
                Check.That(operation.Wait(-1), "it has ended");
                Dictionary<string, object> result = (Dictionary<string, object>)Json.Read(operation.Result());
                Check.Equal(true, result["authenticationVerified"], "the verification");
                Check.Equal(operation.Result(), operation.Result(), "the result");
            }
        }

        public static void A_bad_request_is_refused_before_anything_is_sent(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                EpiException error = Check.Throws<EpiException>(() => client.Start("deployment.get", "{\"ids\":1}"));
                Check.Equal(EpiStatus.InvalidArgument, error.Status, "the status");
                Check.Equal("ids", error.Field, "the field");
                Check.Throws<EpiException>(() => client.Start("deployment.get", "no document"));
                Check.Equal("name", Check.Throws<EpiException>(() => client.Start("deployment.fly", "{}")).Field, "the field");
                Check.Throws<ArgumentNullException>(() => client.Start(null, "{}"));
                Check.Throws<ArgumentNullException>(() => client.Start("connect", null));
                Check.Throws<ArgumentException>(() => client.Start("connect", "{}\0"));
                Check.Throws<ArgumentException>(() => client.Start("connect", "{\"\ud800\":1}"));
            }
            Check.Equal(0, stage.Emulator.Requests(), "the number of requests");
        }

        public static void A_bad_configuration_makes_no_client()
        {
            EpiException error = Check.Throws<EpiException>(() => new Client("{\"clientSecret\":\"no\"}", null));
            Check.Equal(EpiStatus.InvalidArgument, error.Status, "the status");
            Check.Throws<ArgumentNullException>(() => new Client(null, null));
        }

        public static void There_is_no_result_before_the_end(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (Operation operation = stage.StartOpen(client))
            {
                Check.That(!operation.Wait(0), "it runs");
                Check.Throws<InvalidOperationException>(() => operation.Result());
                Check.Equal(EpiStatus.Pending, operation.GetProgress().Status, "the status");
                Check.Equal("starting", operation.GetProgress().PhaseName, "the phase");
            }
        }

        public static void A_cancel_closes_the_connection_and_nothing_follows(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (Operation operation = stage.StartOpen(client))
            {
                operation.Cancel();
                operation.Cancel();
                Check.That(operation.Wait(-1), "it has ended");
                Check.Equal(EpiStatus.Cancelled, Check.Throws<EpiException>(() => operation.Result()).Status, "the status");
                Check.Equal(EpiStatus.Cancelled, operation.GetProgress().Status, "the final status");
                NothingFollows(stage, client, 1);
            }
        }

        public static void A_free_closes_the_connection_and_nothing_follows(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                stage.StartOpen(client).Dispose();
                NothingFollows(stage, client, 1);
            }
        }

        public static void All_operations_of_a_client_are_cancelled_at_once(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (Operation first = stage.StartOpen(client))
            using (Operation second = stage.StartOpen(client))
            {
                client.CancelAll();
                Check.That(first.Wait(-1) && second.Wait(-1), "both have ended");
                NothingFollows(stage, client, 2);
            }
        }

        public static void Several_threads_may_wait_and_each_gets_the_end(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (Operation operation = stage.StartOpen(client))
            using (CountdownEvent ready = new CountdownEvent(2))
            {
                int[] statuses = new int[2];
                List<Thread> threads = new List<Thread>();
                for (int index = 0; index < statuses.Length; index++)
                {
                    int own = index;
                    threads.Add(new Thread(() =>
                    {
                        ready.Signal();
                        operation.Wait(-1);
                        statuses[own] = Check.Throws<EpiException>(() => operation.Result()).Status;
                    }) { IsBackground = true });
                    threads[index].Start();
                }
                ready.Wait();
                operation.Cancel();
                threads.ForEach(thread => thread.Join());
                Check.Equal(EpiStatus.Cancelled, statuses[0], "what the first thread got");
                Check.Equal(EpiStatus.Cancelled, statuses[1], "what the second thread got");
            }
        }

        public static void A_wait_ends_when_the_operation_is_disposed_of(Stage stage)
        {
            using (Client client = stage.NewClient())
            using (ManualResetEventSlim ready = new ManualResetEventSlim())
            {
                Operation operation = stage.StartOpen(client);
                bool ended = false;
                Thread thread = new Thread(() =>
                {
                    ready.Set();
                    try
                    {
                        ended = operation.Wait(-1);
                    }
                    catch (ObjectDisposedException)
                    {
                        // The wait had not begun.
                        ended = true;
                    }
                }) { IsBackground = true };
                thread.Start();
                ready.Wait();
                operation.Dispose();
                thread.Join();
                Check.That(ended, "the thread saw the end");
                NothingFollows(stage, client, 1);
            }
        }

        public static void An_operation_outlives_its_client(Stage stage)
        {
            Client client = stage.NewClient();
            using (Operation operation = client.Start("deployment.list", "{}"))
            {
                client.Dispose();
                Check.That(operation.Wait(-1), "it has ended");
                Check.That(Json.Read(operation.Result()) is List<object>, "the result is a list");
            }
            Check.Throws<ObjectDisposedException>(() => client.Start("connect", "{}"));
            Check.Throws<ObjectDisposedException>(() => client.CancelAll());
        }

        public static void What_was_disposed_of_is_refused(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                Operation operation = client.Start("connect", "{}");
                operation.Dispose();
                operation.Dispose();
                Check.Throws<ObjectDisposedException>(() => operation.Wait(0));
                Check.Throws<ObjectDisposedException>(() => operation.GetProgress());
                Check.Throws<ObjectDisposedException>(() => operation.Events(0));
                Check.Throws<ObjectDisposedException>(() => operation.Result());
                Check.Throws<ObjectDisposedException>(() => operation.Cancel());
            }
        }

        public static void A_time_limit_ends_an_operation(Stage stage)
        {
            stage.Emulator.Stall();
            using (Client client = stage.NewClient())
            using (Operation operation = client.Start("deployment.list", "{}", new OperationOptions { TimeoutMilliseconds = 1 }))
            {
                Check.That(operation.Wait(-1), "it has ended");
                Check.Equal(EpiStatus.Timeout, Check.Throws<EpiException>(() => operation.Result()).Status, "the status");
            }
        }

        public static void An_export_is_saved_with_progress_and_events(Stage stage)
        {
            string file = Path.GetTempFileName();
            File.Delete(file);
            try
            {
                using (Client client = stage.NewClient())
                using (Operation operation = client.Start("databaseExport.save", Save.Replace("%", Json.Quote(file))))
                {
                    Check.That(operation.Wait(-1), "it has ended");
                    long bytes = (long)((Dictionary<string, object>)Json.Read(operation.Result()))["bytes"];
                    Check.Equal(bytes, new FileInfo(file).Length, "the length of the file");
                    Progress end = operation.GetProgress();
                    Check.Equal(EpiStatus.Ok, end.Status, "the final status");
                    Check.Equal(bytes, end.BytesDone, "the bytes done");
                    Check.Equal(bytes, end.BytesTotal, "the bytes in all");
                    Check.Equal(-1L, end.BytesSent, "the bytes sent, of uploads only");
                    ReadEvents(operation);
                }
            }
            finally
            {
                File.Delete(file);
            }
        }

        public static void Only_who_asks_gets_every_request_told(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                Check.Equal(0, Messages(client, 0), "the number of messages by default");
                Check.That(Messages(client, 4) > 0, "there are messages about requests");
            }
        }

        /// <summary>The open requests end, and the next one to arrive is that of a later call.</summary>
        private static void NothingFollows(Stage stage, Client client, int sent)
        {
            Check.Until(() => stage.Emulator.Open() == 0, "the connections are closed");
            stage.Emulator.Send("DELETE", "faults", null);
            using (Operation later = client.Start("deployment.list", "{}"))
            {
                later.Wait(-1);
                later.Result();
            }
            Check.Equal(sent + 1, stage.Emulator.Requests(), "the number of requests");
        }

        private static void ReadEvents(Operation operation)
        {
            Dictionary<string, object> all = (Dictionary<string, object>)Json.Read(operation.Events(0));
            List<object> events = (List<object>)all["events"];
            Check.Equal(0L, all["dropped"], "the number of events that are lost");
            Check.That(events.Count > 2, "there are events");
            long last = (long)all["lastSeq"];
            Check.Equal(last, ((Dictionary<string, object>)events[events.Count - 1])["seq"], "the number of the newest event");
            Dictionary<string, object> rest = (Dictionary<string, object>)Json.Read(operation.Events(last - 1));
            Check.Equal(1, ((List<object>)rest["events"]).Count, "the number of events after the last but one");
            Check.Throws<ArgumentOutOfRangeException>(() => operation.Events(-1));
        }

        private static int Messages(Client client, int level)
        {
            using (Operation operation = client.Start("deployment.list", "{}", new OperationOptions { LogLevel = level }))
            {
                operation.Wait(-1);
                List<object> events = (List<object>)((Dictionary<string, object>)Json.Read(operation.Events(0)))["events"];
                return events.FindAll(item => (string)((Dictionary<string, object>)item)["event"] == "message").Count;
            }
        }
    }
}
