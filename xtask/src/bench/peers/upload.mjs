// upload.mjs FILE BLOB-NAME [NUMBER]: with the SDK's defaults, or blocks of 8 MiB, NUMBER at a time.
// The link to the container is in EPI_SAS_URL.

import { ContainerClient } from "@azure/storage-blob";

const [file, name, number] = process.argv.slice(2);
// A small limit for single requests, so that every file goes in blocks.
const options = number ? { blockSize: 8 << 20, maxSingleShotSize: 4 << 20, concurrency: Number(number) } : {};
await new ContainerClient(process.env.EPI_SAS_URL).getBlockBlobClient(name).uploadFile(file, options);
