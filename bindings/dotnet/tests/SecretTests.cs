// A secret is where it must be and nowhere else.

using System;
using System.Collections.Generic;
using System.Reflection;
using System.Security;
using System.Text;

namespace EpiCloud.Interop.Tests
{
    internal static class SecretTests
    {
        /// <summary>Base64, as the service's own secrets are.</summary>
        private const string Canary = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWNhbmE=";

        public static void A_secure_string_becomes_its_bytes()
        {
            foreach (string text in new[] { "", "secret", "\u00fc\u20ac\ud83d\ude00" })
            {
                using (SecureString secure = new SecureString())
                {
                    foreach (char letter in text)
                    {
                        secure.AppendChar(letter);
                    }
                    byte[] bytes = SecretText.FromSecureString(secure);
                    Check.Equal(text, Encoding.UTF8.GetString(bytes), "the text");
                    SecretText.Clear(bytes);
                    Check.That(Array.TrueForAll(bytes, value => value == 0), "all bytes are zero");
                }
            }
            SecretText.Clear(null);
            Check.Throws<ArgumentNullException>(() => SecretText.FromSecureString(null));
        }

        public static void The_callers_array_is_not_kept_and_not_changed(Stage stage)
        {
            byte[] secret = Encoding.UTF8.GetBytes(stage.SecretText);
            using (Client client = new Client(stage.Config, secret))
            {
                Check.Equal(stage.SecretText, Encoding.UTF8.GetString(secret), "the array");
                SecretText.Clear(secret);
                client.RunAsync("connect", "{}").Wait();
            }
        }

        public static void No_object_and_no_text_shows_the_secret(Stage stage)
        {
            using (Client client = new Client(stage.Config, Encoding.UTF8.GetBytes(Canary)))
            using (Connection connection = new Connection(client, "key", "project"))
            using (Operation operation = client.Start("connect", "{}", new OperationOptions { LogLevel = 4 }))
            {
                operation.Wait(-1);
                EpiException error = Check.Throws<EpiException>(() => operation.Result());
                Check.Equal(EpiStatus.Unauthenticated, error.Status, "the status");
                string[] shown =
                {
                    client.ToString(), connection.ToString(), operation.ToString(), operation.GetProgress().ToString(),
                    operation.Events(0), error.ToString(), error.Json,
                };
                foreach (string text in shown)
                {
                    Check.That(!text.Contains(Canary), "'" + text.Replace(Canary, "***") + "' holds no secret");
                }
                HashSet<object> seen = new HashSet<object>();
                foreach (object held in new object[] { client, connection, operation, error })
                {
                    LookInto(held, seen);
                }
                Check.That(seen.Count > 4, "objects were looked into");
            }
        }

        public static void The_search_for_the_secret_finds_it()
        {
            object[] hidden = { new KeyValuePair<string, object>("x", Canary), Encoding.UTF8.GetBytes(Canary) };
            foreach (object held in hidden)
            {
                Check.Throws<InvalidOperationException>(() => LookInto(held, new HashSet<object>()));
            }
        }

        /// <summary>Follows every field of our own types.</summary>
        private static void LookInto(object held, HashSet<object> seen)
        {
            if (held == null || !seen.Add(held))
            {
                return;
            }
            byte[] bytes = held as byte[];
            string text = bytes != null ? Encoding.UTF8.GetString(bytes) : held as string;
            Check.That(text == null || !text.Contains(Canary), "a field holds no secret");
            Type type = held.GetType();
            if (text != null || type.IsPrimitive || type.IsPointer || held is MemberInfo)
            {
                return;
            }
            for (; type != null; type = type.BaseType)
            {
                BindingFlags own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
                foreach (FieldInfo field in type.GetFields(own))
                {
                    if (!field.FieldType.IsPointer)
                    {
                        LookInto(field.GetValue(held), seen);
                    }
                }
            }
        }
    }
}
