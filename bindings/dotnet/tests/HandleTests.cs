// Each handle is freed once, however its owner goes.

using System;
using System.Runtime.CompilerServices;
using System.Threading;
using EpiCloud.Interop.Handles;

namespace EpiCloud.Interop.Tests
{
    internal static class HandleTests
    {
        private const int Many = 10000;
        private const int Some = 200;

        public static void Ten_thousand_refusals_free_ten_thousand_errors(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                int errors = ErrorHandle.Freed;
                int operations = OperationHandle.Freed;
                for (int count = 0; count < Many; count++)
                {
                    Check.Throws<EpiException>(() => client.Start("deployment.get", "{}"));
                }
                Check.Equal(errors + Many, ErrorHandle.Freed, "the number of errors freed");
                Check.Equal(operations, OperationHandle.Freed, "the number of operations freed");
            }
        }

        public static void Operations_are_freed_once_on_success_error_and_cancel(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                FreesOne(client.Start("connect", "{}"), operation => operation.Result());
                string request = "{\"id\":\"11111111-2222-3333-4444-555555555555\"}";
                int errors = ErrorHandle.Freed;
                FreesOne(client.Start("deployment.get", request), operation => Check.Throws<EpiException>(() => operation.Result()));
                Check.Equal(errors + 1, ErrorHandle.Freed, "the number of errors freed");
                Operation open = stage.StartOpen(client);
                open.Cancel();
                FreesOne(open, operation => Check.Throws<EpiException>(() => operation.Result()));
            }
        }

        public static void Many_operations_that_are_let_go_of_at_once_are_freed_once(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                int freed = OperationHandle.Freed;
                for (int count = 0; count < Some; count++)
                {
                    Operation operation = client.Start("deployment.list", "{}");
                    operation.Dispose();
                    operation.Dispose();
                }
                Check.Equal(freed + Some, OperationHandle.Freed, "the number of operations freed");
            }
        }

        public static void Two_threads_that_dispose_free_once(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                int freed = OperationHandle.Freed;
                for (int count = 0; count < Some; count++)
                {
                    Operation operation = client.Start("deployment.list", "{}");
                    Thread thread = new Thread(operation.Dispose);
                    thread.Start();
                    operation.Dispose();
                    thread.Join();
                }
                Check.Equal(freed + Some, OperationHandle.Freed, "the number of operations freed");
            }
        }

        public static void Clients_are_freed_once(Stage stage)
        {
            int freed = ClientHandle.Freed;
            for (int count = 0; count < Some; count++)
            {
                Client client = stage.NewClient();
                client.Dispose();
                client.Dispose();
            }
            Check.Throws<EpiException>(() => new Client("no document", null));
            Check.Equal(freed + Some, ClientHandle.Freed, "the number of clients freed");
        }

        public static void What_nobody_holds_is_collected_and_freed_once(Stage stage)
        {
            int clients = ClientHandle.Freed;
            int operations = OperationHandle.Freed;
            // On threads that end, so that nothing of it stays on a stack.
            Thread thread = new Thread(() => Abandon(stage));
            thread.Start();
            thread.Join();
            Collect(() => ClientHandle.Freed >= clients + 1 && OperationHandle.Freed >= operations + Some);
            Check.Equal(clients + 1, ClientHandle.Freed, "the number of clients freed");
            Check.Equal(operations + Some, OperationHandle.Freed, "the number of operations freed");
        }

        public static void A_running_operation_that_is_collected_ends_and_the_finalizer_does_not_wait_for_that(Stage stage)
        {
            int operations = OperationHandle.Freed;
            int released = OperationHandle.Released;
            Thread thread = new Thread(() => AbandonOpen(stage));
            thread.Start();
            thread.Join();
            Collect(() => OperationHandle.Freed == operations + 1);
            Check.Equal(released + 1, OperationHandle.Released, "the number of operations given back without waiting");
            Check.Until(() => stage.Emulator.Open() == 0, "the connection is closed");
        }

        internal static void Collect(Func<bool> done)
        {
            Check.Until(() =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return done();
            }, "what nobody holds is collected");
        }

        private static void FreesOne(Operation operation, Action<Operation> end)
        {
            int freed = OperationHandle.Freed;
            operation.Wait(-1);
            end(operation);
            Check.Equal(freed, OperationHandle.Freed, "the number of operations freed before");
            operation.Dispose();
            operation.Dispose();
            Check.Equal(freed + 1, OperationHandle.Freed, "the number of operations freed");
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Abandon(Stage stage)
        {
            Client client = stage.NewClient();
            for (int count = 0; count < Some; count++)
            {
                client.Start("deployment.list", "{}");
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void AbandonOpen(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                stage.StartOpen(client);
            }
        }
    }
}
