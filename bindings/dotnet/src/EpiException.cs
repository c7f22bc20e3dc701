using System;
using System.Collections.Generic;
using EpiCloud.Interop.Handles;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    /// <summary>
    /// What the library says went wrong. <see cref="Exception.Message"/> is its own sentence, in lower case and without
    /// secrets.
    /// </summary>
    /// <remarks>
    /// Not serializable: binary serialization is gone from .NET, and <see cref="Json"/> carries everything between
    /// processes.
    /// </remarks>
    public sealed class EpiException : Exception
    {
        private static readonly string[] Advice = { "never", "later", "exhausted" };

        private EpiException(int status, string message, Exception cause)
            : this(status, Text.Borrowed(NativeMethods.epi_status_name(status)), message, cause)
        {
        }

        private EpiException(int status, string name, string message, Exception cause)
            : base(message ?? "the library gave the status " + status, cause)
        {
            Status = status;
            StatusName = name;
            Errors = new string[0];
            Retry = Advice[0];
            RetryAfterMilliseconds = -1;
            ExitCode = 1;
        }

        /// <summary>An error of the library.</summary>
        internal static EpiException Of(ErrorHandle error)
        {
            int retry = NativeMethods.epi_error_retry(error);
            return new EpiException(NativeMethods.epi_error_status(error), Text.Borrowed(NativeMethods.epi_error_message(error)), null)
            {
                HttpStatus = NativeMethods.epi_error_http_status(error),
                Code = Text.Borrowed(NativeMethods.epi_error_code(error)),
                Errors = Details(error),
                RequestId = Text.Borrowed(NativeMethods.epi_error_request_id(error)),
                Field = Text.Borrowed(NativeMethods.epi_error_field(error)),
                NextStep = Text.Borrowed(NativeMethods.epi_error_next_step(error)),
                Retry = retry >= 0 && retry < Advice.Length ? Advice[retry] : Advice[0],
                RetryAfterMilliseconds = NativeMethods.epi_error_retry_after_ms(error),
                Attempts = NativeMethods.epi_error_attempts(error),
                ExitCode = NativeMethods.epi_error_exit_code(error),
                Json = Text.Borrowed(NativeMethods.epi_error_json(error)),
            };
        }

        /// <summary>A call that failed and gave no error.</summary>
        internal static EpiException Of(int status)
        {
            return new EpiException(status, null, null);
        }

        /// <summary>An error of this assembly, which may have no library to ask.</summary>
        internal static EpiException Local(int status, string name, int exitCode, string message, Exception cause)
        {
            return new EpiException(status, name, message, cause) { ExitCode = exitCode };
        }

        /// <summary>An error of the library in the words of a host.</summary>
        /// <param name="source">What the library said; null for an error of the host's own, a wrong argument.</param>
        /// <param name="message">The message.</param>
        /// <param name="nextStep">What to do about it; null if that is not known.</param>
        /// <returns>The exception. <see cref="Json"/> stays what the library said.</returns>
        public static EpiException Reworded(EpiException source, string message, string nextStep)
        {
            if (source == null)
            {
                return new EpiException(EpiStatus.InvalidArgument, message, null) { NextStep = nextStep };
            }
            return new EpiException(source.Status, source.StatusName, message, null)
            {
                HttpStatus = source.HttpStatus,
                Code = source.Code,
                Errors = source.Errors,
                RequestId = source.RequestId,
                Field = source.Field,
                NextStep = nextStep,
                Retry = source.Retry,
                RetryAfterMilliseconds = source.RetryAfterMilliseconds,
                Attempts = source.Attempts,
                ExitCode = source.ExitCode,
                Json = source.Json,
            };
        }

        /// <summary>The status, one of <see cref="EpiStatus"/>.</summary>
        public int Status { get; }

        /// <summary>The name of the status, such as <c>NOT_FOUND</c>.</summary>
        public string StatusName { get; }

        /// <summary>The HTTP status of the service's answer; 0 if there was none.</summary>
        public int HttpStatus { get; private set; }

        /// <summary>The service's error code, such as <c>LeaseIdMissing</c>; null if there is none.</summary>
        public string Code { get; private set; }

        /// <summary>The service's own texts; empty if there are none.</summary>
        public string[] Errors { get; private set; }

        /// <summary>The service's request id, for questions to its support; null if there is none.</summary>
        public string RequestId { get; private set; }

        /// <summary>The JSON path of what broke a rule; null if nothing did.</summary>
        public string Field { get; private set; }

        /// <summary>What to do about it; null if that is not known.</summary>
        public string NextStep { get; private set; }

        /// <summary>Whether trying again can help: <c>never</c>, <c>later</c> or <c>exhausted</c>.</summary>
        public string Retry { get; private set; }

        /// <summary>How long the service asked to wait before the next attempt; -1 if it did not ask.</summary>
        public long RetryAfterMilliseconds { get; private set; }

        /// <summary>The number of attempts; 0 if nothing was sent.</summary>
        public int Attempts { get; private set; }

        /// <summary>The exit code that the program <c>epi</c> has for it.</summary>
        public int ExitCode { get; private set; }

        /// <summary>Everything in one document, as <c>epi_error_json</c> gives it; null if the library gave none.</summary>
        public string Json { get; private set; }

        private static string[] Details(ErrorHandle error)
        {
            List<string> texts = new List<string>();
            string text;
            while ((text = Text.Borrowed(NativeMethods.epi_error_detail(error, (UIntPtr)texts.Count))) != null)
            {
                texts.Add(text);
            }
            return texts.ToArray();
        }
    }
}
