export const HELP = `npm run bench -- [scenario…] [options]

Loads a server over loopback and reports what it costs, side by side with a bare
Node server that writes each message by itself.

Scenarios (default: all)
  fanout    one channel with many subscribers: deliveries/s, latency, CPU per delivery
  connect   a storm of clients that connect and subscribe: connections/s, memory per connection
  publish   publishes to an empty channel: requests/s, answer time
  all       every one of them

What is loaded
  --target sluice|bare   only one of the two (default: both, in turn, in one run)
  --workers N            workers of Sluice (default 1)
  --scheduling MODE      who accepts connections: primary (default) or kernel
  --url URL              a server that runs already, instead of starting Sluice: http://127.0.0.1:6001[/prefix]
  --app-id, --app-key, --app-secret
                         its app (default app-id, app-key, app-secret)

How
  --repeat N             runs of each scenario and target (default 3)
  --subscribers N        clients of fanout (default 1000)
  --connections N        clients of connect (default 5000)
  --rate N               publishes/s in the steady phase of fanout (default 20)
  --duration SECONDS     of each measured phase (default 4)
  --quick                a short run that only shows that everything works; its numbers mean nothing
  --json FILE            also write every sample as JSON, to FILE and to benchmarks/results/
  -h, --help

Sluice is started as \`node apps/server/dist/main.js start\`. Progress goes to standard error,
the table to standard output. Exit code 1: a server lost or doubled a message, refused a client, or did not start;
2: the command line is wrong. benchmarks/README.md says what each number is attributed to.
`;
