// What is remembered for a key lives as long as the key.

using System;
using System.Runtime.CompilerServices;
using System.Threading;
using EpiCloud.Interop.Handles;

namespace EpiCloud.Interop.Tests
{
    internal static class ConnectionTests
    {
        public static void A_key_has_its_own_connection(Stage stage)
        {
            object key = new object();
            object other = new object();
            Check.Equal(null, Connections.Get(key), "the connection of a new key");
            Connection connection = new Connection(stage.NewClient(), "client key", "project");
            Connections.Set(key, connection);
            Check.That(ReferenceEquals(connection, Connections.Get(key)), "it is remembered");
            Check.Equal(null, Connections.Get(other), "the connection of another key");
            Check.Equal("client key project", Connections.Get(key).ClientKey + " " + Connections.Get(key).ProjectId, "what it says");
            Connections.Get(key).ProjectId = "another";
            Connections.Get(key).Endpoint = "address";
            Connections.Get(key).Failure = new FormatException("why");
            Check.Equal(
                "another address why",
                connection.ProjectId + " " + connection.Endpoint + " " + connection.Failure.Message,
                "what was noted on it");
            Connections.Remove(other);
            Connections.Remove(key);
            Check.Equal(null, Connections.Get(key), "the connection after it was removed");
            Check.Throws<ArgumentNullException>(() => Connections.Set(key, null));
            Check.Throws<ArgumentNullException>(() => Connections.Get(null));
            Check.Throws<ArgumentNullException>(() => new Connection(null, null, null));
        }

        public static void What_is_replaced_or_removed_is_freed(Stage stage)
        {
            object key = new object();
            int freed = ClientHandle.Freed;
            Connection first = new Connection(stage.NewClient(), null, null);
            Connections.Set(key, first);
            Connections.Set(key, first);
            Check.Equal(freed, ClientHandle.Freed, "the number of clients freed while one is remembered");
            Connections.Set(key, new Connection(stage.NewClient(), null, null));
            Check.Equal(freed + 1, ClientHandle.Freed, "the number of clients freed by the second");
            Connections.Remove(key);
            Connections.Remove(key);
            Check.Equal(freed + 2, ClientHandle.Freed, "the number of clients freed in the end");
        }

        public static void A_connection_goes_with_its_key(Stage stage)
        {
            int freed = ClientHandle.Freed;
            Thread thread = new Thread(() => Forget(stage));
            thread.Start();
            thread.Join();
            HandleTests.Collect(() => ClientHandle.Freed == freed + 1);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Forget(Stage stage)
        {
            object key = new object();
            Connections.Set(key, new Connection(stage.NewClient(), null, null));
            int freed = ClientHandle.Freed;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Check.Equal(freed, ClientHandle.Freed, "the number of clients freed while the key lives");
            Check.That(Connections.Get(key) != null, "it is remembered");
            GC.KeepAlive(key);
        }
    }
}
