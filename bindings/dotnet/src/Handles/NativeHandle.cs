// What all three kinds of handles have in common: each is freed exactly once, by whoever lets go of it last.

using System;
using System.Runtime.InteropServices;

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

        /// <summary>
        /// As <see cref="Free"/>, for a handle that nobody disposed of: must not wait, because the finalizer's thread serves
        /// the whole process.
        /// </summary>
        protected virtual void FreeCollected(IntPtr value)
        {
            Free(value);
        }

        protected sealed override bool ReleaseHandle()
        {
            if (collected)
            {
                FreeCollected(handle);
            }
            else
            {
                Free(handle);
            }
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            collected = !disposing;
            base.Dispose(disposing);
        }
    }
}
