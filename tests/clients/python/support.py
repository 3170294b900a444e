"""What the tests of both clients share."""

import os
import subprocess
import threading
from pathlib import Path

GUID = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'
LIMIT = 15
PROTOCOLS = os.environ.get('CONFORMANCE_PROTOCOLS', 'json,messagepack').split(',')
TEXTS = ['hello', '', 'héllo ✓ 🎉 "quoted" \\ \u2028', 'tab\t newline\n nul\0 del\x7f']


def url(hub='/conformance'):
    return os.environ['CONFORMANCE_URL'] + hub


def invoking(target, reason=''):
    return f"An unexpected error occurred invoking '{target}' on the server.{reason}"


class Heard:
    """What came in, in order, and a way to wait for it from another thread."""

    def __init__(self):
        self.items = []
        self._changed = threading.Condition()

    def add(self, item):
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def until(self, count, limit=LIMIT):
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.items) >= count, limit):
                raise AssertionError(f'{count} were to come in {limit} s, and there are only {self.items}')
            return list(self.items)


class Relay:
    """The relay of relay.mjs, which breaks the line when it is told to."""

    def __init__(self):
        script = Path(__file__).resolve().parent.parent / 'relay.mjs'
        self._process = subprocess.Popen(['node', script, os.environ['CONFORMANCE_URL']], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.url = self._process.stdout.readline().strip()

    def tell(self, command):
        self._process.stdin.write(command + '\n')
        assert self._process.stdout.readline().strip() == command.split(' ')[0]

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
