// What dotnet pack would put into the package, read from the project: no test has an SDK for certain.

using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Text.RegularExpressions;
using System.Xml;

namespace EpiCloud.Interop.Tests
{
    internal static class PackageTests
    {
        private const string Project = "bindings/dotnet/src/EpiCloud.Interop.csproj";

        private static readonly string[] Always =
        {
            "EpiCloud.Interop.targets>build/", "EpiCloud.Interop.targets>buildTransitive/", "README.md>/",
        };

        public static void One_platform_is_enough_for_a_package(Stage stage)
        {
            string rid = NativePlatform.Current.Rid;
            string file = Path.GetFileName(NativePlatform.Current.FileBelow(Program.LibFolder));
            List<string> expected = new List<string>(Always) { file + ">runtimes/" + rid + "/native/" };
            Check.Equal(string.Join(" ", expected), string.Join(" ", Packed(stage, Program.LibFolder)), "the content");
        }

        public static void Every_platform_is_packed_if_it_is_there(Stage stage)
        {
            string folder = Path.Combine(Path.GetTempPath(), "epicloud-pack-" + Guid.NewGuid().ToString("N"));
            try
            {
                List<string> expected = new List<string>(Always);
                foreach (string rid in NativePlatform.Supported)
                {
                    string file = rid.StartsWith("win", StringComparison.Ordinal) ? "epicloud.dll"
                        : rid.StartsWith("osx", StringComparison.Ordinal) ? "epicloud.dylib" : "epicloud.so";
                    Directory.CreateDirectory(Path.Combine(folder, rid));
                    File.WriteAllText(Path.Combine(folder, rid, file), string.Empty);
                    expected.Add(file + ">runtimes/" + rid + "/native/");
                }
                expected.Sort(StringComparer.Ordinal);
                Check.Equal(string.Join(" ", expected), string.Join(" ", Packed(stage, folder)), "the content");
            }
            finally
            {
                Directory.Delete(folder, true);
            }
        }

        /// <summary>
        /// The packed files, each with its folder in the package, by the little of MSBuild that the project needs. A file
        /// that an item names and that is missing fails here as it fails there.
        /// </summary>
        private static List<string> Packed(Stage stage, string nativeFolder)
        {
            XmlDocument project = new XmlDocument();
            project.LoadXml(stage.ReadFile(Project).Replace("$(NativeFolder)", nativeFolder));
            string folder = Path.GetDirectoryName(Path.Combine(stage.Root, Project));
            List<string> packed = new List<string>();
            foreach (XmlElement item in project.SelectNodes("/Project/ItemGroup/None[@Pack='true']"))
            {
                string list = Regex.Match(item.GetAttribute("Include"), @"^@\((\w+)\)$").Groups[1].Value;
                foreach (XmlElement source in list.Length == 0
                    ? (IEnumerable)new[] { item } : project.SelectNodes("/Project/ItemGroup/" + list))
                {
                    string file = Path.Combine(folder, source.GetAttribute("Include"));
                    Match condition = Regex.Match(source.GetAttribute("Condition"), @"^Exists\('(.*)'\)$");
                    if (condition.Success && !File.Exists(condition.Groups[1].Value))
                    {
                        continue;
                    }
                    Check.That(File.Exists(file), "there is a file " + file);
                    foreach (string place in source.GetAttribute("PackagePath").Split(';'))
                    {
                        packed.Add(Path.GetFileName(file) + ">" + place);
                    }
                }
            }
            packed.Sort(StringComparer.Ordinal);
            return packed;
        }
    }
}
