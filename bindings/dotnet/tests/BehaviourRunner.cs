// The runner of the behaviour suite: tests/vectors/README.md tells what it is asked. It answers from what users of the
// assembly get, the members of an exception and not the document it was made from.

using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop.Tests
{
    internal static class BehaviourRunner
    {
        private static readonly UTF8Encoding Utf8 = new UTF8Encoding(false);

        private static Client client;
        private static Operation operation;

        internal static int Run()
        {
            using (StreamReader input = new StreamReader(Console.OpenStandardInput(), Utf8))
            using (StreamWriter output = new StreamWriter(Console.OpenStandardOutput(), Utf8))
            {
                string line;
                while ((line = input.ReadLine()) != null)
                {
                    output.Write(Answer(line.Split('\t')) + "\n");
                    output.Flush();
                }
            }
            if (client != null)
            {
                client.Dispose();
            }
            return 0;
        }

        private static string Answer(string[] fields)
        {
            try
            {
                return "0\t" + Carry(fields);
            }
            catch (EpiException error)
            {
                return error.Status.ToString(CultureInfo.InvariantCulture) + "\t" + Document(error);
            }
        }

        private static string Carry(string[] fields)
        {
            switch (fields[0])
            {
                case "client":
                    if (client != null)
                    {
                        client.Dispose();
                        client = null;
                    }
                    client = new Client(fields[1], fields[2].Length == 0 ? null : Utf8.GetBytes(fields[2]));
                    return "{}";
                case "start":
                    operation = client.Start(fields[1], fields[2]);
                    return "{}";
                case "cancel":
                    operation.Cancel();
                    return "{}";
                case "end":
                    using (operation)
                    {
                        if (!operation.Wait(-1))
                        {
                            throw new InvalidOperationException("a wait without limit came back before the end");
                        }
                        return operation.Result();
                    }
                case "layout":
                    return Layout();
                default:
                    throw new InvalidOperationException("there is no verb " + fields[0]);
            }
        }

        private static string Document(EpiException error)
        {
            if (error.StatusName != Library.StatusName(error.Status))
            {
                throw new InvalidOperationException("the status " + error.Status + " is named " + error.StatusName);
            }
            StringBuilder errors = new StringBuilder();
            foreach (string text in error.Errors)
            {
                errors.Append(errors.Length == 0 ? string.Empty : ",").Append(Quoted(text));
            }
            return "{\"status\":" + Quoted(error.StatusName)
                + ",\"exitCode\":" + error.ExitCode
                + ",\"message\":" + Quoted(error.Message)
                + ",\"httpStatus\":" + (error.HttpStatus == 0 ? "null" : error.HttpStatus.ToString(CultureInfo.InvariantCulture))
                + ",\"code\":" + Quoted(error.Code)
                + ",\"errors\":[" + errors + "]"
                + ",\"requestId\":" + Quoted(error.RequestId)
                + ",\"field\":" + Quoted(error.Field)
                + ",\"nextStep\":" + Quoted(error.NextStep)
                + ",\"retry\":" + Quoted(error.Retry)
                + ",\"retryAfterMs\":"
                + (error.RetryAfterMilliseconds < 0 ? "null" : error.RetryAfterMilliseconds.ToString(CultureInfo.InvariantCulture))
                + ",\"attempts\":" + error.Attempts + "}";
        }

        private static string Quoted(string text)
        {
            return text == null ? "null" : Json.Quote(text);
        }

        private static string Layout()
        {
            StringBuilder members = new StringBuilder();
            Add(members, typeof(NativeProgress), "epi_progress",
                "struct_size StructSize", "phase Phase", "attempt Attempt", "percent Percent", "status Status",
                "bytes_done BytesDone", "bytes_total BytesTotal", "items_done ItemsDone", "items_total ItemsTotal",
                "bytes_per_second BytesPerSecond", "eta_ms EtaMilliseconds", "bytes_sent BytesSent", "retries Retries");
            members.Append(",");
            Add(members, typeof(NativeCallOptions), "epi_call_options",
                "struct_size StructSize", "timeout_ms TimeoutMilliseconds", "progress ProgressCallback", "log LogCallback",
                "log_level LogLevel", "reserved Reserved", "user_data UserData");
            return "{" + members + "}";
        }

        private static void Add(StringBuilder members, Type type, string name, params string[] fields)
        {
            members.Append('"').Append(name).Append("\":").Append(Marshal.SizeOf(type));
            foreach (string field in fields)
            {
                string[] names = field.Split(' ');
                members.Append(",\"").Append(name).Append('.').Append(names[0]).Append("\":");
                members.Append(Marshal.OffsetOf(type, names[1]).ToInt64());
            }
        }
    }
}
