// What all three kinds of handles have in common: each is freed exactly once, by whoever lets go of it last.

using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EpiCloud.Interop.Handles
{
    /// <summary>A handle of the library. Zero is none.</summary>
    internal abstract class NativeHandle : SafeHandle
    {
        /// <summary>Whether nobody disposed of it, so that it is freed on the finalizer's thread.</summary>
        private bool collected;

        protected NativeHandle() : base(IntPtr.Zero, true)
        {
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        /// <summary>Frees the handle in the library, and counts that, for the tests.</summary>
        protected abstract void Free(IntPtr value);

        /// <summary>Whether freeing may wait for something.</summary>
        protected virtual bool FreeMayWait
        {
            get { return false; }
        }

        protected sealed override bool ReleaseHandle()
        {
            IntPtr value = handle;
            // The finalizer's thread serves the whole process and must not be held up.
            if (collected && FreeMayWait && ThreadPool.QueueUserWorkItem(state => Free(value)))
            {
                return true;
            }
            Free(value);
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            collected = !disposing;
            base.Dispose(disposing);
        }
    }
}
