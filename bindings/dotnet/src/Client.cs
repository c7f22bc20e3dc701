using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using EpiCloud.Interop.Handles;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    /// <summary>
    /// One account at one service. Any number of operations may run on it at once. Any thread may call any member.
    /// </summary>
    public sealed class Client : IDisposable
    {
        /// <summary>Between two reports of a task's progress, in milliseconds.</summary>
        private const int ReportInterval = 200;

        private readonly ClientHandle handle;

        /// <summary>Makes a client. Checks the configuration; nothing is sent yet.</summary>
        /// <param name="configJson">
        /// An object whose members may all be left out: <c>clientKey</c>, <c>projectId</c>, <c>endpoint</c>,
        /// <c>caFile</c>, <c>stateDir</c>, <c>service</c>. It holds no secret.
        /// </param>
        /// <param name="secret">
        /// The client secret as the service gave it, in UTF-8; null for what needs no account. It is copied and not kept:
        /// clear the array afterwards.
        /// </param>
        /// <exception cref="EpiException">The configuration breaks a rule.</exception>
        public Client(string configJson, byte[] secret)
        {
            NativeLoader.CheckOnce();
            byte[] config = Text.In(configJson, "configJson");
            int length = secret == null ? 0 : secret.Length;
            ErrorHandle error;
            int status = NativeMethods.epi_client_new(
                config, length == 0 ? null : secret, (UIntPtr)length, out handle, out error);
            Outcome.Check(status, error);
        }

        /// <summary>Starts an operation and returns at once.</summary>
        /// <param name="operation">Its name, such as <c>deployment.start</c>.</param>
        /// <param name="requestJson">The request, a JSON object.</param>
        /// <param name="options">How it is carried out; null for the defaults.</param>
        /// <returns>The operation; dispose of it.</returns>
        /// <exception cref="EpiException">The request breaks a rule; nothing was sent.</exception>
        /// <exception cref="ArgumentException">There is no such operation.</exception>
        public Operation Start(string operation, string requestJson, OperationOptions options = null)
        {
            NativeCall call;
            if (operation == null)
            {
                throw new ArgumentNullException("operation");
            }
            if (!NativeMethods.Calls.TryGetValue(operation, out call))
            {
                throw new ArgumentException("'" + operation + "' is not an operation", "operation");
            }
            byte[] request = Text.In(requestJson, "requestJson");
            NativeCallOptions native = new NativeCallOptions
            {
                StructSize = (UIntPtr)Marshal.SizeOf<NativeCallOptions>(),
                TimeoutMilliseconds = options == null ? 0 : options.TimeoutMilliseconds,
                LogLevel = options == null ? 0 : options.LogLevel,
            };
            OperationHandle started;
            ErrorHandle error;
            int status = call(handle, request, ref native, out started, out error);
            Outcome.Check(status, error);
            return new Operation(started);
        }

        /// <summary>Runs an operation to its end, with the default options.</summary>
        /// <param name="operation">Its name, such as <c>deployment.start</c>.</param>
        /// <param name="requestJson">The request, a JSON object.</param>
        /// <param name="progress">As in the other overload.</param>
        /// <param name="cancellationToken">As in the other overload.</param>
        /// <returns>The result, as in the other overload.</returns>
        public Task<string> RunAsync(
            string operation,
            string requestJson,
            IProgress<Progress> progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return RunAsync(operation, requestJson, null, progress, cancellationToken);
        }

        /// <summary>Runs an operation to its end. No thread is held while it runs.</summary>
        /// <param name="operation">Its name, such as <c>deployment.start</c>.</param>
        /// <param name="requestJson">The request, a JSON object.</param>
        /// <param name="options">How it is carried out; null for the defaults.</param>
        /// <param name="progress">
        /// Told about progress several times a second and once at the end, on the thread pool; may be null.
        /// </param>
        /// <param name="cancellationToken">
        /// Cancels the operation. The task ends when the operation has ended, so no request of it follows.
        /// </param>
        /// <returns>
        /// The result. The task fails with an <see cref="EpiException"/>; it is cancelled by the token, and by
        /// <see cref="CancelAll"/>.
        /// </returns>
        public async Task<string> RunAsync(
            string operation,
            string requestJson,
            OperationOptions options,
            IProgress<Progress> progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (Operation started = Start(operation, requestJson, options))
            using (cancellationToken.Register(() => Cancel(started)))
            {
                while (!await Poller.EndOf(started, progress == null ? -1 : ReportInterval).ConfigureAwait(false))
                {
                    progress.Report(started.GetProgress());
                }
                progress?.Report(started.GetProgress());
                try
                {
                    return started.Result();
                }
                catch (EpiException error) when (error.Status == EpiStatus.Cancelled)
                {
                    // In netstandard2.0 a TaskCanceledException cannot have both a cause and a token.
                    throw cancellationToken.IsCancellationRequested
                        ? new OperationCanceledException(error.Message, error, cancellationToken)
                        : new TaskCanceledException(error.Message, error);
                }
            }
        }

        /// <summary>
        /// Cancels all operations of this client, as <see cref="Operation.Cancel"/> does each. Their tasks are cancelled.
        /// </summary>
        public void CancelAll()
        {
            Outcome.Check(NativeMethods.epi_client_cancel_all(handle), null);
            Poller.Hurry();
        }

        /// <summary>Frees the client. Its operations go on; the secret is zeroed when the last of them is gone.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }

        private static void Cancel(Operation operation)
        {
            operation.Cancel();
            Poller.Hurry(operation);
        }
    }
}
