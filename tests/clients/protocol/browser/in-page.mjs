// What the stories have in common; it runs in a page, where the client is a global.

// A started connection that remembers what was said to it: `until(count)` waits for that many.
export async function connect({ url, transport, isBinary }, { hub = '/conformance', token, reconnect, stateful } = {}) {
  const { HubConnectionBuilder, HttpTransportType, LogLevel, protocols } = window.signalR;
  let builder = new HubConnectionBuilder()
    .withUrl(url + hub, { transport: HttpTransportType[transport], ...(token ? { accessTokenFactory: () => token } : {}) })
    .configureLogging(LogLevel.None);
  if (isBinary) builder = builder.withHubProtocol(new protocols.msgpack.MessagePackHubProtocol());
  if (reconnect) builder = builder.withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 20 });
  if (stateful) builder = builder.withStatefulReconnect();
  const connection = builder.build(), heard = [], waiting = new Set();
  const wake = () => { for (const look of [...waiting]) look(); };
  connection.on('said', (...args) => { heard.push(args.length === 1 ? args[0] : args); wake(); });
  connection.onclose(wake);
  connection.onreconnecting(wake);
  connection.until = async (count) => {
    while (heard.length < count) {
      if (connection.state !== 'Connected') throw new Error(`the connection is ${connection.state} and heard ${heard.length} of ${count}`);
      await new Promise((resolve) => waiting.add(function look() { waiting.delete(look); resolve(); }));
    }
    return heard;
  };
  await connection.start();
  return connection;
}

// A stream's items, and the error that ended it if one did.
export const collect = (stream) => new Promise((resolve) => {
  const items = [];
  stream.subscribe({ next: (item) => items.push(item), complete: () => resolve({ items }), error: (error) => resolve({ items, error: error.message }) });
});

export const failure = (call) => call.then(() => 'no error', (error) => error.message);
