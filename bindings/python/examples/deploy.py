"""Upload packages and deploy them, with the service's messages: deploy.py ENVIRONMENT PACKAGE...

The account is in EPI_CLIENT_KEY, EPI_CLIENT_SECRET and EPI_PROJECT_ID.
"""

import sys

import epicloud

environment, *packages = sys.argv[1:]
with epicloud.Client.from_environment() as client:
    files: list[epicloud.types.PackageFile] = [{"path": package} for package in packages]
    try:
        with client.start.deploy_packages(
            files=files, target_environment=environment, wait={"polling_interval_seconds": 5}
        ) as operation:
            seen = 0
            for progress in operation:
                events = operation.events(after=seen)
                seen = events["lastSeq"]
                for event in events["events"]:
                    print(progress.phase, event["event"], event.get("text") or event.get("status") or "")
            deployment = operation.result()["deployment"]
    except epicloud.JobFailed as error:
        sys.exit(f"the deployment failed: {error}")
print(f"deployment {deployment['id']}: {deployment['status']}")
