using System;
using System.Runtime.InteropServices;
using System.Security;
using System.Text;

namespace EpiCloud.Interop
{
    /// <summary>Brings a secret to the library without making a managed string of it, which could not be erased.</summary>
    public static class SecretText
    {
        /// <summary>Gives the text in UTF-8. Whatever was needed on the way is zeroed.</summary>
        /// <param name="secret">The text.</param>
        /// <returns>The bytes; give them to <see cref="Clear"/> after use.</returns>
        public static byte[] FromSecureString(SecureString secret)
        {
            if (secret == null)
            {
                throw new ArgumentNullException("secret");
            }
            IntPtr unmanaged = IntPtr.Zero;
            char[] letters = new char[secret.Length];
            // Pinned, so that the collector leaves no copy behind when it moves things.
            GCHandle pinned = GCHandle.Alloc(letters, GCHandleType.Pinned);
            try
            {
                unmanaged = Marshal.SecureStringToGlobalAllocUnicode(secret);
                Marshal.Copy(unmanaged, letters, 0, letters.Length);
                return Encoding.UTF8.GetBytes(letters);
            }
            finally
            {
                Array.Clear(letters, 0, letters.Length);
                pinned.Free();
                if (unmanaged != IntPtr.Zero)
                {
                    Marshal.ZeroFreeGlobalAllocUnicode(unmanaged);
                }
            }
        }

        /// <summary>Zeroes the bytes.</summary>
        /// <param name="secret">The bytes; null is fine.</param>
        public static void Clear(byte[] secret)
        {
            if (secret != null)
            {
                Array.Clear(secret, 0, secret.Length);
            }
        }
    }
}
