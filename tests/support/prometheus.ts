import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary, freePort, startProcess } from '@parley/kit/testing'

const folder = join(import.meta.dirname, '../../deploy/observability')

/** One series of an answer: its labels, and the value now. */
interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

export interface Rule {
  name: string
  query: string
  health: string
  lastError?: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
}

export interface Prometheus {
  url: string
  /** The answer of now. Rejects when the query is wrong. */
  query(query: string): Promise<Sample[]>
  /** The rules of `rules.yml`, as Prometheus has read and evaluated them. */
  rules(): Promise<Rule[]>
  stop(): Promise<void>
}

/**
 * A real Prometheus with the files of `deploy/observability`. It differs in where the services are, which Docker's DNS says otherwise, and in
 * the intervals: 1 s.
 */
export async function startPrometheus(of: {
  gateways: readonly string[]
  services: readonly string[]
  token: string
}): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-prometheus-'))
  const tokenFile = join(dir, 'token')
  await writeFile(tokenFile, of.token)
  const config = join(dir, 'prometheus.yml')
  await writeFile(config, configured(await readFile(join(folder, 'prometheus.yml'), 'utf8'), { ...of, tokenFile }))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const command = findBinary('prometheus', 'prometheus')
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`]
  const ready = /Server is ready to receive web requests/
  const server = await startProcess({ command, args, dir, temporary: true, ready, stopSignal: 'SIGTERM' })
  const ask = async (path: string): Promise<unknown> => {
    const body = (await (await fetch(`${url}/api/v1/${path}`)).json()) as {
      status: string
      error?: string
      data: unknown
    }
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`)
    return body.data
  }
  return {
    url,
    async query(query) {
      const { result } = (await ask(`query?${new URLSearchParams({ query }).toString()}`)) as { result: Series[] }
      return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }))
    },
    rules: async () => ((await ask('rules')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules),
    stop: server.stop,
  }
}

interface Series {
  metric: Record<string, string>
  value: [number, string]
}

/** The configuration with addresses in place of names. Throws if it no longer looks as expected. */
function configured(
  text: string,
  { gateways, services, tokenFile }: { gateways: readonly string[]; services: readonly string[]; tokenFile: string },
): string {
  const jobs = [services, gateways]
  const targets = (urls: readonly string[]) => JSON.stringify(urls.map((url) => new URL(url).host))
  const placed = text
    .replaceAll(
      /dns_sd_configs:\n(?: {6,}.*\n)+/g,
      () => `static_configs: [{ targets: ${targets(jobs.shift() ?? [])} }]\n`,
    )
    .replaceAll(/(interval|timeout): 1[05]s/g, '$1: 1s')
    .replace('/run/secrets/metrics_token', tokenFile)
    .replace('/etc/prometheus/rules.yml', join(folder, 'rules.yml'))
  if (jobs.length > 0 || /dns_sd|\/run\/|\/etc\//.test(placed)) throw new Error(`prometheus.yml has changed: ${placed}`)
  return placed
}
