// A reader of JSON for what the library gives. No reader is in all of the frameworks that the tests run on.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EpiCloud.Interop.Tests
{
    /// <summary>
    /// Reads a document into dictionaries, lists, texts, numbers (long, or double), booleans and null.
    /// </summary>
    internal sealed class Json
    {
        private const int DeepestNesting = 100;

        private readonly string text;
        private int at;

        private Json(string text)
        {
            this.text = text;
        }

        /// <exception cref="FormatException">The text is not JSON.</exception>
        internal static object Read(string text)
        {
            Json reader = new Json(text);
            object value = reader.Value(0);
            reader.SkipBlanks();
            if (reader.at != text.Length)
            {
                throw reader.Wrong();
            }
            return value;
        }

        /// <summary>The text as a JSON string, quotes included.</summary>
        internal static string Quote(string value)
        {
            StringBuilder quoted = new StringBuilder("\"");
            foreach (char letter in value)
            {
                if (letter == '"' || letter == '\\')
                {
                    quoted.Append('\\').Append(letter);
                }
                else if (letter < ' ')
                {
                    quoted.AppendFormat(CultureInfo.InvariantCulture, "\\u{0:x4}", (int)letter);
                }
                else
                {
                    quoted.Append(letter);
                }
            }
            return quoted.Append('"').ToString();
        }

        private object Value(int depth)
        {
            SkipBlanks();
            if (depth > DeepestNesting)
            {
                throw Wrong();
            }
            switch (Peek())
            {
                case '{':
                    return Members(depth);
                case '[':
                    return Items(depth);
                case '"':
                    return String();
                case 't':
                    return Word("true", true);
                case 'f':
                    return Word("false", false);
                case 'n':
                    return Word("null", null);
                default:
                    return Number();
            }
        }

        private Dictionary<string, object> Members(int depth)
        {
            Dictionary<string, object> members = new Dictionary<string, object>(StringComparer.Ordinal);
            Expect('{');
            SkipBlanks();
            if (Takes('}'))
            {
                return members;
            }
            do
            {
                SkipBlanks();
                string name = String();
                SkipBlanks();
                Expect(':');
                members[name] = Value(depth + 1);
                SkipBlanks();
            }
            while (Takes(','));
            Expect('}');
            return members;
        }

        private List<object> Items(int depth)
        {
            List<object> items = new List<object>();
            Expect('[');
            SkipBlanks();
            if (Takes(']'))
            {
                return items;
            }
            do
            {
                items.Add(Value(depth + 1));
                SkipBlanks();
            }
            while (Takes(','));
            Expect(']');
            return items;
        }

        private string String()
        {
            StringBuilder value = new StringBuilder();
            Expect('"');
            while (!Takes('"'))
            {
                char letter = Take();
                if (letter < ' ')
                {
                    throw Wrong();
                }
                value.Append(letter == '\\' ? Escaped() : letter);
            }
            return value.ToString();
        }

        private char Escaped()
        {
            char letter = Take();
            switch (letter)
            {
                case 'b':
                    return '\b';
                case 'f':
                    return '\f';
                case 'n':
                    return '\n';
                case 'r':
                    return '\r';
                case 't':
                    return '\t';
                case '"':
                case '\\':
                case '/':
                    return letter;
                case 'u':
                    return Unit();
                default:
                    throw Wrong();
            }
        }

        /// <summary>One unit of UTF-16 by its four digits.</summary>
        private char Unit()
        {
            ushort unit;
            string digits = at + 4 <= text.Length ? text.Substring(at, 4) : string.Empty;
            if (!ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit))
            {
                throw Wrong();
            }
            at += 4;
            return (char)unit;
        }

        private object Word(string word, object value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0)
            {
                throw Wrong();
            }
            at += word.Length;
            return value;
        }

        private object Number()
        {
            int start = at;
            while (at < text.Length && "+-.0123456789Ee".IndexOf(text[at]) >= 0)
            {
                at++;
            }
            string digits = text.Substring(start, at - start);
            long whole;
            double real;
            if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole))
            {
                return whole;
            }
            if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out real))
            {
                return real;
            }
            at = start;
            throw Wrong();
        }

        private void SkipBlanks()
        {
            while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0)
            {
                at++;
            }
        }

        private char Peek()
        {
            if (at >= text.Length)
            {
                throw Wrong();
            }
            return text[at];
        }

        private char Take()
        {
            char letter = Peek();
            at++;
            return letter;
        }

        private bool Takes(char letter)
        {
            bool found = at < text.Length && text[at] == letter;
            at += found ? 1 : 0;
            return found;
        }

        private void Expect(char letter)
        {
            if (!Takes(letter))
            {
                throw Wrong();
            }
        }

        /// <summary>Names the place and not the text, which may hold a secret.</summary>
        private FormatException Wrong()
        {
            return new FormatException("not JSON at character " + at.ToString(CultureInfo.InvariantCulture));
        }
    }
}
