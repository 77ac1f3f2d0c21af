/** Runs a client in a page with script tags, or in a worker of it where the address says so; what the client tells is in `seen`. */
export const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script>
  const seen = [];
  const tell = (what) => seen.push(what);
  const isWorker = new URLSearchParams(location.search).has('worker');
  if (isWorker) new Worker('/worker.js' + location.search).onmessage = ({ data }) => tell(data);
  else document.write('<script src="/pusher.js"><\\/script><script src="/scripts/sluice-client.js"><\\/script><script src="/client.js"><\\/script>');
</script>`;

/** The script of that worker. */
export function workerScript(client: string): string {
  return `
  importScripts('/pusher.worker.js', '/scripts/sluice-client.js');
  const tell = (what) => postMessage(what);
  ${client}`;
}
