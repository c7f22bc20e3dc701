namespace EpiCloud.Interop
{
    /// <summary>
    /// The values of <see cref="EpiException.Status"/>. More may be added in a later version: treat an unknown one as a
    /// failure.
    /// </summary>
    public static class EpiStatus
    {
        /// <summary>It succeeded.</summary>
        public const int Ok = 0;
        /// <summary>The operation is still running.</summary>
        public const int Pending = 1;
        /// <summary>A request, option or file is not valid; the message names the field.</summary>
        public const int InvalidArgument = 10;
        /// <summary>Credentials or another required setting are missing.</summary>
        public const int NotConfigured = 11;
        /// <summary>The assembly was built for another version of the library.</summary>
        public const int AbiMismatch = 12;
        /// <summary>The operation is not supported.</summary>
        public const int Unsupported = 13;
        /// <summary>Wrong credentials, signature or clock, or the credentials have no access.</summary>
        public const int Unauthenticated = 20;
        /// <summary>The credentials or the SAS URL do not permit the call.</summary>
        public const int Forbidden = 21;
        /// <summary>The project, deployment, export, blob or file does not exist.</summary>
        public const int NotFound = 22;
        /// <summary>Conflict with another operation, package or file, such as a busy environment or an existing file.</summary>
        public const int Conflict = 23;
        /// <summary>Rate limited by the service.</summary>
        public const int Throttled = 24;
        /// <summary>The service is temporarily unavailable.</summary>
        public const int Unavailable = 25;
        /// <summary>The service understood the request and refused it.</summary>
        public const int Rejected = 26;
        /// <summary>The response could not be understood.</summary>
        public const int Protocol = 27;
        /// <summary>The connection failed.</summary>
        public const int Network = 30;
        /// <summary>The certificate or the TLS handshake failed.</summary>
        public const int Tls = 31;
        /// <summary>A time limit was reached; the operation may continue in the service.</summary>
        public const int Timeout = 32;
        /// <summary>No response to a change was received: check before you retry, because it may have been processed.</summary>
        public const int Ambiguous = 33;
        /// <summary>The deployment or export failed.</summary>
        public const int JobFailed = 40;
        /// <summary>The SAS URL, export or backup has expired.</summary>
        public const int Expired = 41;
        /// <summary>The deployment has warnings, and strict is set.</summary>
        public const int Warnings = 42;
        /// <summary>The service may not write to the destination of the export.</summary>
        public const int DestinationDenied = 43;
        /// <summary>The destination of the export does not exist.</summary>
        public const int DestinationNotFound = 44;
        /// <summary>A local file could not be read or written.</summary>
        public const int Io = 50;
        /// <summary>Checksum or size mismatch.</summary>
        public const int Integrity = 51;
        /// <summary>The local disk is full.</summary>
        public const int NoSpace = 52;
        /// <summary>The operation was cancelled.</summary>
        public const int Cancelled = 60;
        /// <summary>A bug in the library, caught; other calls keep working.</summary>
        public const int Panic = 90;
        /// <summary>A bug in the library.</summary>
        public const int Internal = 91;
    }
}
