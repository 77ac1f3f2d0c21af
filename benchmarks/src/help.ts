export const HELP = `npm run bench -- [scenario…] [options]

Loads a server over loopback and reports what it costs, side by side with a bare
Node server that writes each message by itself.

Scenarios (default: all)
  fanout          one channel with many subscribers, as many publishes as are answered: deliveries/s, CPU per delivery
  latency         the same at 20 and 400 publishes/s: how late a message is
  channels        fifty channels at a rising rate: how late a message is, and which rate is sustained
  connect         a storm of clients that connect and subscribe: connections/s, memory per connection
  connect-kernel  the same where the kernel shares the connections out, whatever --scheduling says
  publish         publishes to an empty channel: requests/s, answer time
  large           ten times as many subscribers on one channel: how long the server does nothing else
  slow            one client of a hundred stops to read: what the others notice
  churn           clients that come, subscribe here and there, and leave: subscriptions/s
  idle            subscribed clients that do nothing: memory per connection
  workers         subscribers in one worker, publishes that come to it or to another: what the way between them adds
  nodes           the same clients on one node, and shared out over 2 and 4 with Redis between them (needs redis-server)
  deltas          the same traces as deltas and plain, to as many subscribers each: deliveries/s, bytes on the wire
  documents       documents of 10 and 100 KB with small edits as deltas: how long the server does nothing else
  filters         ten times as many subscribers with different filters, of whom a message is for ten: cost of a publish
  conflation      1,000 updates/s on a channel that conflates: deliveries, and how late the last values are
  crowd           very many clients, and 1 publish/s to a thousand of them: whether all stay
  all             every one of them but crowd

What is loaded
  --peer soketi          another server in the same run; installed from npm the first time, outside of this workspace
  --target sluice|bare|soketi
                         only this one (default: Sluice, the peer and bare in turn, in one run)
  --workers N            workers of Sluice (default 1)
  --scheduling MODE      who accepts connections: primary (default) or kernel
  --url URL              a server that runs already, instead of starting Sluice: http://127.0.0.1:6001[/prefix]
  --app-id, --app-key, --app-secret
                         its app (default app-id, app-key, app-secret)

How
  --repeat N             runs of each scenario and target (default 3)
  --subscribers N        clients of one channel (default 1000)
  --connections N        clients of connect (default 15000)
  --idle N               clients of idle and crowd (default 100000, or as many as this machine lets so many workers have)
  --duration SECONDS     of each measured phase (default 4)
  --quick                a short run that only shows that everything works; its numbers mean nothing
  --check                compares with the budgets in benchmarks/budgets.json, with soketi, in five runs (unless --repeat)
  --report FILE          also write a Markdown page, and its charts into a folder of the same name beside it
  --json FILE            also write every sample as JSON, to FILE and to benchmarks/results/
  -h, --help

Sluice is started as \`node apps/server/dist/main.js start\`. Progress goes to standard error,
the table to standard output. Exit code 1: a server lost or doubled a message, refused a client, or did not start, or a budget was not met;
2: the command line is wrong. benchmarks/README.md says what each number is attributed to.
`;
