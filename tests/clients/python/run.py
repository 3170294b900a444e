"""Runs every test beside it against one conformance server, the classes side by side: `python run.py [NAME…]`.

CONFORMANCE_URL names a server that runs already, CONFORMANCE_PROTOCOLS what it speaks (`json,messagepack`).
Ends with `N passed, M failed`.
"""

import os
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
LIMIT = 240


def start_server():
    if url := os.environ.get('CONFORMANCE_URL'):
        return None, url
    target = os.environ.get('CARGO_TARGET_DIR') or HERE.parents[2] / 'target'
    binary = os.environ.get('CONFORMANCE_BINARY') or Path(target) / 'debug/examples/conformance'
    server = subprocess.Popen([binary, '--listen', '127.0.0.1:0'], stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if line.startswith('Now listening on: '):
            return server, line.split(': ', 1)[1].strip()
    raise RuntimeError('the conformance server ended before it listened')


def classes(suite):
    """The suites of one class each."""
    found = {}
    pending = [suite]
    while pending:
        for test in pending.pop():
            if isinstance(test, unittest.TestSuite):
                pending.append(test)
            else:
                found.setdefault(type(test), unittest.TestSuite()).addTest(test)
    return list(found.values())


class Result(unittest.TestResult):
    lock = threading.Lock()

    def say(self, mark, test, error=None):
        with self.lock:
            print(f'{mark} {type(test).__name__}: {test.shortDescription() or test.id()}')
            if error:
                print('  ' + self._exc_info_to_string(error, test).replace('\n', '\n  '))

    def addSuccess(self, test):
        self.say('✔', test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say('✖', test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.say('✖', test, err)


def play(suite):
    result = Result()
    suite.run(result)
    return result


def main():
    server, url = start_server()
    os.environ['CONFORMANCE_URL'] = url
    # What hangs fails the run instead of holding it up: a thread of a client cannot be ended from outside.
    watch = threading.Timer(LIMIT, lambda: (print(f'not done after {LIMIT} s\n0 passed, 1 failed', flush=True), os._exit(1)))
    watch.daemon = True
    watch.start()
    try:
        sys.path.insert(0, str(HERE))
        names = [f'test_{name}' for name in sys.argv[1:]] or sorted(path.stem for path in HERE.glob('test_*.py'))
        suites = classes(unittest.defaultTestLoader.loadTestsFromNames(names))
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(play, suites))
    finally:
        if server:
            server.kill()
    failed = sum(len(result.failures) + len(result.errors) for result in results)
    run = sum(result.testsRun for result in results)
    print(f'{max(run - failed, 0)} passed, {failed} failed', flush=True)
    os._exit(1 if failed or not run else 0)  # threads of clients may still wait for something


if __name__ == '__main__':
    main()
