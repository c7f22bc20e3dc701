// The functions of include/epicloud.h, declared and nothing else. Texts go in as UTF-8 bytes with a NUL at the end and
// come out as addresses, because the marshallers for UTF-8 are not in netstandard2.0.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using EpiCloud.Interop.Handles;

namespace EpiCloud.Interop.Native
{
    /// <summary>The shape that all calls have.</summary>
    internal delegate int NativeCall(
        ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

    internal static class NativeMethods
    {
        /// <summary>No prefix and no extension: each platform adds its own.</summary>
        internal const string Library = "epicloud";

        /// <summary>EPI_ABI_VERSION of the header that these declarations follow.</summary>
        internal const uint AbiVersion = 2;

        /// <summary>EPI_VERSION of that header.</summary>
        internal const string Version = "0.1.0";

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern uint epi_abi_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_abi_check(uint headerVersion, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern IntPtr epi_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern IntPtr epi_status_name(int status);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern void epi_string_free(IntPtr text);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_client_new(
            byte[] config, byte[] secret, UIntPtr secretLength, out ClientHandle client, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_client_cancel_all(ClientHandle client);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern void epi_client_free(IntPtr client);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_operation_wait(OperationHandle operation, long timeoutMilliseconds);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_operation_progress(OperationHandle operation, ref NativeProgress progress);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_operation_events(OperationHandle operation, ulong afterSequence, out IntPtr json);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_operation_result(OperationHandle operation, out IntPtr json, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int epi_operation_cancel(OperationHandle operation);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern void epi_operation_free(IntPtr operation);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern IntPtr epi_error_json(ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern void epi_error_free(IntPtr error);

        /// <summary>The calls by their names in the catalog.</summary>
        internal static readonly Dictionary<string, NativeCall> Calls = new Dictionary<string, NativeCall>(StringComparer.Ordinal)
        {
            { "connect", epi_client_verify },
            { "packageLocation.get", epi_package_location_get },
            { "package.upload", epi_package_upload },
            { "package.deploy", epi_package_deploy },
            { "deployment.start", epi_deployment_start },
            { "deployment.list", epi_deployment_list },
            { "deployment.get", epi_deployment_get },
            { "deployment.wait", epi_deployment_wait },
            { "deployment.complete", epi_deployment_complete },
            { "deployment.reset", epi_deployment_reset },
            { "databaseExport.start", epi_database_export_start },
            { "databaseExport.get", epi_database_export_get },
            { "databaseExport.wait", epi_database_export_wait },
            { "databaseExport.save", epi_database_export_save },
            { "storageContainer.list", epi_storage_container_list },
            { "storageSas.get", epi_storage_sas_get },
            { "edgeLogLocation.get", epi_edge_log_location_get },
        };

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_client_verify(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_package_location_get(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_package_upload(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_package_deploy(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_deployment_start(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_deployment_list(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_deployment_get(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_deployment_wait(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_deployment_complete(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_deployment_reset(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_database_export_start(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_database_export_get(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_database_export_wait(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_database_export_save(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_storage_container_list(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_storage_sas_get(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int epi_edge_log_location_get(
            ClientHandle client, byte[] request, ref NativeCallOptions options, out OperationHandle operation, out ErrorHandle error);
    }
}
