"""upload.py FILE BLOB-NAME [NUMBER]: with the SDK's defaults, or blocks of 8 MiB, NUMBER at a time.

The link to the container is in EPI_SAS_URL.
"""

import os
import sys

from azure.storage.blob import ContainerClient

file, name, *number = sys.argv[1:]
of_client, of_upload = {}, {}
if number:
    # A small limit for single requests, so that every file goes in blocks.
    of_client = {"max_block_size": 8 << 20, "max_single_put_size": 4 << 20}
    of_upload = {"max_concurrency": int(number[0])}
container = ContainerClient.from_container_url(os.environ["EPI_SAS_URL"], **of_client)
with open(file, "rb") as content:
    container.upload_blob(name, content, overwrite=True, **of_upload)
