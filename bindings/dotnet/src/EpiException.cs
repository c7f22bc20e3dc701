using System;
using System.Collections.Generic;

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
        /// <summary>Makes an exception of what <c>epi_error_json</c> gives.</summary>
        /// <param name="status">The status, one of <see cref="EpiStatus"/>.</param>
        /// <param name="json">The document; null if the library gave none.</param>
        public EpiException(int status, string json) : this(status, json, null)
        {
        }

        internal EpiException(int status, string json, Exception cause) : this(status, json, Members(json), cause)
        {
        }

        private EpiException(int status, string json, Dictionary<string, object> members, Exception cause)
            : base(TextOf(members, "message") ?? "the library returned the status " + status, cause)
        {
            Status = status;
            Json = json;
            StatusName = TextOf(members, "status");
            HttpStatus = (int)NumberOf(members, "httpStatus", 0);
            Code = TextOf(members, "code");
            Errors = TextsOf(members, "errors");
            RequestId = TextOf(members, "requestId");
            Field = TextOf(members, "field");
            NextStep = TextOf(members, "nextStep");
            Retry = TextOf(members, "retry") ?? "never";
            RetryAfterMilliseconds = NumberOf(members, "retryAfterMs", -1);
            Attempts = (int)NumberOf(members, "attempts", 0);
            ExitCode = (int)NumberOf(members, "exitCode", 1);
        }

        /// <summary>An error of this assembly in the form of the library's own.</summary>
        internal static EpiException Local(int status, string name, int exitCode, string message, Exception cause)
        {
            string json = "{\"status\":" + Interop.Json.Quote(name) + ",\"exitCode\":" + exitCode + ",\"message\":"
                + Interop.Json.Quote(message) + ",\"httpStatus\":null,\"code\":null,\"errors\":[],\"requestId\":null,"
                + "\"field\":null,\"nextStep\":null,\"retry\":\"never\",\"retryAfterMs\":null,\"attempts\":0}";
            return new EpiException(status, json, cause);
        }

        /// <summary>The status, one of <see cref="EpiStatus"/>.</summary>
        public int Status { get; }

        /// <summary>The name of the status, such as <c>NOT_FOUND</c>.</summary>
        public string StatusName { get; }

        /// <summary>The HTTP status of the service's answer; 0 if there was none.</summary>
        public int HttpStatus { get; }

        /// <summary>The service's error code, such as <c>LeaseIdMissing</c>; null if there is none.</summary>
        public string Code { get; }

        /// <summary>The service's own texts; empty if there are none.</summary>
        public string[] Errors { get; }

        /// <summary>The service's request id, for questions to its support; null if there is none.</summary>
        public string RequestId { get; }

        /// <summary>The JSON path of what broke a rule; null if nothing did.</summary>
        public string Field { get; }

        /// <summary>What to do about it; null if that is not known.</summary>
        public string NextStep { get; }

        /// <summary>Whether trying again can help: <c>never</c>, <c>later</c> or <c>exhausted</c>.</summary>
        public string Retry { get; }

        /// <summary>How long the service asked to wait before the next try; -1 if it did not ask.</summary>
        public long RetryAfterMilliseconds { get; }

        /// <summary>How often it was tried.</summary>
        public int Attempts { get; }

        /// <summary>The exit code that the program <c>epi</c> has for it.</summary>
        public int ExitCode { get; }

        /// <summary>Everything in one document, as <c>epi_error_json</c> gives it; null if the library gave none.</summary>
        public string Json { get; }

        /// <summary>The members; none if the document cannot be read, so that an error never hides behind another.</summary>
        private static Dictionary<string, object> Members(string json)
        {
            try
            {
                return json == null ? null : Interop.Json.Read(json) as Dictionary<string, object>;
            }
            catch (FormatException)
            {
                return null;
            }
        }

        private static object Member(Dictionary<string, object> members, string name)
        {
            object value = null;
            if (members != null)
            {
                members.TryGetValue(name, out value);
            }
            return value;
        }

        private static string TextOf(Dictionary<string, object> members, string name)
        {
            return Member(members, name) as string;
        }

        private static long NumberOf(Dictionary<string, object> members, string name, long absent)
        {
            object value = Member(members, name);
            return value is long ? (long)value : absent;
        }

        private static string[] TextsOf(Dictionary<string, object> members, string name)
        {
            List<string> texts = new List<string>();
            foreach (object item in Member(members, name) as List<object> ?? new List<object>())
            {
                texts.Add(item as string);
            }
            return texts.ToArray();
        }
    }
}
