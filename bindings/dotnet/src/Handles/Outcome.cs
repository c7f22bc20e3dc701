// From the status and the error of a call to an exception.

using EpiCloud.Interop.Native;

namespace EpiCloud.Interop.Handles
{
    internal static class Outcome
    {
        /// <summary>Throws if a call failed, and frees its error.</summary>
        internal static void Check(int status, ErrorHandle error)
        {
            using (error)
            {
                if (status != EpiStatus.Ok)
                {
                    throw Failed(status, error);
                }
            }
        }

        /// <summary>The exception for a call that gives no error, or for the error it gave.</summary>
        internal static EpiException Failed(int status, ErrorHandle error)
        {
            return error != null && !error.IsInvalid ? EpiException.Of(error) : EpiException.Of(status);
        }
    }
}
