"""signalrcore 1.0.2 by each of its transports.

What this client cannot do, whatever the server: answer the server's questions (a handler's result goes nowhere);
cancel a stream (it has the message but no way to it; the test sends it by hand); learn the result of an upload (it
asks for none) or upload in MessagePack at all (it leaves out elements); poll in MessagePack (its binary polling
cannot be built); send a token with its polls; find out that polls fail, so reconnect by polling; keep up with polls
that bring several messages (it reads one of each answer, the rest when more comes: the tests keep asking); subscribe to a
stream before its first items may come (the tests do it between the two, as the call is sent).
"""

import logging
import unittest
import uuid
from unittest import mock

import msgpack
from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.messages.cancel_invocation_message import CancelInvocationMessage
from signalrcore.messages.stream_invocation_message import StreamInvocationMessage
from signalrcore.subject import Subject
from signalrcore.types import HttpTransportType, HubProtocolEncoding

from support import GUID, PROTOCOLS, TEXTS, Heard, Relay, invoking, url

logging.disable(logging.CRITICAL)


class Client:
    def __init__(self, case, hub='/conformance', at=None, token=None, reconnect=False):
        self.polls = case.transport == HttpTransportType.long_polling
        options = {'transport': case.transport}
        if token:
            options['access_token_factory'] = lambda: token
        builder = HubConnectionBuilder().with_url(at or url(hub), options=options).with_hub_protocol(
            HubProtocolEncoding.binary if case.is_binary else HubProtocolEncoding.text)
        if reconnect:
            builder = builder.with_automatic_reconnect({'type': 'raw', 'reconnect_interval': 0.2, 'keep_alive_interval': 1})
        self.hub = builder.build()
        self.said, self.results, self.opened, self.closed = Heard(), {}, Heard(), Heard()
        self.reconnected = Heard()
        self.hub.on('said', self.said.add)
        self.hub.on_open(lambda: self.opened.add(True))
        self.hub.on_close(lambda: self.closed.add(True))
        self.hub.on_reconnect(lambda: self.reconnected.add(True))
        self.hub.on_error(lambda message: self._ended(message.invocation_id).add(('error', message.error)))
        self.hub.start()
        case.addCleanup(self.stop)
        self.opened.until(1)

    def stop(self):
        # Its stop() waits until something arrives, so something shall.
        if self.hub.transport.is_connected():
            self.hub.invoke('Slow', [250])
        self.hub.stop()

    def _ended(self, invocation_id):
        return self.results.setdefault(invocation_id, Heard())

    def ask(self, method, *arguments):
        """What a call ended with: ('result', it) or ('error', its text)."""
        invocation_id = str(uuid.uuid4())
        ended = self._ended(invocation_id)
        self.hub.invoke(method, list(arguments), on_invocation=lambda message: ended.add(('result', message.result)), invocation_id=invocation_id)
        return self.wait(ended, 1)[0]

    def wait(self, heard, count):
        if not self.polls:
            return heard.until(count)
        for _ in range(200):
            try:
                return heard.until(count, 0.05)
            except AssertionError:
                self.hub.invoke('Nothing', [])
        return heard.until(count, 0)

    def stream(self, method, *arguments):
        items, transport = Heard(), self.hub.transport
        send = transport.send

        def subscribe_and_send(message):
            if isinstance(message, StreamInvocationMessage):
                ended, [handler] = self._ended(message.invocation_id), self.hub.stream_handlers[message.invocation_id]
                handler.subscribe({'next': items.add, 'complete': lambda _: ended.add(('complete', None)), 'error': ended.add})
            return send(message)

        with mock.patch.object(transport, 'send', subscribe_and_send):
            handler = self.hub.stream(method, list(arguments))
        return items, self._ended(handler.invocation_id), handler.invocation_id


class Promises:
    def client(self, **options):
        return Client(self, **options)

    def invoke(self, client, method, *arguments):
        kind, value = client.ask(method, *arguments)
        self.assertEqual(kind, 'result', value)
        return value

    def test_echo(self):
        """texts come back as they went"""
        client = self.client()
        for text in [*TEXTS, 'x' * 20_000]:
            self.assertEqual(self.invoke(client, 'Echo', text), text)

    def test_values(self):
        """values of every kind come back as they went"""
        client = self.client()
        values = [('EchoGuid', GUID), ('EchoList', [1, -2, 3]), ('EchoNullable', None), ('EchoNullable', 7), ('EchoDouble', 0.5), ('EchoLong', 2**53 + 1),
                  ('EchoJson', {'b': 1, 'a': [True, None, 'x', {'z': 1.5}]})]
        if self.is_binary:
            values += [('EchoBytes', b'\0\1\xff'), ('EchoEnum', 'Green'), ('EchoDateTime', msgpack.Timestamp(1704110400, 250_000_000)),
                       ('EchoDateTimeOffset', [msgpack.Timestamp(1704110400), 120])]
        else:
            values += [('EchoBytes', 'AAH/'), ('EchoEnum', 1), ('EchoDateTime', '2024-01-01T12:00:00.25Z'), ('EchoDateTimeOffset', '2024-01-01T12:00:00+02:00')]
        for method, value in values:
            self.assertEqual(self.invoke(client, method, value), value, method)
        given = {'Id': 1, 'Name': 'n', 'Tags': ['a'], 'Counts': {'x': 1}}
        back = self.invoke(client, 'EchoComplex', given)
        for name, value in given.items():
            self.assertEqual(back[name if self.is_binary else name[0].lower() + name[1:]], value)
        self.assertIsNone(self.invoke(client, 'Nothing'))

    def test_groups(self):
        """a group hears what is said to it, and a stranger does not"""
        a, b, group = self.client(), self.client(), str(uuid.uuid4())
        self.invoke(a, 'JoinGroup', group)
        self.invoke(b, 'ToGroup', group, 'to the group')
        self.invoke(b, 'ToOthersInGroup', group, 'to the others')
        self.invoke(a, 'LeaveGroup', group)
        self.invoke(b, 'ToGroup', group, 'to nobody')
        for client in (a, b):
            self.invoke(a, 'ToClient', self.invoke(client, 'ConnectionId'), 'to you')
        self.assertEqual(a.wait(a.said, 3), [['to the group'], ['to the others'], ['to you']])
        self.assertEqual(b.wait(b.said, 1), [['to you']])

    def test_streams_down(self):
        """several streams bring their items in order"""
        client = self.client()
        streams = [client.stream('Counter', 5 + i, 10) for i in range(3)]
        for i, (items, ended, _) in enumerate(streams):
            self.assertEqual(client.wait(ended, 1), [('complete', None)])
            self.assertEqual(items.items, list(range(5 + i)))

    def test_stream_error(self):
        """a stream that breaks brings what it had and then the error"""
        client = self.client()
        items, ended, _ = client.stream('FailingHubStream', 2)
        self.assertEqual(client.wait(ended, 1), [('error', 'An error occurred on the server while streaming results. HubException: a public stream reason')])
        self.assertEqual(items.items, [0, 1])

    def test_cancel(self):
        """a stream that is cancelled ends"""
        client = self.client()
        items, ended, invocation_id = client.stream('Counter', 1_000_000, 20)
        client.wait(items, 2)
        client.hub.transport.send(CancelInvocationMessage(invocation_id, headers={}))
        self.assertEqual(client.wait(ended, 1), [('complete', None)])

    def test_errors(self):
        """a call that fails says why, and the connection goes on"""
        client = self.client()
        self.assertEqual(client.ask('FailHub'), ('error', invoking('FailHub', ' HubException: a public reason')))
        self.assertEqual(client.ask('Fail'), ('error', invoking('Fail')))
        self.assertEqual(client.ask('Nope'), ('error', "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."))
        self.assertEqual(client.ask('Add', 1), ('error', "Failed to invoke 'Add' due to an error on the server."))
        self.assertEqual(client.ask('Add', 1, 2), ('result', 3))

    def test_stop(self):
        """stop ends cleanly"""
        client = self.client()
        client.stop()
        client.closed.until(1)


class Uploads:
    def test_upload(self):
        """an upload is taken, and the connection goes on"""
        client, subject = self.client(), Subject()
        client.hub.invoke('Concat', subject)
        for item in ('a', 'b', 'c'):
            subject.next(item)
        subject.complete()
        self.assertEqual(self.invoke(client, 'Echo', 'on'), 'on')


class Tokens:
    def test_token(self):
        """a token opens the private hub, and without one it is closed"""
        client = self.client(hub='/private', token='user-ann')
        self.assertEqual(self.invoke(client, 'NeedsUser'), 'ann')
        with self.assertRaisesRegex(Exception, '401'):
            self.client(hub='/private')


class Reconnects:
    def test_reconnect(self):
        """the client comes back when the line breaks"""
        relay = Relay()
        self.addCleanup(relay.stop)
        client = self.client(at=relay.url + '/conformance', reconnect=True)
        before = self.invoke(client, 'ConnectionId')
        relay.tell('cut')
        client.reconnected.until(1)
        self.assertNotEqual(self.invoke(client, 'ConnectionId'), before)


def case(name, transport, is_binary, *promises):
    if ('messagepack' if is_binary else 'json') in PROTOCOLS:
        globals()[name] = type(name, (*promises, Promises, unittest.TestCase), {'transport': transport, 'is_binary': is_binary, '__module__': __name__})


case('WebSocketsJson', HttpTransportType.web_sockets, False, Uploads, Tokens, Reconnects)
case('WebSocketsMessagePack', HttpTransportType.web_sockets, True, Tokens, Reconnects)
case('EventsJson', HttpTransportType.server_sent_events, False, Uploads, Tokens, Reconnects)
case('PollingJson', HttpTransportType.long_polling, False, Uploads)
