using System;
using System.Runtime.CompilerServices;

namespace EpiCloud.Interop
{
    /// <summary>
    /// Remembers one connection for each key, as long as the key lives. A script module loses its variables when it is
    /// imported again; what is kept here, by the runspace, survives that and goes with the runspace.
    /// </summary>
    public static class Connections
    {
        private static readonly ConditionalWeakTable<object, Connection> Known =
            new ConditionalWeakTable<object, Connection>();

        private static readonly object Turn = new object();

        /// <summary>Remembers a connection. The one it takes the place of is disposed of.</summary>
        /// <param name="key">Any object, compared by reference.</param>
        /// <param name="connection">The connection, which now belongs to the key.</param>
        public static void Set(object key, Connection connection)
        {
            if (connection == null)
            {
                throw new ArgumentNullException("connection");
            }
            Connection before;
            lock (Turn)
            {
                if (Known.TryGetValue(key, out before))
                {
                    Known.Remove(key);
                }
                Known.Add(key, connection);
            }
            if (before != null && !ReferenceEquals(before, connection))
            {
                before.Dispose();
            }
        }

        /// <summary>Gives the connection of a key; null if there is none.</summary>
        /// <param name="key">Any object, compared by reference.</param>
        public static Connection Get(object key)
        {
            Connection connection;
            // In its turn, so that it does not look between the removal and the addition of Set.
            lock (Turn)
            {
                return Known.TryGetValue(key, out connection) ? connection : null;
            }
        }

        /// <summary>Forgets the connection of a key and disposes of it. Does nothing if there is none.</summary>
        /// <param name="key">Any object, compared by reference.</param>
        public static void Remove(object key)
        {
            Connection before;
            lock (Turn)
            {
                if (Known.TryGetValue(key, out before))
                {
                    Known.Remove(key);
                }
            }
            if (before != null)
            {
                before.Dispose();
            }
        }
    }

    /// <summary>A client and whose it is.</summary>
    public sealed class Connection : IDisposable
    {
        /// <summary>Makes a connection of a client, which now belongs to it.</summary>
        /// <param name="client">The client.</param>
        /// <param name="clientKey">The client key it was made with; may be null.</param>
        /// <param name="projectId">The project of requests that name none; may be null.</param>
        public Connection(Client client, string clientKey, string projectId)
        {
            if (client == null)
            {
                throw new ArgumentNullException("client");
            }
            Client = client;
            ClientKey = clientKey;
            ProjectId = projectId;
        }

        /// <summary>The client.</summary>
        public Client Client { get; }

        /// <summary>The client key it was made with.</summary>
        public string ClientKey { get; }

        /// <summary>The project of requests that name none; may be changed.</summary>
        public string ProjectId { get; set; }

        /// <summary>The address that the client was made for, in the words of whoever made it; not looked at here.</summary>
        public string Endpoint { get; set; }

        /// <summary>
        /// Why the client cannot be used, for a host that finds out before anybody has asked; not looked at here.
        /// </summary>
        public Exception Failure { get; set; }

        /// <summary>Disposes of the client. Operations that run go on.</summary>
        public void Dispose()
        {
            Client.Dispose();
        }
    }
}
