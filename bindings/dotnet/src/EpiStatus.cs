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
        /// <summary>A request, option or file breaks a rule; the message names the field.</summary>
        public const int InvalidArgument = 10;
        /// <summary>Credentials or another required setting are missing.</summary>
        public const int NotConfigured = 11;
        /// <summary>The assembly was built for another version of the library.</summary>
        public const int AbiMismatch = 12;
        /// <summary>This is not offered.</summary>
        public const int Unsupported = 13;
        /// <summary>Credentials, signature or clock are wrong, or the credentials lack a right.</summary>
        public const int Unauthenticated = 20;
        /// <summary>The credentials or the link do not permit the call.</summary>
        public const int Forbidden = 21;
        /// <summary>The project, deployment, export, blob or file does not exist.</summary>
        public const int NotFound = 22;
        /// <summary>Something else is in the way: a busy environment, an existing file.</summary>
        public const int Conflict = 23;
        /// <summary>The service asks for fewer requests.</summary>
        public const int Throttled = 24;
        /// <summary>The service cannot answer at present.</summary>
        public const int Unavailable = 25;
        /// <summary>The service understood the request and refused it.</summary>
        public const int Rejected = 26;
        /// <summary>The answer could not be understood.</summary>
        public const int Protocol = 27;
        /// <summary>The connection failed.</summary>
        public const int Network = 30;
        /// <summary>The certificate or the TLS handshake failed.</summary>
        public const int Tls = 31;
        /// <summary>A time limit passed; the service may go on.</summary>
        public const int Timeout = 32;
        /// <summary>The answer to a change was lost: look before trying again.</summary>
        public const int Ambiguous = 33;
        /// <summary>The deployment or export ended in failure.</summary>
        public const int JobFailed = 40;
        /// <summary>The link is past its time.</summary>
        public const int LinkExpired = 41;
        /// <summary>The deployment ended well but with warnings, and strict was asked for.</summary>
        public const int Warnings = 42;
        /// <summary>A local file could not be read or written.</summary>
        public const int Io = 50;
        /// <summary>Data differs from its checksum or size.</summary>
        public const int Integrity = 51;
        /// <summary>The local disk is full.</summary>
        public const int NoSpace = 52;
        /// <summary>The operation was cancelled.</summary>
        public const int Cancelled = 60;
        /// <summary>A defect in the library, caught; other calls go on working.</summary>
        public const int Panic = 90;
        /// <summary>A defect in the library.</summary>
        public const int Internal = 91;
    }
}
