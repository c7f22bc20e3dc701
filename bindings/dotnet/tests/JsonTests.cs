// The reader of error documents, and exceptions made of them.

using System;
using System.Collections.Generic;

namespace EpiCloud.Interop.Tests
{
    internal static class JsonTests
    {
        public static void Documents_are_read()
        {
            Dictionary<string, object> members = (Dictionary<string, object>)Json.Read(
                " {\"text\" : \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\u00fc\", \"whole\":-12, \"real\":1.5e2,"
                + "\"large\":12345678901234567890, \"list\":[ ] , \"items\":[1,[true],{\"a\":null}], \"none\":{}, \"no\":false}\n");
            Check.Equal("a\"\\/\b\f\n\r\t\u00e4\ud83d\ude00\u00fc", members["text"], "the text");
            Check.Equal(-12L, members["whole"], "the whole number");
            Check.Equal(150.0, members["real"], "the real number");
            Check.Equal(12345678901234567890.0, members["large"], "the large number");
            Check.Equal(0, ((List<object>)members["list"]).Count, "the length of the empty list");
            List<object> items = (List<object>)members["items"];
            Check.Equal(true, ((List<object>)items[1])[0], "the nested item");
            Check.That(((Dictionary<string, object>)items[2]).ContainsKey("a"), "the nested null is there");
            Check.Equal(false, members["no"], "the last member");
        }

        public static void What_is_no_document_is_refused()
        {
            string[] wrong =
            {
                "", " ", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[1 2]", "nul", "tru", "\"", "\"\\x\"", "\"\\u12g4\"",
                "\"\\u12", "\"\n\"", "1 2", "--1", "e", "{a:1}", "'a'", "{\"a\":1}x", new string('[', 5000),
            };
            foreach (string text in wrong)
            {
                Check.Throws<FormatException>(() => Json.Read(text));
            }
        }

        public static void A_quoted_text_is_read_back()
        {
            string text = "\"C:\\Temp\\\u0001\n\u00fc\ud83d\ude00\"";
            Check.Equal(text, Json.Read(Json.Quote(text)), "the text");
        }

        public static void An_exception_has_the_members_of_its_document()
        {
            EpiException error = new EpiException(EpiStatus.Throttled,
                "{\"status\":\"THROTTLED\",\"message\":\"slow down\",\"httpStatus\":429,\"code\":\"Busy\",\"errors\":[\"a\",\"b\"],"
                + "\"requestId\":\"r\",\"field\":\"f\",\"nextStep\":\"n\",\"retry\":\"exhausted\",\"retryAfterMs\":1500,\"attempts\":4,\"exitCode\":8}");
            Check.Equal("slow down", error.Message, "the message");
            Check.Equal("THROTTLED", error.StatusName, "the name");
            Check.Equal(429, error.HttpStatus, "the HTTP status");
            Check.Equal("Busy", error.Code, "the code");
            Check.Equal("a b", string.Join(" ", error.Errors), "the texts");
            Check.Equal("r f n exhausted", string.Join(" ", error.RequestId, error.Field, error.NextStep, error.Retry), "the texts");
            Check.Equal(1500L, error.RetryAfterMilliseconds, "the pause");
            Check.Equal(4, error.Attempts, "the attempts");
            Check.Equal(8, error.ExitCode, "the exit code");
        }

        public static void An_exception_without_a_document_still_says_its_status()
        {
            foreach (string json in new[] { null, "", "no document", "[]", "{}" })
            {
                EpiException error = new EpiException(EpiStatus.Internal, json);
                Check.Holds("91", error.Message, "the message");
                Check.Equal(0, error.Errors.Length, "the number of texts");
                Check.Equal(-1L, error.RetryAfterMilliseconds, "the pause");
                Check.Equal("never", error.Retry, "the advice to retry");
            }
        }
    }
}
