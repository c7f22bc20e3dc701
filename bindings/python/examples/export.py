"""Export a database to a file, with a progress line: export.py ENVIRONMENT DATABASE FILE.

The account is in EPI_CLIENT_KEY, EPI_CLIENT_SECRET and EPI_PROJECT_ID.
"""

import sys

import epicloud


def show(progress: epicloud.Progress) -> None:
    """Replace the previous line."""
    done = f"{progress.bytes_done or 0} of {progress.bytes_total} bytes" if progress.bytes_total else ""
    print(f"\r{progress.phase} {done}\033[K", end="", file=sys.stderr, flush=True)


environment, database, file = sys.argv[1:]
with epicloud.Client.from_environment() as client:
    saved = client.save_database_export(
        environment=environment,
        database_name=database,
        output_file=file,
        wait={"polling_interval_seconds": 5},
        progress=show,
    )
print(f"\n{saved['file']}: {saved['bytes']} bytes, verified by {saved['verified']}")
