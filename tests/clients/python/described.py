"""Asks a server of its own everything that its description allows, and much that it does not, and holds every answer
against the description: `python described.py [--long]`. Ends with `N passed, M failed`, an operation each.

HUBWIRE_BINARY names the server; `--seed N` asks other things.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from openapi_spec_validator import validate

HERE = Path(__file__).resolve().parent
CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance'
# Ids in the examples, which are to lead somewhere.
CONVERSATION, GROUP, MESSAGE = (f'0190a1b2-0000-7000-8000-0000000000{end}' for end in ('c1', 'c2', 'a1'))


class Server:
    """With nobody's settings but ours, and without limits of how often: refusing everything proves nothing."""

    def __init__(self, folder):
        target = os.environ.get('CARGO_TARGET_DIR') or HERE.parents[2] / 'target'
        self.binary = os.environ.get('HUBWIRE_BINARY') or str(Path(target) / 'debug/hubwire')
        clean = {name: value for name, value in os.environ.items() if not name.startswith('HUBWIRE_')}
        limits = {f'HUBWIRE_LIMITS_{name}_PER_MINUTE': '0' for name in ('MESSAGES', 'REACTIONS', 'UPLOADS')}
        self.environment = {**clean, **limits, 'HUBWIRE_DATA_DIR': folder}
        self.folder = folder
        command = [self.binary, '--listen', '127.0.0.1:0']
        self.process = subprocess.Popen(command, env=self.environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith('Now listening on: '):
                self.url = line.split(': ', 1)[1].strip()
                return
        raise RuntimeError('the server ended before it listened')

    def token(self, user, *more):
        command = [self.binary, 'token', '--user', user, *more]
        return subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=True).stdout.strip()

    def ask(self, token, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header('Content-Type', 'application/json')
        request.add_header('Authorization', f'Bearer {token}')
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def something_to_ask_about(server, token):
    """What there is, by the ids of the examples."""
    group = server.ask(token, 'POST', '/api/Chat/groups', {'name': 'Weekend', 'memberIds': ['bob', 'carol']})['data']['id']
    direct = server.ask(token, 'POST', '/api/Chat/conversations/direct/bob')['data']['id']
    message = server.ask(token, 'POST', '/api/Chat/messages', {'conversationId': group, 'content': 'Who is in?'})['data']['id']
    server.ask(token, 'POST', f'/api/Chat/messages/{message}/reactions', {'emoji': '👍'})
    return {CONVERSATION: direct, GROUP: group, MESSAGE: message}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--long', action='store_true')
    arguments.add_argument('--seed', default='1')
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            token = server.token('ann', '--name', 'Ann Lee', '--scope', 'hubwire.admin')
            document = server.ask(token, 'GET', '/openapi.json')
            validate(document)
            operations = sum(len(methods) for methods in document['paths'].values())
            text = json.dumps(document)
            for example, real in something_to_ask_about(server, token).items():
                text = text.replace(example, real)
            described = Path(folder) / 'openapi.json'
            described.write_text(text)
            # By number, not by time: a slow machine is to ask as much as a fast one. What hangs fails.
            most, limit = ('200', None) if arguments.long else ('5', 400)
            command = [
                Path(sys.executable).parent / 'schemathesis', 'run', described, '--url', server.url, '--header', f'Authorization: Bearer {token}',
                '--checks', CHECKS, '--phases', 'examples,coverage,fuzzing', '--seed', arguments.seed, '--workers', '2',
                '--warnings', 'off', '--no-color', '--generation-database', 'none', '--max-examples', most,
            ]
            is_well = subprocess.run(command, cwd=folder, timeout=limit).returncode == 0 and server.process.poll() is None
        finally:
            server.process.kill()
    print(f'{operations} passed, 0 failed' if is_well else '0 passed, 1 failed', flush=True)
    sys.exit(0 if is_well else 1)


if __name__ == '__main__':
    main()
