# SPDX-License-Identifier: Apache-2.0
"""A folder with the shipped channels, and where asked for a running engine with its two receiving systems, so that
the examples of every command can be run as they stand: only ports, the configuration's place, an id and durations
change."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stage:
    def __init__(self, afferent, top):
        self.ports, self.processes, self.message = {}, [], None
        self.folder = tempfile.mkdtemp(prefix="stage-")
        for shipped in ("examples", "channels", "mappings"):
            shutil.copytree(os.path.join(top, shipped), os.path.join(self.folder, shipped))
        shutil.copy(os.path.join(self.folder, "examples", "afferent.yaml"), self.folder)
        os.mkdir(os.path.join(self.folder, "bin"))
        os.symlink(os.path.abspath(afferent), os.path.join(self.folder, "bin", "afferent"))
        for name in os.listdir(os.path.join(self.folder, "channels")):
            if name.endswith(".yaml"):
                self.rewrite(os.path.join(self.folder, "channels", name))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        shutil.rmtree(self.folder)

    def move_ports(self, text):
        """Every local port becomes a free one, the same one everywhere."""
        return re.sub(r"(127\.0\.0\.1|0\.0\.0\.0):(\d+)",
                      lambda m: f"127.0.0.1:{self.ports.setdefault(m.group(2), free_port())}", text)

    def rewrite(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        # A sample window is pending until it closes; nobody wants to wait for that here.
        text = re.sub(r"^\s*sample:.*\n", "", self.move_ports(text), flags=re.M)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def localise(self, line):
        line = self.move_ports(line)
        line = line.replace("/etc/afferent", ".").replace("demo/afferent.sock", "afferent.sock")
        line = re.sub(r"--for \d+s", "--for 1s", re.sub(r"--(repeat|count) \d+", r"--\1 50", line))
        return line.replace("1795163400123456", str(self.message))

    def shell(self, command):
        env = dict(os.environ, PATH=os.path.join(self.folder, "bin") + ":" + os.environ["PATH"], TZ="UTC")
        return subprocess.run(["bash", "-c", command], cwd=self.folder, env=env, timeout=60, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)

    def run(self, line):
        """What is wrong, as a list of lines. 1 is an answer too: nothing is dead here, for instance."""
        done = self.shell(self.localise(line))
        return [] if done.returncode in (0, 1) else [f"exit {done.returncode}", done.stdout]

    def run_until_stopped(self, line):
        done = self.shell(f"timeout --preserve-status --signal TERM 1 {self.localise(line)}")
        return [] if done.returncode == 0 else [f"exit {done.returncode}", done.stdout]

    def background(self, *words):
        with open(os.path.join(self.folder, f"{words[0]}.log"), "w", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([os.path.join(self.folder, "bin", "afferent"), *words],
                                                   cwd=self.folder, stdout=log, stderr=log))

    def start(self):
        """Engine and receiving systems, one message delivered everywhere."""
        ehr, fhir, monitors = (self.move_ports(f"127.0.0.1:{port}") for port in (6661, 8080, 2575))
        self.background("receive", "--mllp", ehr, "--fhir", fhir)
        self.background("run", ".")
        done = self.shell(f"afferent status --wait 20s . && afferent send --to {monitors} examples/monitor.hl7 && "
                          "afferent status --wait 20s --drained . && afferent journal search --json --limit 1 | "
                          "grep -o '\"id\":[0-9]*' | tr -dc 0-9")
        self.message = done.stdout.splitlines()[-1] if done.stdout else ""
        return [] if done.returncode == 0 and self.message.isdigit() else [done.stdout]
