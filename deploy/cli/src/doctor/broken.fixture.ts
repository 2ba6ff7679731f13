import { execFile, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually, freePort } from '@parley/kit/testing'
import type { Report } from './finding.ts'

export interface Proxy {
  url: string
  stop(): Promise<void>
}

export const upgrading = `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`
export const unbuffered = 'proxy_buffering off;'

/** Debian's nginx before the product, with these lines in its location. */
export async function startNginx(dir: string, upstream: string, lines: readonly string[]): Promise<Proxy> {
  const port = await freePort()
  const file = join(dir, `nginx-${port}.conf`)
  writeFileSync(
    file,
    `daemon off; pid ${dir}/nginx-${port}.pid; error_log stderr; events {}
http { access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${dir}/${one}-${port};`).join(' ')}
server { listen 127.0.0.1:${port};
location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr; ${lines.join(' ')} } } }\n`,
  )
  const child = spawn('nginx', ['-p', dir, '-c', file, '-e', 'stderr'], {
    stdio: 'ignore',
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const url = `http://localhost:${port}`
  await eventually(async () => void (await fetch(`${url}/livez`)), 15_000)
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export interface Said {
  code: number
  reports: Report[]
  text: string
}

/** `parley doctor --json` as a process of its own, where `before` is what its command line begins with, such as faketime. */
export function askDoctor(
  url: string,
  env: Record<string, string>,
  { before = [], args = [] }: { before?: readonly string[]; args?: readonly string[] } = {},
): Promise<Said> {
  const main = join(import.meta.dirname, '..', 'main.ts')
  const [command = '', ...rest] = [...before, process.execPath, main, 'doctor', url, '--json', ...args]
  const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 110_000 }
  return new Promise((resolve) => {
    const child = execFile(command, rest, options, (_error, stdout, stderr) => {
      const { reports = [] } = (stdout === '' ? {} : JSON.parse(stdout)) as { reports?: Report[] }
      resolve({ code: child.exitCode ?? -1, reports, text: stdout + stderr })
    })
  })
}

/** Debian's PgBouncer before a PostgreSQL, as it comes: it refuses startup parameters that it does not know. */
export async function startPgBouncer(dir: string, postgresUrl: string): Promise<Proxy> {
  const { hostname, port: behind } = new URL(postgresUrl)
  const port = await freePort()
  const file = join(dir, `pgbouncer-${port}.ini`)
  writeFileSync(
    file,
    `[databases]
* = host=${hostname} port=${behind} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction\n`,
  )
  const isRoot = process.getuid?.() === 0
  // It refuses to be root; the user of PostgreSQL is there where it is.
  const child = spawn('pgbouncer', [...(isRoot ? ['-u', 'postgres'] : []), file], {
    stdio: 'ignore',
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await eventually(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => resolve(void socket.destroy()))
        socket.once('error', reject)
      }),
    15_000,
  )
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
