"""pysignalr 1.3.3, which knows WebSockets alone.

What this client cannot do, whatever the server: cancel a stream (it has the message but keeps the stream's id to
itself; the test looks it up); learn the result of an upload (it asks for none); tell which call an error belongs to
without the id it made up (one handler hears all errors; the tests make one call at a time); stop by itself (the
tests end its task and close its socket). When the line breaks it tries the id it had once more, and negotiates anew
only when it is told that nobody knows it.
"""

import asyncio
import logging
import unittest
import uuid

import msgpack
from pysignalr.client import SignalRClient
from pysignalr.messages import CancelInvocationMessage
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol

from support import GUID, LIMIT, PROTOCOLS, TEXTS, Relay, invoking, url

logging.disable(logging.CRITICAL)


class Client:
    """A running client: what is said to it is in `said`, the answer of the one call that waits in `answers`."""

    def __init__(self, case, hub='/conformance', at=None, token=None):
        self.said, self.answers, self.opened = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()
        self.hub = SignalRClient(at or url(hub), protocol=MessagepackProtocol() if case.is_binary else JSONProtocol(),
                                 headers={'Authorization': f'Bearer {token}'} if token else None, retry_sleep=0.05, retry_count=3)
        self.hub.on('said', self.said.put)
        self.hub.on_open(lambda: self.opened.put(True))
        self.hub.on_error(lambda message: self.answers.put(('error', message.error)))

    async def _run(self):
        try:
            await self.hub.run()
        except Exception as error:
            await self.opened.put(error)

    async def start(self, case):
        self.task = asyncio.create_task(self._run())
        case.addAsyncCleanup(self.stop)
        opened = await asyncio.wait_for(self.opened.get(), LIMIT)
        if opened is not True:
            raise RuntimeError(repr(opened)) from None  # the client's own errors cannot be raised a second time
        return self

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if self.hub._transport._ws:
            await self.hub._transport._ws.close()

    async def ask(self, method, *arguments):
        """What a call ended with: ('result', it) or ('error', its text)."""
        async def ended(message):
            if not message.error:
                await self.answers.put(('result', message.result))
        await self.hub.send(method, list(arguments), ended)
        return await asyncio.wait_for(self.answers.get(), LIMIT)

    async def stream(self, method, *arguments, on_next=None):
        """The items of a stream and how it ended."""
        items, ended = [], asyncio.get_running_loop().create_future()

        async def next_item(item):
            items.append(item)
            if on_next:
                await on_next(items)

        async def complete(_):
            ended.set_result('complete')

        async def error(message):
            ended.set_result(message.error)
        await self.hub.stream(method, list(arguments), next_item, complete, error)
        return items, await asyncio.wait_for(ended, LIMIT)


class Promises:
    async def client(self, **options):
        return await Client(self, **options).start(self)

    async def invoke(self, client, method, *arguments):
        kind, value = await client.ask(method, *arguments)
        self.assertEqual(kind, 'result', value)
        return value

    async def test_echo(self):
        """texts come back as they went"""
        client = await self.client()
        for text in [*TEXTS, 'x' * 20_000]:
            self.assertEqual(await self.invoke(client, 'Echo', text), text)

    async def test_values(self):
        """values of every kind come back as they went"""
        client = await self.client()
        values = [('EchoGuid', GUID), ('EchoList', [1, -2, 3]), ('EchoNullable', None), ('EchoNullable', 7), ('EchoDouble', 0.5), ('EchoLong', 2**53 + 1),
                  ('EchoJson', {'b': 1, 'a': [True, None, 'x', {'z': 1.5}]})]
        if self.is_binary:
            values += [('EchoBytes', b'\0\1\xff'), ('EchoEnum', 'Green'), ('EchoDateTime', msgpack.Timestamp(1704110400, 250_000_000))]
        else:
            values += [('EchoBytes', 'AAH/'), ('EchoEnum', 1), ('EchoDateTime', '2024-01-01T12:00:00.25Z')]
        for method, value in values:
            self.assertEqual(await self.invoke(client, method, value), value, method)
        given = {'Id': 1, 'Name': 'n', 'Tags': ['a'], 'Counts': {'x': 1}}
        back = await self.invoke(client, 'EchoComplex', given)
        for name, value in given.items():
            self.assertEqual(back[name if self.is_binary else name[0].lower() + name[1:]], value)
        self.assertIsNone(await self.invoke(client, 'Nothing'))

    async def test_groups(self):
        """a group hears what is said to it, and a stranger does not"""
        a, b, group = await self.client(), await self.client(), str(uuid.uuid4())
        await self.invoke(a, 'JoinGroup', group)
        await self.invoke(b, 'ToGroup', group, 'to the group')
        await self.invoke(a, 'LeaveGroup', group)
        await self.invoke(b, 'ToGroup', group, 'to nobody')
        for client in (a, b):
            await self.invoke(a, 'ToClient', await self.invoke(client, 'ConnectionId'), 'to you')
        self.assertEqual([await asyncio.wait_for(a.said.get(), LIMIT) for _ in range(2)], [['to the group'], ['to you']])
        self.assertEqual(await asyncio.wait_for(b.said.get(), LIMIT), ['to you'])

    async def test_streams_down(self):
        """several streams bring their items in order"""
        client = await self.client()
        streams = await asyncio.gather(*(client.stream('Counter', 5 + i, 1) for i in range(3)))
        self.assertEqual(streams, [(list(range(5 + i)), 'complete') for i in range(3)])
        self.assertEqual(await client.stream('FailingHubStream', 2), ([0, 1], 'An error occurred on the server while streaming results. HubException: a public stream reason'))

    async def test_cancel(self):
        """a stream that is cancelled ends"""
        client = await self.client()

        async def enough(items):
            if len(items) == 2:
                [invocation_id] = client.hub._stream_handlers
                await client.hub._transport.send(CancelInvocationMessage(invocation_id))
        items, ended = await client.stream('Counter', 1_000_000, 20, on_next=enough)
        self.assertEqual((items[:2], ended), ([0, 1], 'complete'))

    async def test_upload(self):
        """an upload is taken, and the connection goes on"""
        client = await self.client()
        async with client.hub.client_stream('Concat') as upload:
            for item in ('a', 'b', 'c'):
                await upload.send(item)
        self.assertEqual(await self.invoke(client, 'Echo', 'on'), 'on')

    async def test_results(self):
        """the client answers what the server asks"""
        client = await self.client()
        answers = iter(['blue', ValueError('will not say')])

        async def answer(arguments):
            given = next(answers)
            if isinstance(given, Exception):
                raise given
            return f'{given}, not {arguments[0]}'
        client.hub.on('answer', answer)
        self.assertEqual(await client.ask('AskMe', 'red'), ('result', 'you said blue, not red'))
        self.assertEqual(await client.ask('AskMe', 'red'), ('error', invoking('AskMe', ' HubException: will not say')))
        self.assertEqual(await client.ask('AskNumber'), ('result', "HubException: Client didn't provide a result."))

    async def test_errors(self):
        """a call that fails says why, and the connection goes on"""
        client = await self.client()
        self.assertEqual(await client.ask('FailHub'), ('error', invoking('FailHub', ' HubException: a public reason')))
        self.assertEqual(await client.ask('Fail'), ('error', invoking('Fail')))
        self.assertEqual(await client.ask('Nope'), ('error', "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."))
        self.assertEqual(await client.ask('Add', 1), ('error', "Failed to invoke 'Add' due to an error on the server."))
        self.assertEqual(await client.ask('Add', 1, 2), ('result', 3))

    async def test_token(self):
        """a token opens the private hub, and without one it is closed"""
        client = await self.client(hub='/private', token='user-ann')
        self.assertEqual(await self.invoke(client, 'NeedsUser'), 'ann')
        with self.assertRaisesRegex(Exception, 'AuthorizationError'):
            await self.client(hub='/private')

    async def test_reconnect(self):
        """the client comes back when the line breaks"""
        relay = Relay()
        self.addCleanup(relay.stop)
        client = await self.client(at=relay.url + '/conformance')
        before = await self.invoke(client, 'ConnectionId')
        relay.tell('cut')
        self.assertIs(await asyncio.wait_for(client.opened.get(), LIMIT), True)
        self.assertNotEqual(await self.invoke(client, 'ConnectionId'), before)


def case(name, is_binary):
    if ('messagepack' if is_binary else 'json') in PROTOCOLS:
        globals()[name] = type(name, (Promises, unittest.IsolatedAsyncioTestCase), {'is_binary': is_binary, '__module__': __name__})


case('PysignalrJson', False)
case('PysignalrMessagePack', True)
