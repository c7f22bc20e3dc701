// The own tests: every public static method of a class whose name ends in "Tests". Its name says what holds.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.Text;
using System.Threading;

namespace EpiCloud.Interop.Tests
{
    internal static class Suite
    {
        /// <summary>What a test may take; nothing is judged by it but that it ends.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

        internal static int Run(string root)
        {
            NativeLoader.Load(Program.LibFolder);
            Stage stage = new Stage(root);
            int passed = 0;
            int failed = 0;
            foreach (MethodInfo test in All())
            {
                string name = test.DeclaringType.Name + ": " + test.Name.Replace('_', ' ');
                Exception failure = null;
                // On a thread of its own, so that a test that waits for ever is a failure as well.
                Thread thread = new Thread(() => failure = Play(test, stage)) { IsBackground = true };
                thread.Start();
                if (!thread.Join(Patience))
                {
                    Console.WriteLine("FAILED " + name + "\nit does not end");
                    // Mono does not end by itself while a thread stays inside a library.
                    Process.GetCurrentProcess().Kill();
                }
                passed += failure == null ? 1 : 0;
                failed += failure == null ? 0 : 1;
                if (failure != null)
                {
                    Console.WriteLine("FAILED " + name + "\n" + failure);
                }
            }
            Console.WriteLine(passed + " tests passed, " + failed + " failed");
            return failed == 0 && passed > 0 ? 0 : 1;
        }

        private static Exception Play(MethodInfo test, Stage stage)
        {
            try
            {
                stage.Clear();
                test.Invoke(null, test.GetParameters().Length == 0 ? null : new object[] { stage });
                return null;
            }
            catch (TargetInvocationException failure)
            {
                return failure.InnerException;
            }
            catch (Exception failure)
            {
                return failure;
            }
        }

        private static IEnumerable<MethodInfo> All()
        {
            foreach (Type type in typeof(Suite).Assembly.GetTypes())
            {
                if (type.Name.EndsWith("Tests", StringComparison.Ordinal))
                {
                    foreach (MethodInfo method in type.GetMethods(BindingFlags.Static | BindingFlags.Public))
                    {
                        yield return method;
                    }
                }
            }
        }
    }

    /// <summary>What tests work with: the emulator, its account, and the repository.</summary>
    internal sealed class Stage
    {
        internal Stage(string root)
        {
            Root = root;
            Config = Environment.GetEnvironmentVariable("EPI_CONFIG");
            SecretText = Environment.GetEnvironmentVariable("EPI_SECRET");
            Emulator = new EmulatorControl((string)((Dictionary<string, object>)Json.Read(Config))["endpoint"]);
        }

        internal string Root { get; }

        internal string Config { get; }

        internal string SecretText { get; }

        internal EmulatorControl Emulator { get; }

        internal void Clear()
        {
            Emulator.Send("DELETE", "faults", null);
            Emulator.Send("DELETE", "requests", null);
        }

        internal Client NewClient()
        {
            return new Client(Config, Encoding.UTF8.GetBytes(SecretText));
        }

        internal string ReadFile(string path)
        {
            return File.ReadAllText(Path.Combine(Root, path));
        }

        /// <summary>Leaves a task running that will not end.</summary>
        internal void Leave()
        {
            Emulator.Stall();
            NewClient().RunAsync("deployment.list", "{}");
            Check.Until(() => Emulator.Open() > 0, "a request stands open");
        }

        /// <summary>Starts a call whose request the service leaves open, and comes back when it has arrived there.</summary>
        internal Operation StartOpen(Client client, OperationOptions options = null)
        {
            int before = Emulator.Open();
            Emulator.Stall();
            Operation operation = client.Start("deployment.list", "{}", options);
            Check.Until(() => Emulator.Open() > before, "a request stands open");
            return operation;
        }
    }

    internal static class Check
    {
        /// <summary>What anything may take before the test gives up; nothing is judged by it.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        internal static void That(bool holds, string what)
        {
            if (!holds)
            {
                throw new InvalidOperationException("does not hold: " + what);
            }
        }

        internal static void Equal(object expected, object actual, string what)
        {
            That(Equals(expected, actual), what + " is " + (expected ?? "null") + " (it is " + (actual ?? "null") + ")");
        }

        internal static void Holds(string part, string text, string what)
        {
            That(text != null && text.Contains(part), what + " holds '" + part + "' (it is '" + text + "')");
        }

        internal static T Throws<T>(Action action) where T : Exception
        {
            try
            {
                action();
            }
            catch (T expected)
            {
                return expected;
            }
            throw new InvalidOperationException("no " + typeof(T).Name + " was thrown");
        }

        /// <summary>Looks until something holds.</summary>
        internal static void Until(Func<bool> holds, string what)
        {
            DateTime end = DateTime.UtcNow + Patience;
            while (!holds())
            {
                That(DateTime.UtcNow < end, what);
                Thread.Yield();
            }
        }
    }
}
