// Texts on their way into the library and out of it.

using System;
using System.Runtime.InteropServices;
using System.Text;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop.Handles
{
    internal static class Text
    {
        /// <summary>Refuses half a surrogate pair instead of sending a question mark.</summary>
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        /// <summary>The text as the library reads it.</summary>
        internal static byte[] In(string text, string name)
        {
            if (text == null)
            {
                throw new ArgumentNullException(name);
            }
            // The library would see the text end there.
            if (text.IndexOf('\0') >= 0)
            {
                throw new ArgumentException("the text contains a NUL", name);
            }
            byte[] bytes = new byte[Strict.GetByteCount(text) + 1];
            Strict.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }

        /// <summary>A text that stays the library's own; null if there is none.</summary>
        internal static string Borrowed(IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return null;
            }
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            byte[] bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>A text that the library gave away; it is freed here.</summary>
        internal static string Owned(IntPtr text)
        {
            try
            {
                return Borrowed(text);
            }
            finally
            {
                NativeMethods.epi_string_free(text);
            }
        }
    }
}
