// Exceptions: what they carry, and in whose words.

using System;

namespace EpiCloud.Interop.Tests
{
    internal static class ErrorTests
    {
        public static void An_exception_has_everything_that_the_library_says(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                EpiException error = Check.Throws<EpiException>(() => client.Start("package.upload", "{\"files\":[{\"path\":7}]}"));
                Check.Equal(EpiStatus.InvalidArgument, error.Status, "the status");
                Check.Equal("INVALID_ARGUMENT", error.StatusName, "the name");
                Check.Equal("files[0].path", error.Field, "the field");
                Check.Equal(0, error.Attempts, "the attempts");
                Check.Equal(0, error.Errors.Length, "the number of texts");
                Check.Equal(-1L, error.RetryAfterMilliseconds, "the pause");
                Check.Equal("never", error.Retry, "the advice to retry");
                Check.Holds("\"INVALID_ARGUMENT\"", error.Json, "the document");
            }
        }

        public static void A_host_may_say_it_in_its_own_words(Stage stage)
        {
            using (Client client = stage.NewClient())
            {
                EpiException error = Check.Throws<EpiException>(() => client.Start("deployment.get", "{\"ids\":1}"));
                EpiException reworded = EpiException.Reworded(error, "Ids is not a parameter", "use Id");
                Check.Equal("Ids is not a parameter", reworded.Message, "the message");
                Check.Equal("use Id", reworded.NextStep, "the next step");
                Check.Equal(error.Status + error.StatusName + error.Field + error.ExitCode + error.Retry + error.Json,
                    reworded.Status + reworded.StatusName + reworded.Field + reworded.ExitCode + reworded.Retry + reworded.Json, "all else");
                EpiException own = EpiException.Reworded(null, "Path is missing", null);
                Check.Equal("INVALID_ARGUMENT", own.StatusName, "the name");
                Check.Equal(null, own.Json, "the document");
            }
        }
    }
}
