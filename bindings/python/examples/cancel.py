"""Export a database with asyncio; Ctrl-C cancels, and a run with its id resumes it: cancel.py DATABASE FILE [ID].

The account is in EPI_CLIENT_KEY, EPI_CLIENT_SECRET and EPI_PROJECT_ID.
"""

import asyncio
import sys

import epicloud
import epicloud.aio

database, file, identity = [*sys.argv[1:], None][:3]


async def export() -> None:
    """Show what the service has accepted, so that you can resume it."""
    async with epicloud.aio.Client.from_environment() as client:
        operation = client.start.save_database_export(
            environment="Production",
            database_name=str(database),
            output_file=str(file),
            id=identity,
            wait={"polling_interval_seconds": 5},
        )
        async with operation:
            said = False
            async for progress in operation:
                for event in [] if said else operation.events()["events"]:
                    if event["event"] == "accepted":
                        print(f"export {event['id']} is accepted", flush=True)
                        said = True
                print(progress.phase, progress.bytes_done or "", flush=True)
            print((await operation)["verified"])


try:
    asyncio.run(export())
except KeyboardInterrupt:
    sys.exit("cancelled; what was downloaded is kept")
