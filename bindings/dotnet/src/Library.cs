using EpiCloud.Interop.Handles;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop
{
    /// <summary>What the library says about itself.</summary>
    public static class Library
    {
        /// <summary>The library's version, such as <c>0.1.0</c>.</summary>
        public static string Version
        {
            get
            {
                NativeLoader.CheckOnce();
                return Text.Borrowed(NativeMethods.epi_version());
            }
        }

        /// <summary>The version of the library's C ABI: major &lt;&lt; 16 | minor.</summary>
        public static int AbiVersion
        {
            get
            {
                NativeLoader.CheckOnce();
                return unchecked((int)NativeMethods.epi_abi_version());
            }
        }

        /// <summary>The name of a status, such as <c>NOT_FOUND</c>; null if the library does not know it.</summary>
        /// <param name="status">A status, one of <see cref="EpiStatus"/>.</param>
        public static string StatusName(int status)
        {
            NativeLoader.CheckOnce();
            return Text.Borrowed(NativeMethods.epi_status_name(status));
        }
    }
}
