// Ann and Bob chat with the printed client; typed.test.mjs compiles this beside it and runs it.
import { HubwireClient, HubwireError, HubwireOnlineClient } from './hubwire.js';
import type { Message, MessageReaction, MessagesRead, MessageRead, NewMessage, UserTyping } from './hubwire.js';
import type { HubConnection } from '@microsoft/signalr';

type Connect = (user: string, hub: string) => HubConnection;

/** The next call of an event that fits. */
function heard<T>(on: (handler: (argument: T) => void) => unknown, fits: (argument: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it was not heard')), 15_000);
    on((argument) => {
      if (!fits(argument)) return;
      clearTimeout(timer);
      resolve(argument);
    });
  });
}

const is = (what: string, actual: unknown, expected: unknown): void => {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error(`${what}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
};

export async function story(connect: Connect): Promise<string[]> {
  const told: string[] = [];
  const ann = new HubwireClient(connect('ann', '/hubs/chat')), bob = new HubwireClient(connect('bob', '/hubs/chat'));
  await Promise.all([ann.connection.start(), bob.connection.start()]);

  const received = heard<Message>((handler) => bob.onReceiveMessage(handler));
  const draft: NewMessage = { recipientId: 'bob', content: 'Hello, Bob!', clientMessageId: 'first' };
  const sent: Message = await ann.sendMessage(draft);
  is('sent', [sent.content, sent.status, sent.clientMessageId], ['Hello, Bob!', 'sent', 'first']);
  is('received', (await received).id, sent.id);
  told.push('sent');

  const edited = heard<Message>((handler) => bob.onMessageEdited(handler));
  await ann.editMessage(sent.id, 'Hello, dear Bob!');
  is('edited', (await edited).newContent, 'Hello, dear Bob!');
  told.push('edited');

  const reacted = heard<MessageReaction>((handler) => ann.onMessageReaction(handler));
  const summary: Record<string, number> = await bob.addReaction(sent.id, '👍');
  is('reacted', [summary, (await reacted).action], [{ '👍': 1 }, 'added']);
  told.push('reacted');

  const types = heard<UserTyping>((handler) => ann.onUserTyping(handler), (typing) => typing.isTyping);
  await bob.sendTypingIndicator(sent.conversationId, true);
  is('typing', (await types).userId, 'bob');
  told.push('typing');

  const read = Promise.race([
    heard<MessageRead>((handler) => ann.onMessageRead(handler)),
    heard<MessagesRead>((handler) => ann.onMessagesRead(handler)),
  ]);
  const marked = await bob.markAsRead(sent.conversationId);
  is('read', [marked.unreadCount, (await read).readBy], [0, 'bob']);
  told.push('read');

  // The positional form, and a handler that is taken away again.
  const extra: string[] = [];
  const listen = (message: Message): void => { extra.push(message.content); };
  ann.onReceiveMessage(listen);
  const second = heard<Message>((handler) => ann.onReceiveMessage(handler), (message) => message.content === 'two');
  await bob.sendMessage(sent.conversationId, 'two', 'text');
  await second;
  ann.offReceiveMessage(listen);
  const third = heard<Message>((handler) => ann.onReceiveMessage(handler), (message) => message.content === 'three');
  await bob.sendMessage({ conversationId: sent.conversationId, content: 'three' });
  await third;
  is('heard until it was taken away', extra, ['two']);

  const history = await new Promise<string[]>((resolve, reject) => {
    const texts: string[] = [];
    bob.streamHistory(sent.conversationId).subscribe({ next: (message) => texts.push(message.content), complete: () => resolve(texts), error: reject });
  });
  is('streamed', history, ['Hello, dear Bob!', 'two', 'three']);
  told.push('streamed');

  const page = await ann.getMessages(sent.conversationId, { take: 1 });
  is('page', [page.messages.length, page.pagination.total, page.pagination.hasMore], [1, 3, true]);
  const synced = await ann.sync();
  for (const event of (await ann.sync(synced.cursor)).events) if (event.type === 'ReceiveMessage') is('an event knows its argument', typeof event.data.content, 'string');

  try {
    await ann.editMessage(sent.conversationId, 'not a message');
    throw new Error('it was not refused');
  } catch (error) {
    if (!(error instanceof HubwireError)) throw error;
    is('refused', [error.code, error.message], ['not_found', `not_found: ${error.sentence}`]);
  }
  told.push('refused');

  const online = new HubwireOnlineClient(connect('ann', '/hubs/chat-online'));
  const here = heard<string[]>((handler) => online.onGetOnlineUsers(handler));
  await online.connection.start();
  is('online', [await here, await online.isUserOnline('bob')], [['bob'], true]);
  told.push('online');

  await Promise.all([ann, bob, online].map((client) => client.connection.stop()));
  return told;
}
