"""Process 1 of a host: host_init.py NAME FOLDER OWN...: gives the host files of its own above those
of the machine, and reaps orphaned processes."""

import os
import subprocess
import sys
import time

name, folder, *own = sys.argv[1:]


def run(*command):
    subprocess.run(command, check=True)


run("mount", "--make-rprivate", "/")
# What was installed, and the tools that stand in for others.
run("mount", "--bind", f"{folder}/../installed/usr/local", "/usr/local")
run("mount", "--bind", f"{folder}/../bin", "/usr/local/bin")
for path in own:
    if path == "run":
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
        continue
    run("mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir=/{path},upperdir={folder}/{path}/upper,workdir={folder}/{path}/work", f"/{path}")
run("hostname", name)
run("ip", "link", "set", "lo", "up")
print("ready", flush=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.1)
