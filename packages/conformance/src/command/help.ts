import { GROUP_SIZES, GROUP_TITLES } from '../rows/index.ts';

const GROUPS = Object.entries(GROUP_SIZES)
  .map(([group, size]) => `  ${group}  ${String(size).padStart(2)}  ${GROUP_TITLES[group] ?? ''}`)
  .join('\n');

export const HELP = `npm run conformance -- --url URL --app-id ID --app-key KEY --app-secret SECRET [options]

Judges a Pusher server that runs already, by what it answers: statements about its WebSocket protocol, its HTTP API and its webhooks.

  --url URL              ws://host:port[/prefix], or wss:// where it is behind TLS; the HTTP API is at the same place
  --app-id, --app-key, --app-secret
                         an app of the server, with client events on
  --tls                  TLS whatever the URL says
  --webhook-port PORT    listen here for webhooks; the app needs one of all types of events, to http://HOST:PORT/any/path,
                         where HOST is this machine as the server sees it
  --connections N        as many in XC-06, for a minute, instead of 1000 for some seconds
  --only HS,PG-01        only these groups and rows
  --json FILE            also write the results as JSON, without the secret
  -h, --help

Groups, and the number of their statements
${GROUPS}

Names of channels and users are random (but for those of XC-11), and the app may have others at the same time. Statements
that need more (other apps, a limit, a restart, several nodes, the logs) are skipped, and the end says why. A certificate
that the machine does not trust is made known with NODE_EXTRA_CA_CERTS=FILE.

Progress goes to standard error; what failed, with what was sent and what came, and a table go to standard output.
Exit code 0: nothing failed; 1: something failed, or the server cannot be judged; 2: the command line is wrong.
`;
