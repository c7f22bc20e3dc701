// What is written down twice, here and in the library, says the same.

using System;
using System.Collections.Generic;
using System.Reflection;
using System.Text.RegularExpressions;
using EpiCloud.Interop.Native;

namespace EpiCloud.Interop.Tests
{
    internal static class LibraryTests
    {
        private const string Header = "capi/include/epicloud.h";

        public static void All_versions_agree(Stage stage)
        {
            string header = stage.ReadFile(Header);
            string version = Regex.Match(header, "#define EPI_VERSION \"(.*)\"").Groups[1].Value;
            Check.Equal(version, Library.Version, "the library's version");
            Check.Equal(version, NativeMethods.Version, "the version of the declarations");
            Assembly assembly = typeof(Client).Assembly;
            AssemblyInformationalVersionAttribute said = (AssemblyInformationalVersionAttribute)Attribute.GetCustomAttribute(
                assembly, typeof(AssemblyInformationalVersionAttribute));
            Check.Equal(version, said.InformationalVersion, "the assembly's version");
            Check.Equal(version + ".0", assembly.GetName().Version.ToString(), "the assembly's number");
            Check.Holds("<Version>" + version + "</Version>",
                stage.ReadFile("bindings/dotnet/src/EpiCloud.Interop.csproj"), "the project");
            int abi = int.Parse(Regex.Match(header, "#define EPI_ABI_VERSION (\\d+)").Groups[1].Value);
            Check.Equal(abi, Library.AbiVersion, "the version of the ABI");
            Check.Equal((uint)abi, NativeMethods.AbiVersion, "the version of the ABI of the declarations");
        }

        public static void Statuses_are_those_of_the_table(Stage stage)
        {
            Dictionary<string, int> constants = new Dictionary<string, int>();
            foreach (FieldInfo field in typeof(EpiStatus).GetFields())
            {
                constants.Add(Regex.Replace(field.Name, "(?<=.)([A-Z])", "_$1").ToUpperInvariant(), (int)field.GetRawConstantValue());
            }
            Check.That(constants.Remove("OK") && constants.Remove("PENDING"), "there are OK and PENDING");
            List<object> rows = (List<object>)Json.Read(stage.ReadFile("tests/vectors/statuses.json"));
            foreach (Dictionary<string, object> row in rows)
            {
                string name = (string)row["name"];
                int value = (int)(long)row["value"];
                Check.That(constants.ContainsKey(name), "there is a constant for " + name);
                Check.Equal(value, constants[name], name);
                Check.Equal(name, Library.StatusName(value), "the name of " + value);
            }
            Check.Equal(rows.Count, constants.Count, "the number of constants");
            Check.Equal("OK", Library.StatusName(EpiStatus.Ok), "the name of success");
            Check.Equal("PENDING", Library.StatusName(EpiStatus.Pending), "the name of what still runs");
            Check.Equal(null, Library.StatusName(-1), "the name of no status");
        }

        public static void Phases_are_those_of_the_header(Stage stage)
        {
            MatchCollection phases = Regex.Matches(stage.ReadFile(Header), "^    EPI_PHASE_(\\w+) = (\\d+),", RegexOptions.Multiline);
            int next = 0;
            foreach (Match phase in phases)
            {
                NativeProgress native = new NativeProgress { Phase = int.Parse(phase.Groups[2].Value) };
                Check.Equal(phase.Groups[1].Value.ToLowerInvariant(), new Progress(native).PhaseName, "the phase " + native.Phase);
                next = Math.Max(next, native.Phase + 1);
            }
            Check.That(next > 0, "there are phases");
            // One that a newer library may have.
            Check.Equal(next.ToString(), new Progress(new NativeProgress { Phase = next }).PhaseName, "an unknown phase");
        }

        public static void Every_function_of_the_header_is_declared(Stage stage)
        {
            string[] left =
            {
                // Requests are built by the host's own JSON.
                "epi_json_quote",
                // Tasks are told the end by a thread that polls, which waits on no descriptor.
                "epi_operation_end_event",
            };
            foreach (Match function in Regex.Matches(stage.ReadFile(Header), "^(?!typedef|static)\\w[\\w \\*]*?(epi_\\w+)\\(", RegexOptions.Multiline))
            {
                string name = function.Groups[1].Value;
                MethodInfo method = typeof(NativeMethods).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic);
                Check.That((method == null) == (Array.IndexOf(left, name) >= 0), name + " is declared, or left out on purpose");
            }
        }

        public static void What_is_public_is_what_is_written_down(Stage stage)
        {
            string[] written = stage.ReadFile("bindings/dotnet/tests/surface.txt").Split(new[] { '\n' }, StringSplitOptions.RemoveEmptyEntries);
            List<string> found = new List<string>(Surface.Lines());
            foreach (string line in written)
            {
                Check.That(found.Contains(line), "there is '" + line + "' as surface.txt says");
            }
            foreach (string line in found)
            {
                Check.That(Array.IndexOf(written, line) >= 0, "surface.txt holds '" + line + "' (write it by the command surface)");
            }
        }
    }
}
