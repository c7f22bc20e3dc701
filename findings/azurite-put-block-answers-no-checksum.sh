#!/usr/bin/env bash
# Azurite 3.35.0: the answer to Put Block holds no checksum, although Azure's reference says that it does.
#
# "Put Block" (Azure Storage REST reference, response headers) answers with Content-MD5 or x-ms-content-crc64, computed by
# the service, so that a client can see what was stored. Azurite checks a Content-MD5 that the request carries (a wrong one
# is refused with 400), but its 201 has neither header. A client that believes only what is confirmed, as a proxy on the way
# may drop the request's header, cannot confirm a block in Azurite and has to say so.
#
# Seen with azurite 3.35.0 and @azure/storage-blob 12.31.0 on Node.js 20. Needs node and npm; uses loopback alone.
set -euo pipefail

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund azurite@3.35.0 @azure/storage-blob@12.31.0

# A free port; nobody else on a loopback address takes it before Azurite does.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
node node_modules/azurite/dist/src/blob/main.js --blobHost 127.0.0.1 --blobPort "$port" --location "$work/data" --silent --skipApiVersionCheck > log 2>&1 &
server=$!

cat > look.mjs <<'JS'
import { createHash } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";

const port = process.argv[2];
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const service = BlobServiceClient.fromConnectionString(
  `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};BlobEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`,
  { retryOptions: { maxTries: 20, retryDelayInMs: 250, maxRetryDelayInMs: 250 } });
const container = service.getContainerClient("finding");
await container.createIfNotExists();
const blob = container.getBlockBlobClient("block");
const content = Buffer.from("a block");
const md5 = createHash("md5").update(content).digest();
const id = Buffer.from("0001").toString("base64");

const staged = await blob.stageBlock(id, content, content.length, { transactionalContentMD5: md5 });
const headers = staged._response.headers;
const wrong = await blob.stageBlock(id, content, content.length, { transactionalContentMD5: Buffer.alloc(16) })
  .then(() => "accepted", (error) => `refused with ${error.statusCode}`);
const seen = {
  status: staged._response.status,
  "content-md5": headers.get("content-md5") ?? "absent",
  "x-ms-content-crc64": headers.get("x-ms-content-crc64") ?? "absent",
  "a wrong MD5": wrong,
};
console.log(JSON.stringify(seen, null, 2));
const expected = { status: 201, "content-md5": "absent", "x-ms-content-crc64": "absent", "a wrong MD5": "refused with 400" };
if (JSON.stringify(seen) !== JSON.stringify(expected)) {
  console.error("this is not what was seen before");
  process.exit(1);
}
JS
node look.mjs "$port"
