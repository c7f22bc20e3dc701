using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    /// <summary>How far an operation is. -1 means unknown, which is not the same as 0.</summary>
    public struct Progress
    {
        private static readonly string[] PhaseNames =
        {
            "starting", "requesting", "waiting", "uploading", "committing", "downloading", "verifying",
        };

        internal Progress(NativeProgress native) : this()
        {
            Phase = native.Phase;
            Attempt = native.Attempt;
            Percent = native.Percent;
            Status = native.Status;
            BytesDone = native.BytesDone;
            BytesTotal = native.BytesTotal;
            ItemsDone = native.ItemsDone;
            ItemsTotal = native.ItemsTotal;
            BytesPerSecond = native.BytesPerSecond;
            EtaMilliseconds = native.EtaMilliseconds;
            BytesSent = native.BytesSent;
            Retries = native.Retries;
        }

        /// <summary>What it is doing, by its number.</summary>
        public int Phase { get; }

        /// <summary>
        /// What it is doing: <c>starting</c>, <c>requesting</c>, <c>waiting</c>, <c>uploading</c>, <c>committing</c>,
        /// <c>downloading</c> or <c>verifying</c>; the number itself for a phase of a newer library.
        /// </summary>
        public string PhaseName
        {
            get { return Phase >= 0 && Phase < PhaseNames.Length ? PhaseNames[Phase] : Phase.ToString(); }
        }

        /// <summary>The highest attempt of any request in this phase; 1 when none failed.</summary>
        public int Attempt { get; }

        /// <summary>The service's own percentage while waiting, 0 to 100.</summary>
        public int Percent { get; }

        /// <summary>The final status; <see cref="EpiStatus.Pending"/> while it runs.</summary>
        public int Status { get; }

        /// <summary>Bytes acknowledged by the other side.</summary>
        public long BytesDone { get; }

        /// <summary>Bytes in all.</summary>
        public long BytesTotal { get; }

        /// <summary>Blocks, ranges or files finished.</summary>
        public long ItemsDone { get; }

        /// <summary>Blocks, ranges or files in all.</summary>
        public long ItemsTotal { get; }

        /// <summary>Smoothed rate.</summary>
        public long BytesPerSecond { get; }

        /// <summary>Estimated time left in milliseconds.</summary>
        public long EtaMilliseconds { get; }

        /// <summary>
        /// Bytes that the connection has accepted, of <see cref="BytesTotal"/>; at least <see cref="BytesDone"/>. Of
        /// uploads only.
        /// </summary>
        public long BytesSent { get; }

        /// <summary>Requests repeated so far in this transfer.</summary>
        public long Retries { get; }
    }
}
