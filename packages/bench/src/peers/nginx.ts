import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

/** Debian's nginx in front of a server, as people put it there. */
export interface Proxy {
  url: string
  /** The master and its one worker. */
  pids: readonly number[]
  stop(): void
}

const readyWithinMs = 5_000

/** Proxies WebSockets to `ws://127.0.0.1:<port>`. Rejects where nginx is not installed. */
export async function startNginx(upstream: string): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-nginx-'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configOf({ folder, port, upstream: upstream.replace(/^ws/, 'http') }))
  const child = spawn('/usr/sbin/nginx', ['-c', file, '-p', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  await listening(port)
  const master = child.pid ?? 0
  return {
    url: `ws://127.0.0.1:${port}`,
    pids: [master, ...childrenOf(master)],
    stop() {
      child.once('exit', () => void rm(folder, { recursive: true, force: true }))
      child.kill('SIGTERM')
    },
  }
}

const configOf = ({ folder, port, upstream }: { folder: string; port: number; upstream: string }): string => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 300s;
    }
  }
}
`

async function listening(port: number): Promise<void> {
  const until = performance.now() + readyWithinMs
  while (performance.now() < until) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.once('close', () => socket.destroy()).unref()
      socket.once('connect', () => socket.end())
    })
    if (open) return
    await sleep(50)
  }
  throw new Error('nginx does not listen')
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
    .filter((child) => child !== '')
    .map(Number)
