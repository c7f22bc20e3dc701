// The members of the objects that the cmdlets of PowerShell give. The objects themselves are what the service sends; these
// types have their names, so that a shell which looks for a type of that name can complete members. Nothing is made of them.

namespace EpiCloud
{
    /// <summary>A deployment, as the cmdlets of PowerShell give it.</summary>
    public abstract class Deployment
    {
        /// <summary>The id.</summary>
        public abstract string Id { get; }

        /// <summary>The project.</summary>
        public abstract string ProjectId { get; }

        /// <summary>The word of the service, such as <c>AwaitingVerification</c>.</summary>
        public abstract string Status { get; }

        /// <summary>When it started.</summary>
        public abstract object StartTime { get; }

        /// <summary>When it ended; null before.</summary>
        public abstract object EndTime { get; }

        /// <summary>How far it is, 0 to 100.</summary>
        public abstract long PercentComplete { get; }

        /// <summary>Where the slot can be looked at.</summary>
        public abstract string[] ValidationLinks { get; }

        /// <summary>The warnings of the service.</summary>
        public abstract string[] DeploymentWarnings { get; }

        /// <summary>The errors of the service.</summary>
        public abstract string[] DeploymentErrors { get; }

        /// <summary>What was asked for.</summary>
        public abstract DeploymentParameters Parameters { get; }
    }

    /// <summary>What was asked of a deployment, as far as it was given.</summary>
    public abstract class DeploymentParameters
    {
        /// <summary>The environment that is deployed to.</summary>
        public abstract string TargetEnvironment { get; }

        /// <summary>The environment that is copied from.</summary>
        public abstract string SourceEnvironment { get; }

        /// <summary>The applications that are copied.</summary>
        public abstract string[] SourceApps { get; }

        /// <summary>The packages.</summary>
        public abstract string[] Packages { get; }

        /// <summary>Whether a maintenance page is shown.</summary>
        public abstract bool MaintenancePage { get; }

        /// <summary><c>ReadOnly</c> or <c>ReadWrite</c>.</summary>
        public abstract string ZeroDowntimeMode { get; }

        /// <summary>Whether the blobs are copied.</summary>
        public abstract bool IncludeBlob { get; }

        /// <summary>Whether the databases are copied.</summary>
        public abstract bool IncludeDb { get; }

        /// <summary>Whether it goes straight to the site.</summary>
        public abstract bool DirectDeploy { get; }
    }

    /// <summary>A database export, as the cmdlets of PowerShell give it.</summary>
    public abstract class DatabaseExport
    {
        /// <summary>The id.</summary>
        public abstract string Id { get; }

        /// <summary>The project.</summary>
        public abstract string ProjectId { get; }

        /// <summary>The environment.</summary>
        public abstract string Environment { get; }

        /// <summary>The database.</summary>
        public abstract string DatabaseName { get; }

        /// <summary>The name of the database for people.</summary>
        public abstract string DatabaseDisplayName { get; }

        /// <summary>The name of the file.</summary>
        public abstract string BacpacName { get; }

        /// <summary>The word of the service, such as <c>Succeeded</c>.</summary>
        public abstract string Status { get; }

        /// <summary>The link to the file once it is there; a secret while it is valid.</summary>
        public abstract string DownloadLink { get; }
    }

    /// <summary>A database export that was downloaded.</summary>
    public abstract class SavedDatabaseExport
    {
        /// <summary>The id of the export.</summary>
        public abstract string Id { get; }

        /// <summary>The environment.</summary>
        public abstract string Environment { get; }

        /// <summary>The database.</summary>
        public abstract string DatabaseName { get; }

        /// <summary>The word of the service.</summary>
        public abstract string Status { get; }

        /// <summary>The full path of the file.</summary>
        public abstract string File { get; }

        /// <summary>Its length.</summary>
        public abstract long Bytes { get; }

        /// <summary>Its MD5, in Base64.</summary>
        public abstract string ContentMd5 { get; }

        /// <summary>By what it was verified: <c>md5</c> or <c>size</c>.</summary>
        public abstract string Verified { get; }

        /// <summary>How much of it was there from an interrupted download.</summary>
        public abstract long ResumedBytes { get; }

        /// <summary>The number of requests that were repeated.</summary>
        public abstract long Retries { get; }

        /// <summary><c>checked</c> where the structure of the file was checked.</summary>
        public abstract string Structure { get; }

        /// <summary>What an import may stumble over: objects with <c>code</c> and <c>text</c>.</summary>
        public abstract object[] Warnings { get; }
    }

    /// <summary>A package that was uploaded.</summary>
    public abstract class PackageUpload
    {
        /// <summary>The name of the package.</summary>
        public abstract string BlobName { get; }

        /// <summary>Its length.</summary>
        public abstract long Bytes { get; }

        /// <summary>Its MD5, in Base64.</summary>
        public abstract string ContentMd5 { get; }

        /// <summary>The number of blocks.</summary>
        public abstract long Blocks { get; }

        /// <summary>How much of it was there from an interrupted upload.</summary>
        public abstract long ResumedBytes { get; }

        /// <summary>The number of requests that were repeated.</summary>
        public abstract long Retries { get; }

        /// <summary>By what each block was confirmed: <c>crc64</c>, <c>contentMd5</c> or <c>unverified</c>.</summary>
        public abstract string Integrity { get; }
    }

    /// <summary>The storage containers of an environment.</summary>
    public abstract class StorageContainer
    {
        /// <summary>The project.</summary>
        public abstract string ProjectId { get; }

        /// <summary>The environment.</summary>
        public abstract string Environment { get; }

        /// <summary>The names of the containers.</summary>
        public abstract string[] StorageContainers { get; }
    }

    /// <summary>A link to a storage container.</summary>
    public abstract class StorageContainerSasLink
    {
        /// <summary>The project.</summary>
        public abstract string ProjectId { get; }

        /// <summary>The environment.</summary>
        public abstract string Environment { get; }

        /// <summary>The name of the container.</summary>
        public abstract string ContainerName { get; }

        /// <summary>The link; a secret while it is valid.</summary>
        public abstract string SasLink { get; }

        /// <summary>When it expires.</summary>
        public abstract object ExpiresOn { get; }
    }

    /// <summary>What <c>Connect-EpiCloud</c> gives.</summary>
    public abstract class Connection
    {
        /// <summary>The project, if one was given.</summary>
        public abstract string ProjectId { get; }

        /// <summary>The key.</summary>
        public abstract string ClientKey { get; }

        /// <summary>Whether the service has accepted the credentials.</summary>
        public abstract bool AuthenticationVerified { get; }
    }
}
