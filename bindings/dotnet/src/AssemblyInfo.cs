// The attributes that both compilers take from here, so that their assemblies say the same.

using System;
using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("EpiCloud.Interop")]
[assembly: AssemblyProduct("epicloud")]
[assembly: AssemblyDescription("Deploys to and exports databases from the Optimizely DXP cloud, over the native library epicloud.")]
[assembly: AssemblyVersion("0.1.0.0")]
[assembly: AssemblyFileVersion("0.1.0.0")]
[assembly: AssemblyInformationalVersion(EpiCloud.Interop.Native.NativeMethods.Version)]
[assembly: CLSCompliant(true)]
[assembly: InternalsVisibleTo("EpiCloud.Interop.Tests")]
