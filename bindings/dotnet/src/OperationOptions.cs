namespace EpiCloud.Interop
{
    /// <summary>How a call is carried out. Zero means "default" everywhere.</summary>
    public class OperationOptions
    {
        /// <summary>The longest time the operation may take, in milliseconds; 0 is no limit.</summary>
        public long TimeoutMilliseconds { get; set; }

        /// <summary>
        /// The most detailed messages that <see cref="Operation.Events"/> gives: 1 warnings, 2 what every user should
        /// read (the default), 3 more, 4 every request.
        /// </summary>
        public int LogLevel { get; set; }
    }
}
